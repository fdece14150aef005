package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// codeOf returns the SQLSTATE of an error of the database.
func codeOf(err error) (string, bool) {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return "", false
	}
	return e.Code, true
}

// Whoever serves requests records jobs, of its tenant or of none, and that is
// all: it sees none, not even its own, and changes none.
func TestAttack_Outbox(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenants := seed(t, d, 2, 2)
	a, victim := tenants[0], tenants[1]
	defer unharmed(t, d, victim)()
	defer unharmed(t, d, a)()
	d.Exec(t, `INSERT INTO app.processed_messages VALUES ('worker', $1, now())`, nobody)
	d.Exec(t, `INSERT INTO app.schedule_ticks VALUES ('hourly', now())`)
	app := attacker{d.Connect(t, postgres.RoleApp), postgres.RoleApp}
	for _, table := range []string{"app.outbox", "app.processed_messages", "app.schedule_ticks"} {
		for _, sql := range []string{
			`SELECT FROM TABLE`, `SELECT count(*) FROM TABLE`, `SELECT FROM TABLE FOR UPDATE`, `DELETE FROM TABLE`, `TRUNCATE TABLE`,
			`COPY TABLE TO STDOUT`, `LOCK TABLE TABLE`,
		} {
			sql := strings.ReplaceAll(sql, "TABLE", table)
			sql = strings.ReplaceAll(sql, "LOCK "+table, "LOCK TABLE")
			for _, organization := range []string{"", a.organization} {
				if got := app.as(t, organization, "", sql); got != "42501" {
					t.Errorf("session %q: %s: %s, want 42501", organization, sql, got)
				}
			}
		}
	}
	for _, sql := range []string{
		`UPDATE app.outbox SET done_at = now()`,
		`UPDATE app.outbox SET organization_id = organization_id`,
		`INSERT INTO app.outbox (id, kind, payload, created_at, due_at, available_at) VALUES (gen_random_uuid(), '', '{}', now(), now(), now()) RETURNING id`,
		`INSERT INTO app.outbox (id, kind, payload, created_at, due_at, available_at, done_at) VALUES (gen_random_uuid(), '', '{}', now(), now(), now(), now())`,
		`INSERT INTO app.outbox (id, kind, payload, created_at, due_at, available_at, attempts) VALUES (gen_random_uuid(), '', '{}', now(), now(), now(), 1)`,
		`INSERT INTO app.processed_messages VALUES ('worker', '` + a.job + `', now())`,
		`INSERT INTO app.schedule_ticks VALUES ('hourly', now())`,
	} {
		if got := app.as(t, a.organization, "", sql); got != "42501" {
			t.Errorf("%s: %s, want 42501", sql, got)
		}
	}
}

// record records a job of an organization, or of none.
const record = `INSERT INTO app.outbox (id, organization_id, kind, payload, created_at, due_at, available_at)
    SELECT gen_random_uuid(), %s, 'test.job', '{}', now(), now(), now()`

func TestAttack_RecordingJobs(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenants := seed(t, d, 2, 2)
	a, victim := tenants[0], tenants[1]
	for _, role := range []string{postgres.RoleApp, postgres.RoleWorker} {
		by := attacker{d.Connect(t, role), role}
		for _, tt := range []struct{ session, of, want string }{
			{"", "NULL", "1 rows"},
			{a.organization, "NULL", "1 rows"},
			{a.organization, "'" + a.organization + "'::uuid", "1 rows"},
			{a.organization, "'" + victim.organization + "'::uuid", "42501"},
			{"", "'" + victim.organization + "'::uuid", "42501"},
			{nobody, "'" + nobody + "'::uuid", "23503"},
		} {
			if got := by.as(t, tt.session, "", fmt.Sprintf(record, tt.of)); got != tt.want {
				t.Errorf("%s, session %q: a job of %s: %s, want %s", role, tt.session, tt.of, got, tt.want)
			}
		}
	}
}

// A worker says how far a job is. What it is about, and whose it is, stays; and
// one that is not over stays, too.
func TestAttack_WorkersOnJobs(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	a := seed(t, d, 2, 2)[0]
	worker := attacker{d.Connect(t, postgres.RoleWorker), postgres.RoleWorker}
	for _, tt := range []struct{ sql, want string }{
		{`SELECT FROM app.outbox`, "2 rows"},
		{`UPDATE app.outbox SET organization_id = NULL`, "42501"},
		{`UPDATE app.outbox SET payload = '{}'`, "42501"},
		{`UPDATE app.outbox SET kind = 'another'`, "42501"},
		{`UPDATE app.outbox SET id = gen_random_uuid()`, "42501"},
		{`UPDATE app.outbox SET created_at = now()`, "42501"},
		{`DELETE FROM app.outbox`, "0 rows"},
		{`UPDATE app.processed_messages SET processed_at = now()`, "42501"},
		{`UPDATE app.schedule_ticks SET tick = now()`, "42501"},
		{`UPDATE app.outbox SET done_at = now(), dead_at = now()`, "23514"},
		{`UPDATE app.outbox SET done_at = now() WHERE id = '` + a.job + `'`, "1 rows"},
		{`DELETE FROM app.outbox`, "1 rows"},
		{`TRUNCATE app.outbox`, "42501"},
	} {
		if got := worker.as(t, "", "", tt.sql); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.sql, got, tt.want)
		}
	}
}

// Who serves requests cannot say that a job is done.
func TestOutbox_DoneIsForWorkers(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	a := seed(t, d, 1, 2)[0]
	store := openOn(t, d, postgres.RoleApp)
	if err := store.Outbox().Done(t.Context(), jobID(a), at); !hasCode(err, "42501") {
		t.Errorf("Done() = %v, want 42501", err)
	}
	jobs := postgres.NewJobs(store)
	if _, err := jobs.Relay(t.Context(), at, 1, nil); !hasCode(err, "42501") {
		t.Errorf("Relay() = %v, want 42501", err)
	}
	if _, err := jobs.Get(t.Context(), jobID(a)); !hasCode(err, "42501") {
		t.Errorf("Get() = %v, want 42501", err)
	}
}
