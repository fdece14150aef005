-- +goose Up

-- An invitation that is stored as pending takes a seat.
ALTER TABLE app.organizations
    ADD COLUMN pending_invitations bigint NOT NULL DEFAULT 0 CHECK (pending_invitations >= 0);

CREATE TABLE app.invitations (
    organization_id uuid             NOT NULL REFERENCES app.organizations (id),
    id              uuid             NOT NULL,
    inviter_id      uuid             NOT NULL, -- perhaps of an account that is gone
    email           text COLLATE "C" NOT NULL CHECK (email = lower(email)),
    role            text             NOT NULL CHECK (role IN ('admin', 'member')),
    token_hash      bytea            NOT NULL,
    state           text             NOT NULL CHECK (state IN ('pending', 'accepted', 'declined', 'revoked', 'expired')),
    sent            bigint           NOT NULL,
    resends         bigint           NOT NULL,
    created_at      timestamptz      NOT NULL,
    last_sent_at    timestamptz      NOT NULL,
    expires_at      timestamptz      NOT NULL,
    responded_at    timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT invitations_responded_check CHECK ((state = 'pending') = (responded_at IS NULL))
);
CREATE UNIQUE INDEX invitations_pending_key ON app.invitations (organization_id, email) WHERE state = 'pending';
CREATE INDEX invitations_state_idx ON app.invitations (organization_id, state, id);
CREATE INDEX invitations_email_idx ON app.invitations (email, id);
CREATE INDEX invitations_expiring_idx ON app.invitations (expires_at) INCLUDE (organization_id) WHERE state = 'pending';

-- +goose StatementBegin
CREATE FUNCTION app.refuse_change_of_what_is_over() RETURNS trigger
    LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION 'this is over and does not change any more'
        USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION app.refuse_change_of_what_is_over() FROM PUBLIC;
CREATE TRIGGER invitations_over BEFORE UPDATE ON app.invitations
    FOR EACH ROW WHEN (OLD.state <> 'pending') EXECUTE FUNCTION app.refuse_change_of_what_is_over();

-- By its token an invitation is found before anyone knows whose it is. Only the
-- latest token of each is here.
CREATE TABLE app.invitation_tokens (
    token_hash      bytea PRIMARY KEY,
    organization_id uuid NOT NULL,
    invitation_id   uuid NOT NULL,
    CONSTRAINT invitation_tokens_invitation_key UNIQUE (organization_id, invitation_id),
    CONSTRAINT invitation_tokens_invitation_fkey FOREIGN KEY (organization_id, invitation_id)
        REFERENCES app.invitations (organization_id, id) ON DELETE CASCADE
);

-- The tenant's invitations; for an address that somebody has proven, those to
-- it, which the setting app.email names; and for a worker those that have run
-- out by the time in the setting app.expired_at.
ALTER TABLE app.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.invitations TO rowhouse_app, rowhouse_worker
    USING (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid)
    WITH CHECK (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY my_invitations ON app.invitations FOR SELECT TO rowhouse_app
    USING (email = NULLIF(current_setting('app.email', true), ''));
CREATE POLICY run_out ON app.invitations FOR SELECT TO rowhouse_worker
    USING (state = 'pending' AND expires_at <= NULLIF(current_setting('app.expired_at', true), '')::timestamptz);
CREATE POLICY operator ON app.invitations FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.invitations TO rowhouse_app, rowhouse_worker;
GRANT SELECT (organization_id, id, inviter_id, email, role, state, sent, resends, created_at, last_sent_at, expires_at, responded_at)
    ON app.invitations TO rowhouse_operator;

-- Whoever is invited is shown by whom.
CREATE POLICY my_invitations ON app.organizations FOR SELECT TO rowhouse_app
    USING (id IN (SELECT i.organization_id FROM app.invitations i
                  WHERE i.email = NULLIF(current_setting('app.email', true), '') AND i.state = 'pending'));

-- Whoever has a token may follow it: the setting app.token_hash is its hash, in
-- hexadecimal.
ALTER TABLE app.invitation_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.invitation_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.invitation_tokens TO rowhouse_app, rowhouse_worker
    USING (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid)
    WITH CHECK (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY my_invitation ON app.invitation_tokens FOR SELECT TO rowhouse_app
    USING (token_hash = decode(NULLIF(current_setting('app.token_hash', true), ''), 'hex'));
CREATE POLICY operator ON app.invitation_tokens FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.invitation_tokens TO rowhouse_app, rowhouse_worker;
GRANT SELECT (organization_id, invitation_id) ON app.invitation_tokens TO rowhouse_operator;

-- +goose Down
DROP POLICY my_invitations ON app.organizations;
DROP TABLE app.invitation_tokens, app.invitations;
DROP FUNCTION app.refuse_change_of_what_is_over();
ALTER TABLE app.organizations DROP COLUMN pending_invitations;
