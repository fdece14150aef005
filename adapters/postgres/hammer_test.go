package postgres_test

import (
	"errors"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// The hammer: many workers on few connections, for all tenants at once, with
// statements that have no condition on purpose. Whoever is handed a connection
// that still knows the one before sees rows that are not theirs.

const (
	hammerTenants    = 8
	hammerWorkspaces = 4
	hammerWorkers    = 64
	controlRequests  = 2000
)

// hammerRequests is how many requests each hammer makes.
func hammerRequests(t *testing.T) int64 {
	t.Helper()
	text := os.Getenv("HAMMER_REQUESTS")
	if text == "" {
		return 20_000
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The hammers are not parallel: they keep the machine busy, and count
// goroutines.
func TestHammer_Direct(t *testing.T) {
	d := installed(t)
	tenants := seed(t, d, hammerTenants, hammerWorkspaces)
	// Two connections, so that each is handed on at once.
	swing(t, d, tenants, d.URL(postgres.RoleApp), postgres.PoolConfig{MaxConnections: 2, MaxWait: time.Minute})
	control(t, tenants, d.URL(postgres.RoleApp))
}

// Here PgBouncer has two connections, and hands them on after each transaction:
// between two of one of ours, others may use them.
func TestHammer_ThroughPgBouncer(t *testing.T) {
	d := installed(t) // nobody else's: what the control leaves stays in PgBouncer
	tenants := seed(t, d, hammerTenants, hammerWorkspaces)
	pooler, err := url.Parse(os.Getenv("TEST_PGBOUNCER_URL"))
	if err != nil || pooler.Host == "" {
		t.Fatalf("TEST_PGBOUNCER_URL is no address: %v", err)
	}
	address := d.URLAt(postgres.RoleApp, pooler.Host) + "&default_query_exec_mode=exec"
	swing(t, d, tenants, address, postgres.PoolConfig{MaxConnections: 16, MaxWait: time.Minute})
	control(t, tenants, address)
}

// swing runs the hammer on the product.
func swing(t *testing.T, d *pgtest.Database, tenants []seeded, address string, config postgres.PoolConfig) {
	t.Helper()
	before := runtime.NumGoroutine()
	store, err := postgres.OpenRewriting(t.Context(), address, config, withoutScopes)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	store.OnChange(func([]postgres.Change) {})
	h, began := &hammer{way: productWay{store}, tenants: tenants, requests: hammerRequests(t)}, time.Now()
	h.run(t.Context())
	h.report(t, began)
	if h.leaks() != 0 || h.incomplete.Load() != 0 || h.failed.Load() != 0 {
		t.Errorf("the hammer found something: %v", errors.Join(h.mistakes...))
	}
	for _, r := range requests {
		if h.tried[r.name] == 0 {
			t.Errorf("%s: never tried", r.name)
		}
	}
	if h.complete.Load() < h.requests/2 || h.refused.Load() == 0 || h.gaveUp.Load() == 0 {
		t.Error("the hammer hardly hit anything")
	}
	c := d.Connect(t, pgtest.Superuser)
	forgotten(t, c, store)
	store.Close()
	waitFor(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
	waitFor(t, "connections are closed", func() bool { return count(t, c, connectionsOfApp) <= 2 }) // PgBouncer keeps its own
}

// connectionsOfApp finds the connections of the application in the database.
const connectionsOfApp = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'rowhouse_app'`

// sessionSettings are all that a session sets, one after the other.
const sessionSettings = `concat(current_setting('app.organization_id', true), current_setting('app.user_id', true),
    current_setting('app.email', true), current_setting('app.token_hash', true), current_setting('app.expired_at', true))`

// forgotten checks that no connection that is pooled somewhere remembers anybody.
// There are at most two, which two transactions at once get hold of.
func forgotten(t *testing.T, c *pgx.Conn, store *postgres.Store) {
	t.Helper()
	waitFor(t, "all connections are given back", func() bool { return store.Pool().Stat().AcquiredConns() == 0 })
	pids := map[int64]bool{}
	for range 2 {
		tx, err := store.Pool().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(t.Context()) }()
		var pid int64
		var remembered string
		const question = `SELECT pg_backend_pid(), ` + sessionSettings
		if err := tx.QueryRow(t.Context(), question).Scan(&pid, &remembered); err != nil || remembered != "" {
			t.Errorf("a connection remembers %q, %v", remembered, err)
		}
		pids[pid] = true
	}
	waitFor(t, "there are no other connections", func() bool { return len(pids) == 2 && count(t, c, connectionsOfApp) == 2 })
}

// control runs the same hammer on sessionSettings that outlive their transaction, which
// it has to notice.
func control(t *testing.T, tenants []seeded, address string) {
	t.Helper()
	h, began := &hammer{way: openNaiveWay(t, address), tenants: tenants, requests: controlRequests}, time.Now()
	h.run(t.Context())
	h.report(t, began)
	if h.leaks() == 0 {
		t.Error("the control does not leak: this hammer cannot find anything")
	}
}
