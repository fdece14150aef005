package postgres_test

import (
	"fmt"
	"net/url"
	"os"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

func feedUser(n int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012x", n) }

// withUsers returns a database with so many users.
func withUsers(t *testing.T, n int) *pgtest.Database {
	t.Helper()
	d := pgtest.New(t)
	c := d.Connect(t, pgtest.Superuser)
	for i := range n {
		must(t, c, `INSERT INTO app.users (id, email, name, name_key, created_at, updated_at) VALUES ($1, $2, '', '', now(), now())`,
			feedUser(i), feedUser(i)+"@example.com")
	}
	return d
}

const renameUser = `UPDATE app.users SET name = name || 'x' WHERE id = $1`

func TestFeed_LooksWhenAnotherProcessNotifies(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 1)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, renameUser, feedUser(0))
		f.until(feedUser(0))
	}
}

func TestFeed_LooksWhenItIsWoken(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 0)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, `INSERT INTO app.changes (subject, key) VALUES ('organization', 'acme')`)
		f.wake <- struct{}{}
		f.until("acme")
	}
}

func TestFeed_LooksNowAndThenAnyway(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 0)
	f, c := follow(t, d.URL(postgres.RoleApp), 10*time.Millisecond), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, `INSERT INTO app.changes (subject, key) VALUES ('organization', 'acme')`)
		f.until("acme")
	}
}

// Notifications that come faster than looks do not pile up: one look answers
// all of them.
func TestFeed_OneLookAnswersManyNotifications(t *testing.T) {
	t.Parallel()
	const changes = 300
	d := withUsers(t, 1)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	must(t, c, renameUser, feedUser(0))
	must(t, c, fmt.Sprintf(`DO $$ BEGIN FOR i IN 1..%d LOOP UPDATE app.users SET name = i::text; COMMIT; END LOOP; END $$`, changes))
	looks := 0
	for range 2 * changes {
		must(t, c, `SELECT 1`) // takes longer than a look
		select {
		case <-f.seen:
			looks++
		default:
		}
	}
	if looks < 1 || looks > 5 {
		t.Errorf("%d changes made for %d looks, want a few", changes, looks)
	}
}

func TestFeed_GoesOnAfterItsConnectionIsKilled(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 1)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	for range 3 {
		must(t, c, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, f.name)
		select {
		case <-f.lost:
		case <-time.After(feedPatience):
			t.Fatal("nobody was told that changes may be lost")
		}
		f.take() // over another connection
		must(t, c, renameUser, feedUser(0))
		f.until(feedUser(0))
	}
}

func TestFeed_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 0)
	connections := func(f *follower, c *pgx.Conn) (n int) {
		t.Helper()
		err := c.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, f.name).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	goroutines := func(f *follower) int {
		t.Helper()
		var all strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
			t.Fatal(err)
		}
		return strings.Count(all.String(), f.name)
	}
	for name, interval := range map[string]time.Duration{"while it waits": never, "while it looks": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, c := follow(t, d.URL(postgres.RoleApp), interval), d.Connect(t, pgtest.Superuser)
			if connections(f, c) != 1 || goroutines(f) == 0 {
				t.Errorf("before: %d connections, %d goroutines; want one, and some", connections(f, c), goroutines(f))
			}
			f.stop()
			feedEventually(t, "the end of all goroutines", func() bool { return goroutines(f) == 0 })
			feedEventually(t, "the end of all connections", func() bool { return connections(f, c) == 0 })
			select {
			case <-f.lost:
			default:
				t.Error("nobody was told that nobody looks any more")
			}
		})
	}
}

// Behind a pooler that shares connections, LISTEN is in vain.
func TestFeed_GoesOnBehindAPooler(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 1)
	f, c := follow(t, behindPooler(t, d), 10*time.Millisecond), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, renameUser, feedUser(0))
		f.until(feedUser(0))
	}
}

// behindPooler returns the address of a database through PgBouncer.
func behindPooler(t *testing.T, d *pgtest.Database) string {
	t.Helper()
	pooler, err := url.Parse(os.Getenv("TEST_PGBOUNCER_URL"))
	if err != nil || pooler.Host == "" {
		t.Fatalf("TEST_PGBOUNCER_URL is not set (%v): `make test` starts a PgBouncer", err)
	}
	return d.URLAt(postgres.RoleApp, pooler.Host) + "&default_query_exec_mode=exec"
}
