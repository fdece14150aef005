package postgres_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres/pgtest"
)

// patience is how long a state may take to be reached.
const patience = 30 * time.Second

// waitFor waits for something to become true.
func waitFor(t *testing.T, what string, reached func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not after %s", what, patience)
		}
	}
}

// waitingForTable finds the owner's connections that wait for a table.
const waitingForTable = `
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'rowhouse_owner' AND wait_event_type = 'Lock' AND wait_event = 'relation'`

// hold keeps anyone from recording that a migration is applied, which is the
// last thing in its transaction, until release.
func hold(t *testing.T, d *pgtest.Database) (release func()) {
	t.Helper()
	c := d.Connect(t, pgtest.Superuser)
	must(t, c, `BEGIN; LOCK TABLE app.schema_migrations IN SHARE MODE`)
	return func() { must(t, c, `COMMIT`) }
}

func TestMigrator_UpAfterItsConnectionWasKilled(t *testing.T) {
	t.Parallel()
	for name, victims := range map[string]string{
		"the one that works": waitingForTable,
		"all that it has":    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'rowhouse_owner'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := bootstrapped(t)
			c := d.Connect(t, pgtest.Superuser)
			m := openMigrator(t, d, "lock_timeout=0")
			up(t, m)
			before := dump(t, c)
			down(t, m)
			release := hold(t, d)
			killed := make(chan error, 1)
			go func() {
				_, err := m.Up(t.Context())
				killed <- err
			}()
			waitFor(t, "a migration waits", func() bool { return count(t, c, waitingForTable) > 0 })
			must(t, c, `SELECT pg_terminate_backend(pid) FROM (`+victims+`) AS victims`)
			if err := <-killed; err == nil {
				t.Error("Up() = nil, with its connection killed")
			}
			release()
			if applied := up(t, openMigrator(t, d)); !slices.Equal(applied, files(t)) {
				t.Errorf("applied %v afterwards, want all", applied)
			}
			if after := dump(t, c); !slices.Equal(after, before) {
				t.Errorf("the schema has changed: %s", difference(before, after))
			}
		})
	}
}

// A migration does not stand in line before everybody else: it fails, and can be
// tried again.
func TestMigrator_GivesUpOnALockedTable(t *testing.T) {
	t.Parallel()
	d := bootstrapped(t)
	other := openMigrator(t, d)
	up(t, other)
	down(t, other)
	release := hold(t, d)
	m := openMigrator(t, d, "lock_timeout=50")
	for range 2 { // the second time, over the same connections
		if _, err := m.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "55P03") {
			t.Errorf("Up() = %v, want SQLSTATE 55P03", err)
		}
	}
	release()
	if applied := up(t, m); !slices.Equal(applied, files(t)) {
		t.Errorf("applied %v afterwards, want all", applied)
	}
}

// Another migrator may take longer than any lock should.
func TestMigrator_WaitsForAnother(t *testing.T) {
	t.Parallel()
	d := bootstrapped(t)
	c := d.Connect(t, pgtest.Superuser)
	must(t, c, `SELECT pg_advisory_lock(7202611241)`)
	ended := make(chan error, 1)
	m := openMigrator(t, d, "lock_timeout=20")
	go func() {
		_, err := m.Up(t.Context())
		ended <- err
	}()
	waitFor(t, "the other waits", func() bool {
		return count(t, c, `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory' AND now() - query_start > interval '50 ms'`) > 0
	})
	must(t, c, `SELECT pg_advisory_unlock(7202611241)`)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The roles of the server cannot be taken away from everybody else, so what
// lists them is a view without one of them.
func TestMigrator_SaysThatRolesAreMissing(t *testing.T) {
	t.Parallel()
	d := bootstrapped(t)
	d.Exec(t, `
        CREATE SCHEMA without;
        CREATE VIEW without.pg_roles AS SELECT * FROM pg_catalog.pg_roles WHERE rolname <> 'rowhouse_worker';
        GRANT USAGE ON SCHEMA without TO rowhouse_owner;
        GRANT SELECT ON without.pg_roles TO rowhouse_owner`)
	applied, err := openMigrator(t, d, "search_path=without,pg_catalog").Up(t.Context())
	want := "roles are missing in the database: run what `rowhouse migrate bootstrap` prints, as a superuser"
	if len(applied) > 0 || err == nil || err.Error() != want {
		t.Errorf("Up() = %v, %v; want %s", applied, err, want)
	}
	if n := count(t, d.Connect(t, pgtest.Superuser), `SELECT FROM pg_namespace WHERE nspname = 'app'`); n != 0 {
		t.Error("something was made all the same")
	}
}

// count returns how many rows a query finds.
func count(t *testing.T, c *pgx.Conn, sql string, args ...any) int {
	t.Helper()
	tag, err := c.Exec(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	return int(tag.RowsAffected())
}
