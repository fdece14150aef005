-- +goose Up

-- Every tenant table carries organization_id, first in its primary key, and is
-- closed twice: the application names the organization in each statement, and
-- row-level security compares it with the setting app.organization_id of the
-- transaction. A setting that is missing or empty matches nothing.
--
-- What has to be read across tenants goes through a policy of its own, for who
-- the setting app.user_id names. A transaction sets one of the two, never both.

-- The tenant itself.
CREATE TABLE app.organizations (
    id              uuid PRIMARY KEY,
    owner_id        uuid             NOT NULL,
    owner_role      text             NOT NULL GENERATED ALWAYS AS ('owner') STORED,
    name            text             NOT NULL,
    slug            text COLLATE "C" NOT NULL,
    description     text             NOT NULL DEFAULT '',
    logo_key        text             NOT NULL DEFAULT '',
    logo_bytes      bigint           NOT NULL DEFAULT 0,
    billing_email   text COLLATE "C" NOT NULL,
    member_limit    bigint           NOT NULL CHECK (member_limit >= -1), -- -1 is no limit
    workspace_limit bigint           NOT NULL CHECK (workspace_limit >= -1),
    seats_used      bigint           NOT NULL DEFAULT 0 CHECK (seats_used >= 0),
    workspaces_used bigint           NOT NULL DEFAULT 0 CHECK (workspaces_used >= 0),
    suspended_at    timestamptz,
    version         bigint           NOT NULL DEFAULT 1,
    created_at      timestamptz      NOT NULL,
    updated_at      timestamptz      NOT NULL
) WITH (fillfactor = 80); -- its counts change often
CREATE INDEX organizations_created_idx ON app.organizations (created_at);
CREATE INDEX organizations_owner_idx ON app.organizations (owner_id);

CREATE TABLE app.memberships (
    organization_id uuid        NOT NULL REFERENCES app.organizations (id),
    id              uuid        NOT NULL,
    user_id         uuid        NOT NULL REFERENCES app.users (id),
    role            text        NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    invited_by      uuid,
    version         bigint      NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT memberships_user_key UNIQUE (organization_id, user_id),
    CONSTRAINT memberships_user_role_key UNIQUE (organization_id, user_id, role)
);
CREATE UNIQUE INDEX memberships_owner_key ON app.memberships (organization_id) WHERE role = 'owner';
CREATE INDEX memberships_of_user_idx ON app.memberships (user_id, organization_id) INCLUDE (id, role);
CREATE INDEX memberships_role_idx ON app.memberships (organization_id, role, id);

-- With the unique index above: exactly one owner, at the end of every
-- transaction.
ALTER TABLE app.organizations ADD CONSTRAINT organizations_owner_fkey
    FOREIGN KEY (id, owner_id, owner_role) REFERENCES app.memberships (organization_id, user_id, role)
    DEFERRABLE INITIALLY DEFERRED;

-- The addresses of all organizations, present and old. They outlive their
-- organization, so that an old link never leads to a stranger.
CREATE TABLE app.organization_slugs (
    slug            text COLLATE "C" PRIMARY KEY,
    organization_id uuid        NOT NULL,
    created_at      timestamptz NOT NULL,
    given_up_at     timestamptz -- none while it is the present one
);
CREATE INDEX organization_slugs_organization_idx ON app.organization_slugs (organization_id);

CREATE TABLE app.workspaces (
    organization_id uuid             NOT NULL REFERENCES app.organizations (id),
    id              uuid             NOT NULL,
    created_by      uuid             NOT NULL,
    name            text             NOT NULL,
    name_key        text COLLATE "C" NOT NULL, -- see users.name_key; lists go by it
    slug            text COLLATE "C" NOT NULL,
    description     text             NOT NULL DEFAULT '',
    visibility      text             NOT NULL CHECK (visibility IN ('open', 'restricted')),
    is_default      boolean          NOT NULL DEFAULT false,
    member_count    bigint           NOT NULL DEFAULT 0 CHECK (member_count >= 0),
    version         bigint           NOT NULL DEFAULT 1,
    created_at      timestamptz      NOT NULL,
    updated_at      timestamptz      NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT workspaces_slug_key UNIQUE (organization_id, slug)
);
CREATE UNIQUE INDEX workspaces_default_key ON app.workspaces (organization_id) WHERE is_default;
CREATE INDEX workspaces_name_idx ON app.workspaces (organization_id, name_key, id);

CREATE TABLE app.workspace_members (
    organization_id uuid        NOT NULL,
    workspace_id    uuid        NOT NULL,
    membership_id   uuid        NOT NULL,
    added_by        uuid        NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, workspace_id, membership_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES app.workspaces (organization_id, id),
    FOREIGN KEY (organization_id, membership_id) REFERENCES app.memberships (organization_id, id)
);
CREATE INDEX workspace_members_membership_idx ON app.workspace_members (organization_id, membership_id);

