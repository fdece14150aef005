package postgres_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowhouse/adapters/postgres/pgtest"
)

// serverAttacks are ways around the wall, each with the SQLSTATE of its
// refusal. Most are 42501: insufficient privilege.
var serverAttacks = []struct{ sql, want string }{
	// Take the wall down.
	{`ALTER TABLE app.workspaces DISABLE ROW LEVEL SECURITY`, "42501"},
	{`ALTER TABLE app.workspaces NO FORCE ROW LEVEL SECURITY`, "42501"},
	{`ALTER TABLE app.workspaces OWNER TO CURRENT_USER`, "42501"},
	{`DROP POLICY tenant ON app.workspaces`, "42501"},
	{`ALTER POLICY tenant ON app.workspaces USING (true)`, "42501"},
	{`CREATE POLICY mine ON app.workspaces USING (true)`, "42501"},
	{`DROP TABLE app.workspaces CASCADE`, "42501"},
	{`DROP SCHEMA app CASCADE`, "42501"},
	{`ALTER TABLE app.usage_metrics DETACH PARTITION app.usage_metrics_2030`, "42501"},
	{`GRANT ALL ON app.usage_metrics_2030 TO PUBLIC`, "42501"},
	{`ALTER DEFAULT PRIVILEGES FOR ROLE rowhouse_owner GRANT ALL ON TABLES TO PUBLIC`, "42501"},
	// Become somebody else.
	{`SET ROLE rowhouse_owner`, "42501"},
	{`SET ROLE rowhouse_operator`, "42501"},
	{`SET SESSION AUTHORIZATION rowhouse_owner`, "42501"},
	{`ALTER ROLE CURRENT_USER BYPASSRLS`, "42501"},
	{`ALTER ROLE CURRENT_USER SUPERUSER`, "42501"},
	{`ALTER ROLE rowhouse_owner PASSWORD 'mine'`, "42501"},
	{`CREATE ROLE mine`, "42501"},
	{`GRANT rowhouse_owner TO CURRENT_USER`, "42501"},
	{`GRANT pg_read_all_data TO CURRENT_USER`, "42501"},
	// Keep the session for whoever comes next.
	{`ALTER ROLE CURRENT_USER SET app.organization_id = '00000000-0000-7000-8000-000000000001'`, "42501"},
	{`SET LOCAL session_replication_role = replica`, "42501"},
	// Make something that looks in another's place.
	{`CREATE VIEW app.mine AS SELECT * FROM app.workspaces`, "42501"},
	{`CREATE VIEW public.mine AS SELECT 1 AS one`, "42501"},
	{`CREATE TABLE app.mine (id integer)`, "42501"},
	{`CREATE TEMPORARY TABLE mine (id integer)`, "42501"},
	{`CREATE SCHEMA mine`, "42501"},
	{`CREATE FUNCTION app.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'`, "42501"},
	{`CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'`, "42501"},
	{`CREATE OR REPLACE FUNCTION app.record_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`, "42501"},
	{`CREATE TRIGGER mine AFTER INSERT ON app.workspaces FOR EACH ROW EXECUTE FUNCTION app.record_change('mine')`, "42501"},
	{`ALTER TABLE app.workspaces DISABLE TRIGGER ALL`, "42501"},
	{`CREATE RULE mine AS ON INSERT TO app.workspaces DO INSTEAD NOTHING`, "42501"},
	{`CREATE FUNCTION app.mine() RETURNS integer LANGUAGE c AS 'libc', 'getpid'`, "42501"},
	{`CREATE FOREIGN DATA WRAPPER mine`, "42501"},
	// Leave the database.
	{`TRUNCATE app.workspaces`, "42501"},
	{`COPY app.workspaces FROM PROGRAM 'true'`, "42501"},
	{`COPY (SELECT 1) TO PROGRAM 'true'`, "42501"},
	{`COPY (SELECT 1) TO '/tmp/mine'`, "42501"},
	{`COPY app.workspaces FROM '/etc/passwd'`, "42501"},
	{`COPY app.workspaces FROM STDIN`, "0A000"}, // not with row-level security
	{`SELECT pg_read_file('/etc/passwd')`, "42501"},
	{`SELECT pg_ls_dir('.')`, "42501"},
	{`SELECT lo_import('/etc/passwd')`, "42501"},
	{`SELECT pg_reload_conf()`, "42501"},
	// Look into what the database knows.
	{`SELECT * FROM pg_authid`, "42501"},
	{`SELECT * FROM pg_shadow`, "42501"},
	{`SELECT * FROM pg_statistic`, "42501"},
	{`SELECT * FROM pg_statistic_ext_data`, "42501"},
	{`SELECT * FROM pg_largeobject`, "42501"},
	{`SELECT FROM pg_stats WHERE schemaname = 'app' AND tablename = 'workspaces'`, "0 rows"}, // values that are frequent
}

func TestAttack_Server(t *testing.T) {
	t.Parallel()
	d := installed(t)
	attackers, a, victim := attackersOf(t, d)
	d.Exec(t, `ANALYZE app.workspaces`)
	defer unharmed(t, d, victim)()
	for _, by := range attackers {
		for _, attack := range serverAttacks {
			if got := by.as(t, a.organization, "", attack.sql); got != attack.want {
				t.Errorf("%s: %s: %s, want %s", by.role, attack.sql, got, attack.want)
			}
		}
	}
}

