-- +goose Up

-- Who may use the schema at all. What each may do is granted beside each table:
-- nothing is granted by default, so a table that nobody thought about is closed.
GRANT USAGE ON SCHEMA app TO rowhouse_app, rowhouse_worker, rowhouse_operator;

-- Processes refuse to run on a schema that is too old for them.
GRANT SELECT ON app.schema_migrations TO rowhouse_app, rowhouse_worker, rowhouse_operator;

-- What changed of that which processes keep in memory. A process asks for
-- everything since it last looked, and forgets it; see adapters/postgres/rowcache.
--
-- xid is the transaction that made the change. Transactions become visible in
-- another order than they begin, so whoever asks "since" by a time or a sequence
-- misses some. Asking from the oldest transaction that was still running when
-- one last looked (pg_snapshot_xmin) misses none.
CREATE TABLE app.changes (
    xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
    subject text        NOT NULL,
    key     text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX changes_xid_idx ON app.changes (xid);
CREATE INDEX changes_at_idx ON app.changes (at);
GRANT SELECT, INSERT, DELETE ON app.changes TO rowhouse_app, rowhouse_worker;

-- +goose StatementBegin
-- The trigger's arguments are the subject, whether other processes are to be
-- woken for it (those that decide on access: a notification is sent when the
-- transaction commits, and commits that notify wait for each other, so only what
-- is rare may do so), and the columns that make up the key.
CREATE FUNCTION app.record_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    -- The row under the key that it was known by, or is from now on.
    known jsonb := coalesce(to_jsonb(OLD), to_jsonb(NEW));
    parts text[] := '{}';
BEGIN
    FOR i IN 2 .. TG_NARGS - 1 LOOP
        parts := parts || (known ->> TG_ARGV[i]);
    END LOOP;
    INSERT INTO app.changes (subject, key) VALUES (TG_ARGV[0], array_to_string(parts, ':'));
    IF TG_ARGV[1] = 'wake' THEN
        PERFORM pg_notify('rowhouse_changes', '');
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION app.record_change() FROM PUBLIC;

-- +goose Down
DROP FUNCTION app.record_change();
DROP TABLE app.changes;
REVOKE USAGE ON SCHEMA app FROM rowhouse_app, rowhouse_worker, rowhouse_operator;
