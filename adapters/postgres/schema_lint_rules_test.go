package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// own is the condition of every table of a tenant.
const own = `(organization_id = NULLIF(current_setting('app.organization_id', true), '')::uuid)`

// newTable is a table of a tenant as it has to be. The tests leave something
// out of it.
const newTable = `
CREATE TABLE app.news (
    organization_id uuid NOT NULL REFERENCES app.organizations (id),
    id              uuid NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
ALTER TABLE app.news ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.news FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.news TO rowhouse_app, rowhouse_worker USING ` + own + ` WITH CHECK ` + own + `;
CREATE POLICY fence ON app.news AS RESTRICTIVE TO rowhouse_app, rowhouse_worker USING ` + own + ` WITH CHECK ` + own + `;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.news TO rowhouse_app, rowhouse_worker;
`

// newTableWith is newTable with something else in the place of old.
func newTableWith(old, replacement string) string {
	if !strings.Contains(newTable, old) {
		panic("a table of a tenant has no " + old)
	}
	return strings.ReplaceAll(newTable, old, replacement)
}

// lintCases are mistakes, each with the rules that have to find it, and no
// other rule.
var lintCases = []struct{ rules, sql string }{
	{"", newTable},
	{"L1 L2 L3 L5 L6", `CREATE TABLE app.news (organization_id uuid)`},
	{"L1 L2 L3 L5 L6", `CREATE TABLE public.news (organization_id uuid)`},
	{"L1 L2 L3", `CREATE TABLE app.usage_metrics_2036 PARTITION OF app.usage_metrics FOR VALUES FROM ('2036-01-01 00:00Z') TO ('2037-01-01 00:00Z')`},

	{"L1", newTableWith("ALTER TABLE app.news ENABLE ROW LEVEL SECURITY;", "")},
	{"L1", newTableWith("ALTER TABLE app.news FORCE ROW LEVEL SECURITY;", "")},
	{"L1", `ALTER TABLE app.organizations DISABLE ROW LEVEL SECURITY`},
	{"L1", `ALTER TABLE app.usage_metrics_default NO FORCE ROW LEVEL SECURITY`},

	{"L2", `DROP POLICY tenant ON app.workspaces`},
	{"L2", `DROP POLICY tenant ON app.usage_metrics_2030`},
	{"L2", `GRANT DELETE ON app.organization_slugs TO rowhouse_worker`},

	{"L3", `CREATE POLICY more ON app.workspaces FOR SELECT TO rowhouse_app USING (visibility = 'open')`},
	{"L3", `CREATE POLICY more ON app.users FOR SELECT TO rowhouse_app USING (true)`},
	{"L3", `ALTER POLICY tenant ON app.workspaces USING (true)`},
	{"L3", `ALTER POLICY tenant ON app.workspaces WITH CHECK (true)`},
	{"L3", `ALTER POLICY tenant ON app.workspaces TO PUBLIC`},
	{"L3", `ALTER POLICY tenant ON app.workspaces USING (` + own + ` OR current_setting('app.organization_id', true) = '')`},
	{"L3", `ALTER POLICY tenant ON app.organizations USING (id = current_setting('app.organization_id')::uuid)`},
	{"L0 L3", `ALTER POLICY my_memberships ON app.memberships USING (true)`},
	{"L0 L3", `ALTER POLICY operator ON app.workspaces TO rowhouse_operator, rowhouse_app`},
	{"L0 L3", `ALTER POLICY my_invitations ON app.invitations USING (true)`},
	{"L0 L3", `ALTER POLICY run_out ON app.invitations USING (state = 'pending')`},
	{"L0 L3", `ALTER POLICY record ON app.outbox WITH CHECK (true)`},
	{"L0 L3", `ALTER POLICY look ON app.outbox TO rowhouse_worker, rowhouse_app`},
	{"L2", `GRANT DELETE ON app.outbox TO rowhouse_app`},
	{"L3", `DROP POLICY fence ON app.workspaces`},
	{"L3", `DROP POLICY fence ON app.usage_metrics_2030`},
	{"L3", `ALTER POLICY fence ON app.workspaces USING (true)`},
	{"L3", `CREATE POLICY fence ON app.memberships AS RESTRICTIVE TO rowhouse_app, rowhouse_worker USING ` + own + ` WITH CHECK ` + own},

	{"L4", `ALTER TABLE app.workspaces ADD FOREIGN KEY (created_by) REFERENCES app.organizations (id)`},
	{"L4", `ALTER TABLE app.workspaces ADD FOREIGN KEY (created_by, id) REFERENCES app.memberships (organization_id, id)`},
	{"L4", `ALTER TABLE app.users ADD FOREIGN KEY (id) REFERENCES app.organizations (id)`},
	{"L4 L5", `ALTER TABLE app.workspaces ADD UNIQUE (id); ALTER TABLE app.workspace_members ADD FOREIGN KEY (workspace_id) REFERENCES app.workspaces (id)`},
	{"L4", `ALTER TABLE app.workspaces ADD FOREIGN KEY (created_by) REFERENCES app.users (id) ON DELETE CASCADE`},
	{"L4", `ALTER TABLE app.workspaces ADD FOREIGN KEY (created_by) REFERENCES app.users (id) ON UPDATE SET NULL`},

	{"L5", `CREATE UNIQUE INDEX ON app.workspaces (slug)`},
	{"L5", `CREATE UNIQUE INDEX ON app.workspaces (slug) INCLUDE (organization_id)`},
	{"L5", `CREATE UNIQUE INDEX ON app.organizations (lower(billing_email))`},
	{"L5", `ALTER TABLE app.workspaces ADD EXCLUDE (slug WITH =)`},
	{"L5", newTableWith("PRIMARY KEY (organization_id, id)", "PRIMARY KEY (id)")},
	{"L5", newTableWith("PRIMARY KEY (organization_id, id)", "PRIMARY KEY (id, organization_id)")},
	{"L5", newTableWith("PRIMARY KEY (organization_id, id)", "UNIQUE (organization_id, id)")},

	{"L0", `DELETE FROM app.outbox; ALTER TABLE app.outbox ALTER organization_id SET NOT NULL`},
	{"L5 L6", newTableWith("organization_id uuid NOT NULL", "organization_id uuid") + `ALTER TABLE app.news DROP CONSTRAINT news_pkey, ALTER organization_id DROP NOT NULL`},

	{"", `CREATE VIEW app.v WITH (security_invoker = on) AS SELECT * FROM app.workspaces`},
	{"L7", `CREATE VIEW app.v AS SELECT * FROM app.workspaces`},
	{"L7", `CREATE VIEW public.v WITH (security_invoker = false) AS SELECT * FROM app.workspaces`},

	{"", `CREATE MATERIALIZED VIEW app.m AS SELECT * FROM app.workspaces`},
	{"L8", `CREATE MATERIALIZED VIEW app.m AS SELECT * FROM app.workspaces; GRANT SELECT ON app.m TO rowhouse_worker`},
	{"L8", `CREATE MATERIALIZED VIEW app.m AS SELECT * FROM app.workspaces; GRANT SELECT (name) ON app.m TO PUBLIC`},

	{"", `CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`},
	{"", `CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'; REVOKE ALL ON FUNCTION app.f FROM PUBLIC`},
	{"L9", `CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'`},
	{"L9", `CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'; REVOKE ALL ON FUNCTION app.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.f TO rowhouse_operator`},

	{"L10", `GRANT TRUNCATE ON app.workspaces TO rowhouse_app`},
	{"L10", `GRANT TRIGGER ON app.users TO PUBLIC`},
	{"L10", `GRANT REFERENCES (id) ON app.workspaces TO rowhouse_worker`},
	{"L10", `GRANT DELETE ON app.workspaces TO rowhouse_operator`},
	{"L10", `GRANT UPDATE (name) ON app.workspaces TO rowhouse_operator`},
	{"L10", `GRANT CREATE ON SCHEMA app TO rowhouse_app`},
	{"L10", `DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$`},

	{"L11", `GRANT SELECT ON app.usage_metrics_2030 TO rowhouse_app`},
	{"L11", `GRANT UPDATE (quantity) ON app.usage_metrics_2030 TO rowhouse_worker`},

	{"L2 L10 L11 L12", `ALTER ROLE rowhouse_app SUPERUSER`}, // who may do everything
	{"L12", `ALTER ROLE rowhouse_owner SUPERUSER`},
	{"L12", `ALTER ROLE rowhouse_app BYPASSRLS`},
	{"L12", `ALTER ROLE rowhouse_worker CREATEROLE`},
	{"L12", `ALTER ROLE rowhouse_operator CREATEDB`},
	{"L12", `ALTER ROLE rowhouse_owner REPLICATION`},

	{"L13", `GRANT rowhouse_owner TO rowhouse_app`},
	{"L13", `GRANT pg_read_all_data TO rowhouse_operator`},

	{"L14", `ALTER FUNCTION app.record_change OWNER TO rowhouse_worker`},
	{"L10 L14", `ALTER SCHEMA app OWNER TO rowhouse_app`},
	{"L10 L14", `ALTER TABLE app.workspaces OWNER TO rowhouse_app`},

	{"L15", `CREATE TABLE app.news (id uuid PRIMARY KEY)`},
	{"L15", `CREATE TABLE public.users (id uuid PRIMARY KEY)`},

	{"L16", `ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO rowhouse_app`},
	{"L16", `ALTER DEFAULT PRIVILEGES FOR ROLE rowhouse_owner GRANT INSERT ON TABLES TO PUBLIC`},

	{"L17", `ALTER TABLE app.workspaces ADD seen_at timestamp`},
	{"L17", `ALTER TABLE app.users ADD seen_at timestamp(3)[]`},

	{"L18", `CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION app.f FROM PUBLIC`},
}

func lintFindsMistakes(t *testing.T, c *pgx.Conn) {
	t.Helper()
	defer rolesLocked(t)() // other tests alter them, too
	tried := map[string]bool{}
	for _, tt := range lintCases {
		change(t, c, func(tx pgx.Tx) {
			must(t, tx, tt.sql)
			found := lint(t, tx, schemaLint)
			if got := rules(found); got != tt.rules {
				t.Errorf("%s: rules %q, want %q: %v", tt.sql, got, tt.rules, found)
			}
		})
		tried[tt.rules] = true
	}
	// What has no tenant in its primary key is all that can be L6.
	for rule := range strings.FieldsSeq("L1 L2 L3 L4 L5 L7 L8 L9 L10 L11 L12 L13 L14 L15 L16 L17 L18") {
		if !tried[rule] {
			t.Errorf("%s has no mistake of its own", rule)
		}
	}
}
