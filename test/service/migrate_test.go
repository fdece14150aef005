package service_test

import (
	"net/http"
	"strings"
	"testing"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	d := pgtest.Empty(t)
	app, owner := withPassword(d.URL(postgres.RoleApp)), withPassword(d.URL(postgres.RoleOwner))
	e := environment{"DATABASE_OWNER_URL": owner}

	run(t, environment{}, "migrate", "up").mustRefuse(t, "DATABASE_OWNER_URL")
	said := run(t, environment{"DATABASE_URL": app, "DATABASE_OWNER_URL": owner}, "migrate", "bootstrap")
	if sql := said.must(t); !strings.Contains(sql, "SCRAM-SHA-256$") {
		t.Error("bootstrap prints no passwords, not even in a form that does not betray them")
	}
	mustNotTell(t, said.out+said.output)
	// The passwords of the roles are those of the whole server: they stay.
	bootstrap(t, d, run(t, environment{}, "migrate", "bootstrap").must(t))

	status := run(t, e, "migrate", "status").must(t)
	all := strings.Count(status, "\n")
	if all == 0 || strings.Count(status, " missing\n") != all {
		t.Errorf("status before: %s", status)
	}
	applied := 0
	for _, one := range atOnce(t, 3, func(int) (outcome, error) { return run(t, e, "migrate", "up"), nil }) {
		if one.code != 0 {
			t.Errorf("one of three at once: exit code %d: %s", one.code, one.output)
		}
		applied += strings.Count(one.out, "applied ")
		mustNotTell(t, one.out+one.output)
	}
	if applied != all {
		t.Errorf("three at once applied %d migrations, want each of %d once", applied, all)
	}
	if status := run(t, e, "migrate", "status").must(t); strings.Count(status, " applied ") != all {
		t.Errorf("status after: %s", status)
	}
	if again := run(t, e, "migrate", "up").must(t); again != "up to date\n" {
		t.Errorf("up again: %s", again)
	}

	service := newEnvironment(t, d)
	served := serve(t, service)
	if taken := run(t, e, "migrate", "down").must(t); !strings.HasPrefix(taken, "took back ") {
		t.Errorf("down: %s", taken)
	}
	if status, checks := served.ready(t); status != http.StatusServiceUnavailable || checks["migrations"] != "down" {
		t.Errorf("/readyz = %d %v after a migration was taken back, want 503", status, checks)
	}
	mustNotServe(t, service, "rowhouse migrate up")
	if up := run(t, e, "migrate", "up").must(t); strings.Count(up, "applied ") != 1 {
		t.Errorf("up once more: %s", up)
	}
	served.awaitReady(t)
}

// bootstrap runs what `rowhouse migrate bootstrap` prints. Other packages make
// the same roles at the same time, and PostgreSQL lets only one.
func bootstrap(t *testing.T, d *pgtest.Database, sql string) {
	t.Helper()
	eventually(t, patience, "the roles are made", func() bool {
		c := d.Connect(t, pgtest.Superuser)
		_, err := c.Exec(t.Context(), sql)
		if err != nil && !strings.Contains(err.Error(), "concurrently updated") {
			t.Fatal(err)
		}
		return err == nil
	})
}