func TestAttack_RowSecurityOff(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	attackers, a, victim := attackersOf(t, d)
	defer unharmed(t, d, victim)()
	for _, by := range attackers {
		must(t, by, `SET row_security = off`)
		for _, table := range tenantTables(t, d) {
			for _, sql := range []string{`SELECT FROM `, `DELETE FROM `} {
				if got := by.as(t, a.organization, "", sql+table.Name); got != "42501" {
					t.Errorf("%s: %s%s: %s, want 42501", by.role, sql, table.Name, got)
				}
			}
		}
	}
}

// A setting that is no id is an error, and never everything.
func TestAttack_StrangeSettings(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	attackers, a, victim := attackersOf(t, d)
	defer unharmed(t, d, victim)()
	for _, by := range attackers {
		for setting, want := range map[string]string{
			"":                              "0 rows",
			nobody:                          "0 rows",
			"%":                             "22P02",
			" ":                             "22P02",
			"null":                          "22P02",
			a.organization + ",":            "22P02",
			strings.ToUpper(a.organization): "3 rows", // the same id
		} {
			if got := by.as(t, setting, "", `SELECT FROM app.workspaces`); got != want {
				t.Errorf("%s, session %q: %s, want %s", by.role, setting, got, want)
			}
		}
	}
}

// A function that tells what it is given, and costs nothing, is called on a row
// as soon as the planner may: not before the policy has let the row through.
// Without an index, it could be.
func TestAttack_LeakyFunction(t *testing.T) {
	t.Parallel()
	d := installed(t)
	attackers, a, victim := attackersOf(t, d)
	d.Exec(t, `CREATE FUNCTION app.spy(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'`)
	own, others := "Secret of "+a.organization, "Secret of "+victim.organization
	spy := func(by attacker) []string {
		config := by.Config()
		config.RuntimeParams["enable_indexscan"], config.RuntimeParams["enable_bitmapscan"] = "off", "off"
		var told []string
		config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { told = append(told, notice.Message) }
		c, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close(t.Context()) }()
		if got := (attacker{c, by.role}).as(t, a.organization, "", `SELECT FROM app.workspaces WHERE app.spy(name)`); got != "3 rows" {
			t.Errorf("%s: the spy found %s, want 3 rows", by.role, got)
		}
		slices.Sort(told)
		return slices.Compact(told)
	}
	for _, by := range attackers {
		if told := spy(by); !slices.Equal(told, []string{own}) {
			t.Errorf("%s was told %q, want %q", by.role, told, own)
		}
	}
	// The control: a function that is said to keep quiet is called sooner.
	d.Exec(t, `ALTER FUNCTION app.spy LEAKPROOF`)
	if told := spy(attackers[0]); !slices.Contains(told, others) {
		t.Errorf("a spy that is trusted was told %q, and nothing of the others", told)
	}
}

// What copies a table out is bound by its policies.
func TestAttack_CopyOut(t *testing.T) {
	t.Parallel()
	attackers, a, victim := attackersOf(t, pgtest.New(t))
	for _, by := range attackers {
		must(t, by, `SELECT set_config('app.organization_id', $1, false)`, a.organization)
		var copied bytes.Buffer
		if _, err := by.PgConn().CopyTo(t.Context(), &copied, `COPY app.workspaces TO STDOUT`); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(copied.String(), a.organization) || strings.Contains(copied.String(), victim.organization) {
			t.Errorf("%s copied:\n%s", by.role, &copied)
		}
	}
}

// Views are for nobody yet. This is what the lint keeps apart: a view with the
// rights of who asks is bound, others are not.
func TestAttack_Views(t *testing.T) {
	t.Parallel()
	d := installed(t)
	attackers, a, _ := attackersOf(t, d)
	d.Exec(t, `
        CREATE VIEW app.bound WITH (security_invoker = on) AS SELECT * FROM app.workspaces;
        CREATE VIEW app.free AS SELECT * FROM app.workspaces;
        CREATE MATERIALIZED VIEW app.frozen AS SELECT * FROM app.workspaces;
        GRANT SELECT ON app.bound, app.free, app.frozen TO rowhouse_app, rowhouse_worker`)
	if got := rules(lint(t, d.Connect(t, pgtest.Superuser), schemaLint)); got != "L7 L8" {
		t.Errorf("the lint finds %q, want L7 and L8", got)
	}
	for _, by := range attackers {
		for view, want := range map[string]string{"app.bound": "3 rows", "app.free": "6 rows", "app.frozen": "6 rows"} {
			if got := by.as(t, a.organization, "", `SELECT FROM `+view); got != want {
				t.Errorf("%s: %s: %s, want %s", by.role, view, got, want)
			}
		}
	}
}

// What row-level security is not: who can run any SQL can say that they are
// another tenant. It is for conditions that somebody forgot.
func TestAttack_DocumentedLimit(t *testing.T) {
	t.Parallel()
	attackers, a, victim := attackersOf(t, pgtest.New(t))
	for _, by := range attackers {
		got := by.as(t, a.organization, "", `WITH other AS MATERIALIZED (SELECT set_config('app.organization_id', '`+victim.organization+`', true) AS id)
            SELECT FROM other, LATERAL (SELECT FROM app.workspaces WHERE organization_id = other.id::uuid OFFSET 0) AS theirs`)
		if got != "3 rows" {
			t.Errorf("%s: %s, want 3 rows", by.role, got)
		}
	}
}
