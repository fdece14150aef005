package postgres_test

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// bootstrapped returns a database that an administrator has made ready, without
// a schema.
func bootstrapped(t *testing.T) *pgtest.Database {
	t.Helper()
	d := pgtest.Empty(t)
	sql, err := postgres.BootstrapSQL()
	if err != nil {
		t.Fatal(err)
	}
	unlock := rolesLocked(t)
	defer unlock()
	d.Exec(t, sql)
	return d
}

func openMigrator(t *testing.T, d *pgtest.Database, settings ...string) *postgres.Migrator {
	t.Helper()
	m, err := postgres.OpenMigrator(strings.Join(append([]string{d.URL(postgres.RoleOwner)}, settings...), "&"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// up brings the schema up to date and returns the versions that were missing.
func up(t *testing.T, m *postgres.Migrator) []int64 {
	t.Helper()
	applied, err := m.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return versions(applied)
}

// down takes everything back and returns the versions, the latest first.
func down(t *testing.T, m *postgres.Migrator) []int64 {
	t.Helper()
	var taken []postgres.Migration
	for {
		one, err := m.Down(t.Context())
		if errors.Is(err, goose.ErrNoNextVersion) {
			return versions(taken)
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, one)
	}
}

func versions(list []postgres.Migration) []int64 {
	var versions []int64
	for _, m := range list {
		versions = append(versions, m.Version)
	}
	return versions
}

// files returns the versions of the migrations in the folder.
func files(t *testing.T) []int64 {
	t.Helper()
	entries, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	var versions []int64
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, version)
	}
	return versions
}

func TestMigrator_EightAtOnceApplyEachOnce(t *testing.T) {
	t.Parallel()
	d := bootstrapped(t)
	var mu sync.Mutex
	var applied []int64
	var group sync.WaitGroup
	for range 8 {
		m := openMigrator(t, d)
		group.Go(func() {
			mine, err := m.Up(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			applied = append(applied, versions(mine)...)
		})
	}
	group.Wait()
	if want := files(t); !slices.Equal(applied, want) {
		t.Errorf("applied %v in total, want %v", applied, want)
	}
	var recorded int
	err := d.Connect(t, pgtest.Superuser).QueryRow(t.Context(), `SELECT count(*) FROM app.schema_migrations WHERE version_id > 0`).Scan(&recorded)
	if err != nil || recorded != len(files(t)) {
		t.Errorf("%d are recorded, %v; want %d", recorded, err, len(files(t)))
	}
}

func TestMigrator_Status(t *testing.T) {
	t.Parallel()
	m, want := openMigrator(t, bootstrapped(t)), files(t)
	for _, step := range []struct {
		name    string
		do      func()
		applied int
	}{
		{"before", func() {}, 0},
		{"after", func() { up(t, m) }, len(want)},
		{"after up again", func() { up(t, m) }, len(want)},
		{"after one was taken back", func() {
			if taken, err := m.Down(t.Context()); err != nil || taken.Version != want[len(want)-1] {
				t.Errorf("Down() = %+v, %v", taken, err)
			}
		}, len(want) - 1},
		{"after all were taken back", func() { down(t, m) }, 0},
	} {
		step.do()
		list, err := m.Status(t.Context())
		if err != nil || !slices.Equal(versions(list), want) {
			t.Fatalf("%s: Status() = %+v, %v; want versions %v", step.name, list, err, want)
		}
		for i, one := range list {
			if one.AppliedAt.IsZero() != (i >= step.applied) || !strings.HasPrefix(one.Name, "0") {
				t.Errorf("%s: %+v", step.name, one)
			}
		}
	}
}

func TestMigrator_DownAndUpAgainIsTheSameSchema(t *testing.T) {
	t.Parallel()
	d := bootstrapped(t)
	m, c := openMigrator(t, d), d.Connect(t, pgtest.Superuser)
	up(t, m)
	before := dump(t, c)
	if len(before) < 300 || !slices.Equal(before, dump(t, pgtest.New(t).Connect(t, pgtest.Superuser))) {
		t.Errorf("two new schemas differ, or have nothing in them: %d lines", len(before))
	}
	taken := down(t, m)
	slices.Reverse(taken)
	if !slices.Equal(taken, files(t)) {
		t.Errorf("taken back were %v, want %v, the latest first", taken, files(t))
	}
	for _, line := range dump(t, c) {
		if !strings.Contains(line, "schema_migrations") && !strings.HasPrefix(line, "schema app") {
			t.Errorf("left behind: %s", line)
		}
	}
	up(t, m)
	if after := dump(t, c); !slices.Equal(after, before) {
		t.Errorf("the schema has changed: %s", difference(before, after))
	}
	// The control: a policy or a right that differs is seen.
	for _, sql := range []string{
		`ALTER POLICY fence ON app.workspaces USING (true)`,
		`REVOKE DELETE ON app.workspaces FROM rowhouse_worker`,
		`GRANT SELECT (password_hash) ON app.users TO rowhouse_operator`,
		`ALTER TABLE app.workspaces NO FORCE ROW LEVEL SECURITY`,
		`ALTER TABLE app.workspaces ALTER description DROP DEFAULT`,
		`DROP TRIGGER record_change ON app.users`,
		`DROP INDEX app.workspaces_name_idx`,
	} {
		change(t, c, func(tx pgx.Tx) {
			must(t, tx, sql)
			if slices.Equal(dump(t, tx), before) {
				t.Errorf("%s does not show", sql)
			}
		})
	}
}

// Row-level security comes with the table, in the same migration: no version of
// the schema has a table of tenants that is open.
func TestMigrator_NoVersionIsOpen(t *testing.T) {
	t.Parallel()
	d := bootstrapped(t)
	m, c := openMigrator(t, d), d.Connect(t, pgtest.Superuser)
	up(t, m)
	for range files(t) {
		taken, err := m.Down(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range lint(t, c, schemaLint) {
			if !strings.HasPrefix(f.Rule, "L0 ") { // doors to what comes later
				t.Errorf("before %s: %s: %s", taken.Name, f.Rule, f.Object)
			}
		}
	}
}

func TestNeededVersionIsTheNewest(t *testing.T) {
	t.Parallel()
	needed, err := postgres.NeededVersion()
	if want := slices.Max(files(t)); err != nil || needed != want {
		t.Errorf("needed is %d, %v; want %d", needed, err, want)
	}
}
