-- +goose Up

ALTER TABLE app.organizations ADD COLUMN pending_invitations bigint NOT NULL DEFAULT 0 CHECK (pending_invitations >= 0);

CREATE TABLE app.invitations (
    organization_id uuid             NOT NULL REFERENCES app.organizations (id),
    id              uuid             NOT NULL,
    inviter_id      uuid             NOT NULL, -- a user, who may be gone
    email           text COLLATE "C" NOT NULL,
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
CREATE INDEX invitations_expires_idx ON app.invitations (expires_at) WHERE state = 'pending';

-- Where a token leads. Whoever knows one may ask, and gets this one row.
CREATE TABLE app.invitation_tokens (
    token_hash      bytea PRIMARY KEY,
    organization_id uuid NOT NULL,
    invitation_id   uuid NOT NULL,
    CONSTRAINT invitation_tokens_invitation_key UNIQUE (organization_id, invitation_id),
    FOREIGN KEY (organization_id, invitation_id) REFERENCES app.invitations (organization_id, id) ON DELETE CASCADE
);

-- +goose StatementBegin
DO $$
DECLARE
    t text;
    own constant text := '(organization_id = NULLIF(current_setting(''app.organization_id'', true), '''')::uuid)';
BEGIN
    FOREACH t IN ARRAY ARRAY['invitations', 'invitation_tokens'] LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON app.%I TO rowhouse_app, rowhouse_worker USING %s WITH CHECK %s', t, own, own);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON app.%I TO rowhouse_app, rowhouse_worker', t);
    END LOOP;
END
$$;
-- +goose StatementEnd
CREATE POLICY operator ON app.invitations FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT ON app.invitations TO rowhouse_operator;
CREATE POLICY holder ON app.invitation_tokens FOR SELECT TO rowhouse_app
    USING (token_hash = decode(NULLIF(current_setting('app.token_hash', true), ''), 'hex'));
-- For a person the invitations to the address that they have proven, and who
-- they are from.
CREATE POLICY to_me ON app.invitations FOR SELECT TO rowhouse_app
    USING (email = NULLIF(current_setting('app.email', true), ''));
CREATE POLICY invited_me ON app.organizations FOR SELECT TO rowhouse_app
    USING (id IN (SELECT i.organization_id FROM app.invitations i WHERE i.email = NULLIF(current_setting('app.email', true), '')));
-- For the sweep what has run out.
CREATE POLICY sweep ON app.invitations FOR SELECT TO rowhouse_worker
    USING (state = 'pending' AND current_setting('app.sweep', true) = 'on');

-- +goose Down
DROP POLICY invited_me ON app.organizations;
DROP TABLE app.invitation_tokens, app.invitations;
ALTER TABLE app.organizations DROP COLUMN pending_invitations;
