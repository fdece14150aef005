-- +goose Up

-- What is to be done after a change, recorded with it. Those who serve requests
-- only add to it; workers see all of it.
CREATE TABLE app.outbox (
    id              uuid PRIMARY KEY,
    organization_id uuid REFERENCES app.organizations (id),
    kind            text        NOT NULL,
    payload         jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    due_at          timestamptz NOT NULL, -- since when it is to be published
    available_at    timestamptz NOT NULL, -- not before then
    published_at    timestamptz,
    leased_until    timestamptz,
    attempts        bigint      NOT NULL DEFAULT 0,
    calls           bigint      NOT NULL DEFAULT 0, -- how often it was made due
    last_error      text        NOT NULL DEFAULT '',
    done_at         timestamptz,
    dead_at         timestamptz
);
CREATE INDEX outbox_unpublished_idx ON app.outbox (id) WHERE published_at IS NULL AND done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_published_idx ON app.outbox (published_at) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_done_idx ON app.outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_dead_idx ON app.outbox (id) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_organization_idx ON app.outbox (organization_id);
ALTER TABLE app.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY record ON app.outbox FOR INSERT TO rowhouse_app
    WITH CHECK (organization_id IS NULL OR organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY own ON app.outbox FOR DELETE TO rowhouse_app
    USING (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY own_rows ON app.outbox FOR SELECT TO rowhouse_app
    USING (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY work ON app.outbox TO rowhouse_worker USING (true) WITH CHECK (true);
CREATE POLICY operator ON app.outbox FOR SELECT TO rowhouse_operator USING (true);
GRANT INSERT, DELETE ON app.outbox TO rowhouse_app;
GRANT SELECT (id, organization_id) ON app.outbox TO rowhouse_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.outbox TO rowhouse_worker;
GRANT SELECT ON app.outbox TO rowhouse_operator;

-- Whose effects are there: the inbox of consumers that may get a message twice.
CREATE TABLE app.processed_messages (
    consumer     text        NOT NULL,
    message_id   uuid        NOT NULL,
    processed_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX processed_messages_processed_idx ON app.processed_messages (processed_at);
GRANT SELECT, INSERT, DELETE ON app.processed_messages TO rowhouse_worker;

-- The ticks of schedules that were recorded.
CREATE TABLE app.schedule_ticks (
    schedule text        NOT NULL,
    tick     timestamptz NOT NULL,
    PRIMARY KEY (schedule, tick)
);
GRANT SELECT, INSERT, DELETE ON app.schedule_ticks TO rowhouse_worker;

-- +goose Down
DROP TABLE app.schedule_ticks, app.processed_messages, app.outbox;
