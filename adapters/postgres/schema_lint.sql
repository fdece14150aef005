-- Lists what in a migrated database breaks the rules that keep tenants apart; an
-- empty answer is a pass. schema_lint_test.go runs it and proves that each rule
-- finds what it is for. Anyone may run it: psql -f schema_lint.sql.
--
-- A table of a tenant has a column organization_id; of the organizations, which
-- are the tenants themselves, it is id. Everything that does not belong to
-- PostgreSQL or to an extension is looked at, in whatever schema it is.
WITH reviewed (kind, name, exact, reason) AS (VALUES
    -- The doors: what may differ from the rules, exactly as it is, and why. A
    -- door that is not used is a finding too (L0).
    --
    -- Policies beside the one that every table of a tenant has.
    ('policy', 'app.memberships.my_memberships', $$SELECT TO rowhouse_app
        USING (user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid)$$,
        'a person gets to their organizations by their own memberships'),
    ('policy', 'app.organizations.my_organizations', $$SELECT TO rowhouse_app
        USING (id IN ( SELECT m.organization_id FROM app.memberships m
        WHERE (m.user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid)))$$,
        'a person is shown the organizations that they are a member of'),
    ('policy', 'app.subscriptions.my_organizations', $$SELECT TO rowhouse_app
        USING (organization_id IN ( SELECT m.organization_id FROM app.memberships m
        WHERE (m.user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid)))$$,
        'the list of one''s organizations shows their plans'),
    ('policy', 'app.organization_slugs.public_address', $$SELECT TO rowhouse_app, rowhouse_worker
        USING true$$,
        'an address is public by nature, and leads to an organization before anyone knows which'),
    ('policy', 'app.organization_slugs.claim', $$INSERT TO rowhouse_app, rowhouse_worker
        WITH CHECK (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)$$,
        'the rule of every table, for inserting alone'),
    ('policy', 'app.organization_slugs.take_over', $$UPDATE TO rowhouse_app, rowhouse_worker
        USING ((given_up_at IS NOT NULL) OR (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid))
        WITH CHECK (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)$$,
        'an address that was given up can be taken, for oneself alone'),
    ('policy', 'app.invitations.my_invitations', $$SELECT TO rowhouse_app
        USING (email = NULLIF(current_setting('app.email'::text, true), ''::text))$$,
        'a person is shown what was sent to an address that they have proven'),
    ('policy', 'app.invitations.run_out', $$SELECT TO rowhouse_worker
        USING ((state = 'pending'::text) AND (expires_at <= (NULLIF(current_setting('app.expired_at'::text, true), ''::text))::timestamp with time zone))$$,
        'a sweep finds the organizations whose invitations have run out'),
    ('policy', 'app.organizations.my_invitations', $$SELECT TO rowhouse_app
        USING (id IN ( SELECT i.organization_id FROM app.invitations i
        WHERE ((i.email = NULLIF(current_setting('app.email'::text, true), ''::text)) AND (i.state = 'pending'::text))))$$,
        'a person is shown who has invited them'),
    ('policy', 'app.invitation_tokens.my_invitation', $$SELECT TO rowhouse_app
        USING (token_hash = decode(NULLIF(current_setting('app.token_hash'::text, true), ''::text), 'hex'::text))$$,
        'a token leads to its invitation before anyone knows whose it is'),
    ('policy', 'app.outbox.record', $$INSERT TO rowhouse_app, rowhouse_worker
        WITH CHECK ((organization_id IS NULL) OR (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid))$$,
        'the rule of every table, for inserting alone; a job may belong to no tenant'),
    ('policy', 'app.outbox.look', 'SELECT TO rowhouse_worker USING true', 'a worker relays the jobs of all tenants'),
    ('policy', 'app.outbox.progress', 'UPDATE TO rowhouse_worker USING true',
        'a worker notes how far a job is, in columns that it may change'),
    ('policy', 'app.outbox.forget', $$DELETE TO rowhouse_worker
        USING ((done_at IS NOT NULL) OR (dead_at IS NOT NULL))$$,
        'a worker deletes jobs on which there is nothing left to do'),
    -- Whoever looks after the platform reads, and L10 sees to it that it stays
    -- at that.
    ('policy', 'app.invitation_tokens.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.invitations.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.memberships.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.organization_slugs.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.organizations.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.outbox.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.subscriptions.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.usage_metrics.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.workspace_members.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    ('policy', 'app.workspaces.operator', 'SELECT TO rowhouse_operator USING true', 'the operator console'),
    -- What is unique across tenants.
    ('unique', 'app.organization_slugs_pkey', 'CREATE UNIQUE INDEX organization_slugs_pkey ON app.organization_slugs USING btree (slug)',
        'two organizations cannot have one address, which anyone may know'),
    ('unique', 'app.invitation_tokens_pkey', 'CREATE UNIQUE INDEX invitation_tokens_pkey ON app.invitation_tokens USING btree (token_hash)',
        'a token leads to one invitation; nobody chooses it, so that it tells nothing that there is one'),
    ('unique', 'app.outbox_pkey', 'CREATE UNIQUE INDEX outbox_pkey ON app.outbox USING btree (id)',
        'a message names its job by the id alone, which nobody outside chooses'),
    -- Tables of tenants with rows that belong to none.
    ('shared', 'app.outbox', '', 'some jobs are about people, or the platform'),
    -- Tables that belong to no tenant.
    ('table', 'app.users', '', 'one person can be a member of many organizations'),
    ('table', 'app.sessions', '', 'a person signs in, not a member'),
    ('table', 'app.auth_tokens', '', 'a person proves a mailbox, not a member'),
    ('table', 'app.throttles', '', 'attempts of people who are not known yet'),
    ('table', 'app.rates', '', 'requests of people who are not known yet'),
    ('table', 'app.changes', '', 'names of what processes are to forget, and nothing of what it was'),
    ('table', 'app.processed_messages', '', 'ids of messages whose effects are there'),
    ('table', 'app.schedule_ticks', '', 'the platform''s schedules'),
    ('table', 'app.schema_migrations', '', 'goose keeps its versions there'),
    -- Times that do not say where.
    ('column', 'app.schema_migrations.tstamp', 'timestamp without time zone', 'goose makes it')
    -- Functions that run with their owner's rights would be ('function', name,
    -- SHA-256 of the body in hexadecimal, reason). There are none.
),

