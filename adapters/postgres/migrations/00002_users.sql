-- +goose Up

-- People belong to no tenant: one person can be a member of many.
CREATE TABLE app.users (
    id                uuid PRIMARY KEY,
    email             text COLLATE "C" NOT NULL,
    name              text             NOT NULL,
    -- The name in lower case, for search. The application folds it, so that the
    -- result depends on no locale and no version of a library.
    name_key          text COLLATE "C" NOT NULL,
    avatar_key        text             NOT NULL DEFAULT '',
    password_hash     text             NOT NULL DEFAULT '',
    email_verified_at timestamptz,
    is_operator       boolean          NOT NULL DEFAULT false,
    created_at        timestamptz      NOT NULL,
    updated_at        timestamptz      NOT NULL
);
CREATE UNIQUE INDEX users_email_key ON app.users (lower(email));
CREATE TRIGGER record_change AFTER UPDATE OR DELETE ON app.users
    FOR EACH ROW EXECUTE FUNCTION app.record_change('user', 'wake', 'id');
GRANT SELECT, INSERT, UPDATE, DELETE ON app.users TO rowhouse_app, rowhouse_worker;
-- Whoever looks after the platform does not see hashes of passwords.
GRANT SELECT (id, email, name, name_key, avatar_key, email_verified_at, is_operator, created_at, updated_at)
    ON app.users TO rowhouse_operator;

CREATE TABLE app.sessions (
    id           uuid PRIMARY KEY,
    token_hash   bytea       NOT NULL CONSTRAINT sessions_token_key UNIQUE,
    user_id      uuid        NOT NULL REFERENCES app.users (id) ON DELETE CASCADE,
    user_agent   text        NOT NULL,
    ip           text        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    sudo_at      timestamptz
);
CREATE INDEX sessions_user_idx ON app.sessions (user_id, id);
CREATE INDEX sessions_last_seen_idx ON app.sessions (last_seen_at);
-- That a session was used again is nothing that others need to know.
CREATE TRIGGER record_change AFTER UPDATE OF token_hash, sudo_at OR DELETE ON app.sessions
    FOR EACH ROW EXECUTE FUNCTION app.record_change('session', 'wake', 'token_hash');
GRANT SELECT, INSERT, UPDATE, DELETE ON app.sessions TO rowhouse_app, rowhouse_worker;

-- Links that were mailed to prove a mailbox. A newer one replaces the older.
CREATE TABLE app.auth_tokens (
    token_hash bytea PRIMARY KEY,
    user_id    uuid             NOT NULL REFERENCES app.users (id) ON DELETE CASCADE,
    purpose    text             NOT NULL,
    email      text COLLATE "C" NOT NULL,
    created_at timestamptz      NOT NULL,
    CONSTRAINT auth_tokens_purpose_key UNIQUE (user_id, purpose)
);
CREATE INDEX auth_tokens_created_idx ON app.auth_tokens (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.auth_tokens TO rowhouse_app, rowhouse_worker;

-- Attempts that are slowed down. The key is a hash: it may hold an address.
CREATE TABLE app.throttles (
    key       bytea PRIMARY KEY,
    count     bigint      NOT NULL DEFAULT 0,
    latest_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL
);
CREATE INDEX throttles_ends_idx ON app.throttles (ends_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.throttles TO rowhouse_app, rowhouse_worker;

-- +goose Down
DROP TABLE app.throttles, app.auth_tokens, app.sessions, app.users;