-- What processes keep of these in memory; see 00001_access.sql.
CREATE TRIGGER record_change AFTER UPDATE OF role OR DELETE ON app.memberships
    FOR EACH ROW EXECUTE FUNCTION app.record_change('member', 'wake', 'organization_id', 'user_id');
-- Nobody keeps that somebody is no member, but a process that has not seen yet
-- how one was removed may know the role that they had.
CREATE TRIGGER record_addition AFTER INSERT ON app.memberships
    FOR EACH ROW EXECUTE FUNCTION app.record_change('member', '', 'organization_id', 'user_id');
CREATE TRIGGER record_change AFTER UPDATE OR DELETE ON app.organizations
    FOR EACH ROW EXECUTE FUNCTION app.record_change('organization', '', 'id');
CREATE TRIGGER record_suspension AFTER UPDATE ON app.organizations
    FOR EACH ROW WHEN (OLD.suspended_at IS DISTINCT FROM NEW.suspended_at)
    EXECUTE FUNCTION app.record_change('access', 'wake', 'id');
CREATE TRIGGER record_deletion AFTER DELETE ON app.organizations
    FOR EACH ROW EXECUTE FUNCTION app.record_change('access', 'wake', 'id');
CREATE TRIGGER record_change AFTER UPDATE ON app.organization_slugs
    FOR EACH ROW WHEN (OLD.organization_id IS DISTINCT FROM NEW.organization_id)
    EXECUTE FUNCTION app.record_change('slug', 'wake', 'slug');

-- Tables that only ever belong to the tenant of the transaction. The second
-- policy of each restricts whatever a later one might allow.
-- +goose StatementBegin
DO $$
DECLARE
    t text;
    own constant text := '(organization_id = NULLIF(current_setting(''app.organization_id'', true), '''')::uuid)';
BEGIN
    FOREACH t IN ARRAY ARRAY['workspaces', 'workspace_members'] LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON app.%I TO rowhouse_app, rowhouse_worker USING %s WITH CHECK %s', t, own, own);
        EXECUTE format('CREATE POLICY fence ON app.%I AS RESTRICTIVE TO rowhouse_app, rowhouse_worker USING %s WITH CHECK %s', t, own, own);
        EXECUTE format('CREATE POLICY operator ON app.%I FOR SELECT TO rowhouse_operator USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON app.%I TO rowhouse_app, rowhouse_worker', t);
        EXECUTE format('GRANT SELECT ON app.%I TO rowhouse_operator', t);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- The tenant's own row, and for a person those of the organizations that they
-- are a member of.
ALTER TABLE app.organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.organizations TO rowhouse_app, rowhouse_worker
    USING (id = NULLIF(current_setting('app.organization_id', true), '')::uuid)
    WITH CHECK (id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY my_organizations ON app.organizations FOR SELECT TO rowhouse_app
    USING (id IN (SELECT m.organization_id FROM app.memberships m
                  WHERE m.user_id = NULLIF(current_setting('app.user_id', true), '')::uuid));
CREATE POLICY operator ON app.organizations FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.organizations TO rowhouse_app, rowhouse_worker;
GRANT SELECT ON app.organizations TO rowhouse_operator;

-- The tenant's members, and for a person their own memberships.
ALTER TABLE app.memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.memberships TO rowhouse_app, rowhouse_worker
    USING (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid)
    WITH CHECK (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY my_memberships ON app.memberships FOR SELECT TO rowhouse_app
    USING (user_id = NULLIF(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY operator ON app.memberships FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.memberships TO rowhouse_app, rowhouse_worker;
GRANT SELECT ON app.memberships TO rowhouse_operator;

-- An address is public by nature, so anyone may read where it leads. A tenant
-- takes one for itself alone: a new one, or one that was given up. For how long
-- that stays reserved is a rule of the domain.
ALTER TABLE app.organization_slugs ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.organization_slugs FORCE ROW LEVEL SECURITY;
CREATE POLICY public_address ON app.organization_slugs FOR SELECT TO rowhouse_app, rowhouse_worker USING (true);
CREATE POLICY claim ON app.organization_slugs FOR INSERT TO rowhouse_app, rowhouse_worker
    WITH CHECK (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY take_over ON app.organization_slugs FOR UPDATE TO rowhouse_app, rowhouse_worker
    USING (given_up_at IS NOT NULL OR organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid)
    WITH CHECK (organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid);
CREATE POLICY operator ON app.organization_slugs FOR SELECT TO rowhouse_operator USING (true);
GRANT SELECT, INSERT, UPDATE ON app.organization_slugs TO rowhouse_app, rowhouse_worker;
GRANT SELECT ON app.organization_slugs TO rowhouse_operator;

-- +goose Down
ALTER TABLE app.organizations DROP CONSTRAINT organizations_owner_fkey;
DROP TABLE app.workspace_members, app.workspaces, app.organization_slugs, app.memberships, app.organizations;