roles AS (
    SELECT r.*, rolname IN ('rowhouse_app', 'rowhouse_worker') AS serves_tenants
    FROM pg_roles r WHERE rolname IN ('rowhouse_app', 'rowhouse_worker', 'rowhouse_operator')
),
schemas AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
),
relations AS (
    SELECT c.*, s.nspname || '.' || c.relname AS name
    FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
),
functions AS (
    SELECT p.*, s.nspname || '.' || p.proname AS name
    FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
),
tables AS ( -- with the column that names the tenant, if there is one
    SELECT r.*, a.attname AS key, a.attnum AS key_number, a.attnotnull AS key_not_null
    FROM relations r LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped
        AND a.attname = CASE r.name WHEN 'app.organizations' THEN 'id' ELSE 'organization_id' END
    WHERE r.relkind IN ('r', 'p', 'f')
),
tenant_tables AS (
    SELECT t.*, 'ALL TO rowhouse_app, rowhouse_worker USING ' || own || ' WITH CHECK ' || own AS template
    FROM tables t,
        format('(%I = (NULLIF(current_setting(''app.organization_id''::text, true), ''''::text))::uuid)', t.key) AS own
    WHERE t.key IS NOT NULL
),
policies AS (
    SELECT p.*, r.name AS table_name, r.name || '.' || p.polname AS name, (
            CASE p.polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END
            || ' TO ' || (SELECT string_agg(who, ', ' ORDER BY who) FROM unnest(p.polroles) AS role,
                LATERAL (SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(role)::text END) AS named (who))
            || coalesce(' USING ' || regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\s+', ' ', 'g'), '')
            || coalesce(' WITH CHECK ' || regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\s+', ' ', 'g'), '')
        ) AS definition
    FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
),
indexes AS (
    SELECT x.*, i.name, t.name AS table_name, pg_get_indexdef(i.oid) AS definition,
        -- Columns that are only carried along are no part of what is unique.
        t.key_number = ANY (x.indkey[0:x.indnkeyatts - 1]) AS has_key, x.indkey[0] = t.key_number AS key_first
    FROM pg_index x JOIN relations i ON i.oid = x.indexrelid JOIN tenant_tables t ON t.oid = x.indrelid
    WHERE x.indisunique OR x.indisexclusion
),
definers AS (
    SELECT f.*, encode(sha256(convert_to(f.prosrc, 'UTF8')), 'hex') AS body FROM functions f WHERE f.prosecdef
),
columns AS (
    SELECT r.name || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a JOIN relations r ON r.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p', 'f', 'v', 'm')
),

-- What is there that a door was made for.
doors AS (
    SELECT d.kind, d.name, p.polrelid AS of_table, d.kind = 'policy' AND p.definition !~ ' TO rowhouse_operator ' AS for_tenants
    FROM reviewed d LEFT JOIN policies p ON p.name = d.name
    WHERE d.reason <> '' AND CASE d.kind
        WHEN 'policy' THEN p.polpermissive AND p.definition = regexp_replace(d.exact, '\s+', ' ', 'g')
        WHEN 'unique' THEN EXISTS (SELECT FROM indexes i WHERE i.name = d.name AND i.definition = d.exact)
        WHEN 'shared' THEN EXISTS (SELECT FROM tenant_tables t WHERE t.name = d.name AND NOT t.key_not_null)
        WHEN 'table' THEN EXISTS (SELECT FROM tables t WHERE t.name = d.name AND t.key IS NULL)
        WHEN 'column' THEN EXISTS (SELECT FROM columns c WHERE c.name = d.name AND c.type = d.exact)
        WHEN 'function' THEN EXISTS (SELECT FROM definers f WHERE f.name = d.name AND f.body = d.exact)
        ELSE false END
)

SELECT 'L0 door that nothing uses' AS rule, d.kind || ' ' || d.name AS object FROM reviewed d
WHERE NOT EXISTS (SELECT FROM doors o WHERE o.kind = d.kind AND o.name = d.name)

UNION ALL
SELECT 'L1 row-level security is not forced', t.name FROM tenant_tables t
WHERE NOT (t.relrowsecurity AND t.relforcerowsecurity)

UNION ALL
SELECT 'L2 no policy', t.name FROM tenant_tables t
WHERE NOT EXISTS (SELECT FROM policies p WHERE p.polrelid = t.oid AND p.polpermissive)
UNION ALL
SELECT 'L2 no policy for what is granted', t.name || ': ' || command || ' to ' || r.rolname
FROM tenant_tables t, roles r, (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) AS commands (command, short)
WHERE r.serves_tenants AND has_table_privilege(r.oid, t.oid, command)
    AND NOT EXISTS (SELECT FROM policies p WHERE p.polrelid = t.oid AND p.polpermissive
        AND p.polcmd::text IN (short, '*') AND (r.oid = ANY (p.polroles) OR 0 = ANY (p.polroles)))

UNION ALL
SELECT 'L3 policy is another than the one of all tables', p.name || ': ' || p.definition
FROM policies p LEFT JOIN tenant_tables t ON t.oid = p.polrelid
WHERE p.polpermissive AND (p.polname <> 'tenant' OR p.definition IS DISTINCT FROM t.template)
    AND NOT EXISTS (SELECT FROM doors d WHERE d.kind = 'policy' AND d.name = p.name)
UNION ALL
-- A restrictive policy keeps a later one from allowing more. A door is meant to.
SELECT CASE WHEN has_fence THEN 'L3 fence behind a door' ELSE 'L3 no fence' END, t.name
FROM tenant_tables t,
    LATERAL (SELECT EXISTS (SELECT FROM policies p WHERE p.polrelid = t.oid AND NOT p.polpermissive AND p.definition = t.template)) AS f (has_fence),
    LATERAL (SELECT EXISTS (SELECT FROM doors d WHERE d.of_table = t.oid AND d.for_tenants)) AS d (has_door)
WHERE has_fence = has_door

UNION ALL
SELECT 'L4 foreign key without the tenant', c.name || ': ' || k.conname
FROM pg_constraint k JOIN tables c ON c.oid = k.conrelid JOIN tenant_tables p ON p.oid = k.confrelid
WHERE k.contype = 'f' AND NOT EXISTS (
    SELECT FROM unnest(k.conkey, k.confkey) AS pair (own, others) WHERE own = c.key_number AND others = p.key_number)
UNION ALL
SELECT 'L4 foreign key that acts across tenants', c.name || ': ' || k.conname
FROM pg_constraint k JOIN tenant_tables c ON c.oid = k.conrelid JOIN tables p ON p.oid = k.confrelid
WHERE k.contype = 'f' AND p.key IS NULL AND (k.confdeltype NOT IN ('a', 'r') OR k.confupdtype NOT IN ('a', 'r'))

UNION ALL
SELECT 'L5 unique without the tenant', i.name || ': ' || i.definition FROM indexes i
WHERE NOT i.has_key AND NOT EXISTS (SELECT FROM doors d WHERE d.kind = 'unique' AND d.name = i.name)
UNION ALL
SELECT 'L5 primary key does not begin with the tenant', t.name FROM tenant_tables t
WHERE NOT EXISTS (SELECT FROM indexes i WHERE i.indrelid = t.oid AND i.indisprimary
    AND (i.key_first OR EXISTS (SELECT FROM doors d WHERE d.kind = 'unique' AND d.name = i.name)))

UNION ALL
SELECT 'L6 tenant can be missing', t.name FROM tenant_tables t
WHERE NOT t.key_not_null AND NOT EXISTS (SELECT FROM doors d WHERE d.kind = 'shared' AND d.name = t.name)

UNION ALL
SELECT 'L7 view is not security_invoker', r.name FROM relations r
WHERE r.relkind = 'v' AND NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(r.reloptions) WHERE option_name = 'security_invoker'), false)

UNION ALL
SELECT 'L8 materialized view is granted', v.name || ' to ' || r.rolname FROM relations v, roles r
WHERE v.relkind = 'm' AND has_any_column_privilege(r.oid, v.oid, 'SELECT')

UNION ALL
SELECT 'L9 function runs with its owner''s rights', f.name || ' by ' || r.rolname || ': ' || f.body FROM definers f, roles r
WHERE has_function_privilege(r.oid, f.oid, 'EXECUTE') AND NOT EXISTS (SELECT FROM doors d WHERE d.kind = 'function' AND d.name = f.name)

UNION ALL
SELECT 'L10 too much is granted', t.name || ': ' || right_ || ' to ' || r.rolname
FROM relations t, roles r, unnest(ARRAY['TRUNCATE', 'TRIGGER']) AS right_
WHERE t.relkind IN ('r', 'p', 'f', 'v', 'm') AND has_table_privilege(r.oid, t.oid, right_)
UNION ALL
SELECT 'L10 too much is granted', t.name || ': REFERENCES to ' || r.rolname FROM relations t, roles r
WHERE t.relkind IN ('r', 'p', 'f', 'v', 'm') AND has_any_column_privilege(r.oid, t.oid, 'REFERENCES')
UNION ALL
SELECT 'L10 too much is granted', t.name || ': writing to ' || r.rolname FROM relations t, roles r
WHERE t.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT r.serves_tenants
    AND (has_table_privilege(r.oid, t.oid, 'DELETE') OR has_any_column_privilege(r.oid, t.oid, 'INSERT, UPDATE'))
UNION ALL
SELECT 'L10 too much is granted', 'schema ' || s.nspname || ': CREATE to ' || r.rolname FROM schemas s, roles r
WHERE has_schema_privilege(r.oid, s.oid, 'CREATE')
UNION ALL
SELECT 'L10 too much is granted', 'database: CREATE or TEMPORARY to ' || r.rolname FROM roles r
WHERE has_database_privilege(r.oid, current_database(), 'CREATE, TEMPORARY')

UNION ALL
SELECT 'L11 partition is granted', t.name || ' to ' || r.rolname FROM relations t, roles r
WHERE t.relispartition AND t.relkind IN ('r', 'p', 'f')
    AND (has_table_privilege(r.oid, t.oid, 'DELETE') OR has_any_column_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE'))

UNION ALL
SELECT 'L12 role is dangerous', rolname FROM pg_roles
WHERE rolname IN ('rowhouse_app', 'rowhouse_worker', 'rowhouse_operator', 'rowhouse_owner')
    AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)

UNION ALL
SELECT 'L13 role is a member of another', r.rolname || ' of ' || pg_get_userbyid(m.roleid) FROM pg_auth_members m JOIN roles r ON r.oid = m.member

UNION ALL
SELECT 'L14 role owns something', r.rolname || ': ' || pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_shdepend d JOIN roles r ON r.oid = d.refobjid
WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())

UNION ALL
SELECT 'L15 table belongs to no tenant', t.name FROM tables t
WHERE t.key IS NULL AND NOT EXISTS (SELECT FROM doors d WHERE d.kind = 'table' AND d.name = t.name)

UNION ALL
SELECT 'L16 default privileges', 'to ' || CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END || ': ' || g.privilege_type
FROM pg_default_acl a, aclexplode(a.defaclacl) AS g
WHERE g.grantee IN (SELECT oid FROM roles) OR g.grantee = 0 AND a.defaclobjtype IN ('r', 'S')

UNION ALL
SELECT 'L17 time without a zone', c.name FROM columns c
WHERE c.type LIKE 'timestamp% without time zone%' AND NOT EXISTS (SELECT FROM doors d WHERE d.kind = 'column' AND d.name = c.name)

UNION ALL
SELECT 'L18 function with its owner''s rights and whatever search_path', f.name FROM definers f
WHERE NOT EXISTS (SELECT FROM unnest(f.proconfig) AS setting WHERE setting LIKE 'search_path=%')

ORDER BY 1, 2;
