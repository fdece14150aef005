package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

func TestCheck_AcceptsTheRolesThatServe(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	for _, role := range []string{postgres.RoleApp, postgres.RoleWorker} {
		if err := openOn(t, d, role).Check(t.Context()); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// A release that is newer has migrated already; the older one goes on.
func TestCheck_AcceptsANewerSchema(t *testing.T) {
	t.Parallel()
	d := installed(t)
	d.Exec(t, `INSERT INTO app.schema_migrations (version_id, is_applied) VALUES (99999, true)`)
	if err := openOn(t, d, postgres.RoleApp).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// use is what every message about a role ends with.
const use = ". Use rowhouse_app"

func TestCheck_RefusesRolesThatReachTooMuch(t *testing.T) {
	t.Parallel()
	d := installed(t)
	const dangerous = "is a superuser, passes by row-level security or can make roles that do: nothing would keep tenants apart" + use
	for _, tt := range []struct{ name, attributes, then, want string }{
		{"a superuser", "SUPERUSER", "", dangerous},
		{"one that row-level security does not bind", "BYPASSRLS", "", dangerous},
		{"one that makes roles", "CREATEROLE", "", dangerous},
		{"one that makes databases", "CREATEDB", "", dangerous},
		{"one that replicates", "REPLICATION", "", dangerous},
		{"a member of the owner", "", "GRANT rowhouse_owner TO %s", "is a member of other roles, and could become one that sees more" + use},
		{"a member that inherits nothing", "NOINHERIT", "GRANT pg_read_all_data TO %s", "is a member of other roles, and could become one that sees more" + use},
		{"the owner of a table", "", "ALTER TABLE app.workspaces OWNER TO %s", "owns tables, and could take their row-level security away" + use},
		{"the owner of a partition", "", "ALTER TABLE app.usage_metrics_2030 OWNER TO %s", "owns tables, and could take their row-level security away" + use},
		{"one without timeouts", "", "", `has no statement_timeout or no lock_timeout: run what ` + "`rowhouse migrate bootstrap`" + ` prints, as a superuser`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			role := madeUpRole(t, d, tt.attributes)
			if tt.then != "" {
				d.Exec(t, fmt.Sprintf(tt.then, role))
			}
			err := openOn(t, d, role).Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), `the role "`+role+`"`) || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("Check() = %v, want what names the role and ends with %q", err, tt.want)
			}
		})
	}
	t.Run("the superuser of the server", func(t *testing.T) {
		err := openOn(t, d, pgtest.Superuser).Check(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), dangerous) {
			t.Errorf("Check() = %v, want what ends with %q", err, dangerous)
		}
	})
}

func TestCheck_RefusesSchemasThatAreNotReady(t *testing.T) {
	t.Parallel()
	d := installed(t)
	store := openOn(t, d, postgres.RoleApp)
	const open = "tables of tenants are not under forced row-level security"
	const missing = "run `rowhouse migrate up` (it is at version "
	for _, tt := range []struct{ name, sql, undo, want string }{
		{"row-level security off", `ALTER TABLE app.workspaces DISABLE ROW LEVEL SECURITY`, `ALTER TABLE app.workspaces ENABLE ROW LEVEL SECURITY`, "1 " + open},
		{"not forced", `ALTER TABLE app.workspaces NO FORCE ROW LEVEL SECURITY; ALTER TABLE app.memberships NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE app.workspaces FORCE ROW LEVEL SECURITY; ALTER TABLE app.memberships FORCE ROW LEVEL SECURITY`, "2 " + open},
		{"not forced on the tenants themselves", `ALTER TABLE app.organizations NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE app.organizations FORCE ROW LEVEL SECURITY`, "1 " + open},
		{"not forced on a partition", `ALTER TABLE app.usage_metrics_2030 NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE app.usage_metrics_2030 FORCE ROW LEVEL SECURITY`, "1 " + open},
		{"a table that nobody thought about", `CREATE TABLE app.news (organization_id uuid)`, `DROP TABLE app.news`, "1 " + open},
		{"a migration was taken back", `UPDATE app.schema_migrations SET is_applied = false WHERE version_id > 1`, `UPDATE app.schema_migrations SET is_applied = true`, missing + "1 and needs "},
		{"a migration is missing", `DELETE FROM app.schema_migrations WHERE version_id = (SELECT max(version_id) FROM app.schema_migrations)`, ``, missing},
		{"no migration", `DELETE FROM app.schema_migrations`, ``, missing + "0 and needs "},
		{"no tables", `DROP SCHEMA app CASCADE`, ``, "run `rowhouse migrate up`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.Exec(t, tt.sql)
			err := store.Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check() = %v, want %q", err, tt.want)
			}
			if tooOld := strings.Contains(tt.want, "migrate up"); errors.Is(err, postgres.ErrSchemaTooOld) != tooOld {
				t.Errorf("Check() = %v: ErrSchemaTooOld is to be %v", err, tooOld)
			}
			d.Exec(t, tt.undo)
		})
	}
}

func TestCheck_RefusesConnectionsWithoutTimeouts(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	for _, setting := range []string{"statement_timeout", "lock_timeout"} {
		store, err := postgres.Open(t.Context(), d.URL(postgres.RoleApp)+"&"+setting+"=0", patient)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
		if err := store.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "rowhouse migrate bootstrap") {
			t.Errorf("%s=0: Check() = %v, want what says to run the bootstrap", setting, err)
		}
	}
}

func TestCheck_RefusesOldServers(t *testing.T) {
	t.Parallel()
	of14 := func(sql string) string {
		return strings.Replace(sql, "current_setting('server_version_num')", "'140011'", 1)
	}
	store, err := postgres.OpenRewriting(t.Context(), pgtest.New(t).URL(postgres.RoleApp), patient, of14)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	if err := store.Check(t.Context()); err == nil || err.Error() != "this is PostgreSQL 14, and Rowhouse needs 15 or newer" {
		t.Errorf("Check() = %v", err)
	}
}

var madeUpRoles atomic.Int64

// madeUpRole makes a role that nobody else knows and that can use the database.
// In the end it is dropped, with all that it has there: roles belong to the whole
// server.
func madeUpRole(t *testing.T, d *pgtest.Database, attributes string) string {
	t.Helper()
	role := fmt.Sprintf("rowhouse_made_up_%d_%d", os.Getpid(), madeUpRoles.Add(1))
	d.Exec(t, fmt.Sprintf(`CREATE ROLE %[1]s LOGIN %[2]s; GRANT CONNECT ON DATABASE %[3]s TO %[1]s; GRANT USAGE ON SCHEMA app TO %[1]s`,
		role, attributes, d.Connect(t, pgtest.Superuser).Config().Database))
	t.Cleanup(func() { dropRole(t, d, role) })
	return role
}

func dropRole(t *testing.T, d *pgtest.Database, role string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, d.URL(pgtest.Superuser))
	if err == nil {
		_, err = c.Exec(ctx, `REASSIGN OWNED BY `+role+` TO rowhouse_owner; DROP OWNED BY `+role+`; DROP ROLE `+role)
		err = errors.Join(err, c.Close(ctx))
	}
	if err != nil {
		t.Error(err)
	}
}
