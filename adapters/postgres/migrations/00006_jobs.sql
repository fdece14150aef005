-- +goose Up

-- What a change brings about, recorded in its transaction. A worker hands it to
-- a queue, and notes what becomes of it.
CREATE TABLE app.outbox (
    id              uuid PRIMARY KEY,
    organization_id uuid REFERENCES app.organizations (id) ON DELETE CASCADE, -- none for what belongs to no tenant
    kind            text        NOT NULL,
    payload         json        NOT NULL, -- as it was given
    created_at      timestamptz NOT NULL,
    due_at          timestamptz NOT NULL, -- since when it is to be published
    available_at    timestamptz NOT NULL, -- not before then: later than due_at where publishing failed
    published_at    timestamptz,          -- none while it is to be
    attempts        bigint      NOT NULL DEFAULT 0,
    leased_until    timestamptz,          -- while an attempt goes on, or its worker died
    last_error      text        NOT NULL DEFAULT '',
    done_at         timestamptz,
    dead_at         timestamptz,          -- since when it is given up
    CONSTRAINT outbox_over_check CHECK (done_at IS NULL OR dead_at IS NULL)
);
CREATE INDEX outbox_due_idx ON app.outbox (id) WHERE published_at IS NULL AND done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_published_idx ON app.outbox (published_at) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_done_idx ON app.outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_dead_idx ON app.outbox (id) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_organization_idx ON app.outbox (organization_id, id) WHERE organization_id IS NOT NULL;

-- Whoever serves requests records jobs, for the organization of the session or
-- for none, and sees none of them. A worker works on those of all tenants: it
-- notes how far they are, changes nothing else, and deletes what is over.
ALTER TABLE app.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY record ON app.outbox FOR INSERT TO rowhouse_app, rowhouse_worker
    WITH CHECK (organization_id IS NULL OR organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY look ON app.outbox FOR SELECT TO rowhouse_worker USING (true);
CREATE POLICY progress ON app.outbox FOR UPDATE TO rowhouse_worker USING (true);
CREATE POLICY forget ON app.outbox FOR DELETE TO rowhouse_worker USING (done_at IS NOT NULL OR dead_at IS NOT NULL);
CREATE POLICY operator ON app.outbox FOR SELECT TO rowhouse_operator USING (true);
GRANT INSERT (id, organization_id, kind, payload, created_at, due_at, available_at) ON app.outbox TO rowhouse_app;
GRANT SELECT, INSERT, DELETE ON app.outbox TO rowhouse_worker;
GRANT UPDATE (due_at, available_at, published_at, attempts, leased_until, last_error, done_at, dead_at) ON app.outbox TO rowhouse_worker;
GRANT SELECT ON app.outbox TO rowhouse_operator;

-- The messages whose effects are there, recorded in the transaction of the
-- effects. It outlives the job.
CREATE TABLE app.processed_messages (
    consumer     text COLLATE "C" NOT NULL,
    message_id   uuid             NOT NULL,
    processed_at timestamptz      NOT NULL,
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX processed_messages_processed_idx ON app.processed_messages (processed_at);
GRANT SELECT, INSERT, DELETE ON app.processed_messages TO rowhouse_worker;
GRANT SELECT ON app.processed_messages TO rowhouse_operator;

-- The ticks whose jobs are recorded.
CREATE TABLE app.schedule_ticks (
    schedule text COLLATE "C" NOT NULL,
    tick     timestamptz      NOT NULL,
    PRIMARY KEY (schedule, tick)
);
GRANT SELECT, INSERT, DELETE ON app.schedule_ticks TO rowhouse_worker;
GRANT SELECT ON app.schedule_ticks TO rowhouse_operator;

-- +goose Down
DROP TABLE app.schedule_ticks, app.processed_messages, app.outbox;
