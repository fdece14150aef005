package postgres_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// backend is the process that serves a statement.
func backend(t *testing.T, on ports.Repositories) (pid int64) {
	t.Helper()
	if err := postgres.GORM(t.Context(), on, postgres.Session{}).Raw(`SELECT pg_backend_pid()`).Scan(&pid).Error; err != nil {
		t.Fatal(err)
	}
	return pid
}

// kill ends a process of the server and waits until it is gone.
func kill(t *testing.T, c *pgx.Conn, pid int64) {
	t.Helper()
	must(t, c, `SELECT pg_terminate_backend($1)`, pid)
	waitFor(t, "the connection is gone", func() bool { return count(t, c, `SELECT FROM pg_stat_activity WHERE pid = $1`, pid) == 0 })
}

// wellAgain checks that the next call works, and that no connection got lost.
func wellAgain(t *testing.T, store *postgres.Store, a seeded) {
	t.Helper()
	if _, err := tenantOf(store, a).Organization().Get(t.Context()); err != nil {
		t.Errorf("the next call: %v", err)
	}
	if n := store.Pool().Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are still in use", n)
	}
}

func TestFault_ConnectionKilled(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(t *testing.T, store *postgres.Store, c *pgx.Conn, a seeded) error{
		"before a statement of an update": func(t *testing.T, store *postgres.Store, c *pgx.Conn, a seeded) error {
			return store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
				kill(t, c, backend(t, tx))
				_, err := tenantOf(tx, a).Organization().Get(t.Context())
				return err
			})
		},
		"before the end of an update": func(t *testing.T, store *postgres.Store, c *pgx.Conn, _ seeded) error {
			return store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
				kill(t, c, backend(t, tx))
				return nil
			})
		},
		"after a statement of an update failed": func(t *testing.T, store *postgres.Store, c *pgx.Conn, a seeded) error {
			return store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
				kill(t, c, backend(t, tx))
				_, _ = tenantOf(tx, a).Organization().Get(t.Context())
				return nil // as if nothing had happened
			})
		},
		"while it is in the pool": func(t *testing.T, store *postgres.Store, c *pgx.Conn, a seeded) error {
			kill(t, c, backend(t, store))
			_, err := tenantOf(store, a).Organization().Get(t.Context())
			return err
		},
		"in a query past GORM": func(t *testing.T, store *postgres.Store, c *pgx.Conn, a seeded) error {
			kill(t, c, backend(t, store))
			return store.Query(t.Context(), of(a), func(pgx.Rows) error { return nil }, `SELECT 1`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := pgtest.New(t)
			a := seed(t, d, 1, 2)[0]
			store := openOne(t, d)
			if err := fault(t, store, d.Connect(t, pgtest.Superuser), a); !errors.Is(err, domain.ErrUnavailable) {
				t.Errorf("it went like this: %v, want %v", err, domain.ErrUnavailable)
			}
			wellAgain(t, store, a)
		})
	}
}

// Both timeouts are the role's; here they are shorter.
func TestFault_Timeouts(t *testing.T) {
	t.Parallel()
	for setting, code := range map[string]string{"statement_timeout=200": "57014", "lock_timeout=200": "55P03"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			d := pgtest.New(t)
			a := seed(t, d, 1, 2)[0]
			store, c := openOne(t, d, setting), d.Connect(t, pgtest.Superuser)
			must(t, c, `BEGIN; SELECT FROM app.workspaces FOR UPDATE; SELECT FROM app.organizations FOR UPDATE`)
			remove := func(r ports.Repositories) error {
				return tenantOf(r, a).Workspaces().Remove(t.Context(), domain.WorkspaceID(a.workspaces[0]))
			}
			for name, err := range map[string]error{
				"a statement":            postgres.GORM(t.Context(), store, of(a)).Exec(`UPDATE app.workspaces SET name = name`).Error,
				"a call":                 remove(store),
				"a call in an update":    store.Update(t.Context(), ports.Scope{}, remove),
				"the locks of an update": lockedOut(t, d, store, a),
			} {
				if name == "a statement" {
					err = errors.Join(domain.ErrUnavailable, err) // it is for its caller to say
				}
				if !errors.Is(err, domain.ErrUnavailable) || !hasCode(err, code) {
					t.Errorf("%s: %v, want %v with %s behind it", name, err, domain.ErrUnavailable, code)
				}
			}
			must(t, c, `ROLLBACK`)
			wellAgain(t, store, a)
		})
	}
}

// lockedOut is an update while another process updates the same tenant.
func lockedOut(t *testing.T, d *pgtest.Database, store *postgres.Store, a seeded) (err error) {
	t.Helper()
	scope := ports.Of(domain.OrganizationID(a.organization))
	other := openOne(t, d)
	if err := other.Update(t.Context(), scope, func(ports.Repositories) error {
		err = store.Update(t.Context(), scope, func(ports.Repositories) error { return nil })
		return nil
	}); err != nil {
		t.Error(err)
	}
	return err
}

func TestFault_UpdateThatIdles(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	a := seed(t, d, 1, 2)[0]
	store, c := openOne(t, d, "idle_in_transaction_session_timeout=500"), d.Connect(t, pgtest.Superuser)
	err := store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
		pid := backend(t, tx)
		waitFor(t, "the server ends it", func() bool { return count(t, c, `SELECT FROM pg_stat_activity WHERE pid = $1`, pid) == 0 })
		_, err := tenantOf(tx, a).Organization().Get(t.Context())
		return err
	})
	if !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("Update() = %v, want %v", err, domain.ErrUnavailable)
	}
	wellAgain(t, store, a)
}

func TestFault_NoConnectionInTime(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	a := seed(t, d, 1, 2)[0]
	store, err := postgres.Open(t.Context(), d.URL(postgres.RoleApp), postgres.PoolConfig{MaxConnections: 1, MaxWait: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	// Opening the only connection may take longer than waiting for it.
	waitFor(t, "it is connected", func() bool { return store.Ping(t.Context()) == nil })
	err = store.Update(t.Context(), ports.Scope{}, func(ports.Repositories) error {
		tenant := tenantOf(store, a) // not the one of the update: it needs another connection
		_, got := tenant.Organization().Get(t.Context())
		_, listed := tenant.Workspaces().List(t.Context(), domain.WorkspaceViewer{SeesAll: true}, page)
		for call, err := range map[string]error{
			"Get": got, "List": listed, "Update": store.Update(t.Context(), ports.Scope{}, func(ports.Repositories) error { return nil }),
		} {
			if !errors.Is(err, domain.ErrUnavailable) {
				t.Errorf("%s: %v, want %v", call, err, domain.ErrUnavailable)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, got = tenant.Organization().Get(ctx)
		_, listed = tenant.Workspaces().List(ctx, domain.WorkspaceViewer{SeesAll: true}, page)
		for call, err := range map[string]error{"Get": got, "List": listed} {
			if !errors.Is(err, context.Canceled) || errors.Is(err, domain.ErrUnavailable) {
				t.Errorf("%s, for who has given up: %v, want %v", call, err, context.Canceled)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	wellAgain(t, store, a)
}

func TestFault_NoServer(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	store, err := postgres.Open(t.Context(), "postgres://rowhouse_app@"+listener.Addr().String()+"/rowhouse?sslmode=disable", patient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	_, got := store.Users().Get(t.Context(), nobody)
	for call, err := range map[string]error{
		"Get": got, "Ping": store.Ping(t.Context()), "Check": store.Check(t.Context()),
		"Update": store.Update(t.Context(), ports.Scope{}, func(ports.Repositories) error { return nil }),
	} {
		if !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%s: %v, want %v", call, err, domain.ErrUnavailable)
		}
	}
}

// An update in whose way others were is run again, from its start.
func TestFault_UpdateIsRunAgain(t *testing.T) {
	t.Parallel()
	store := openOne(t, pgtest.New(t))
	for _, tt := range []struct {
		code           string
		failures, runs int
	}{{"40001", 0, 1}, {"40001", 2, 3}, {"40P01", 3, 4}, {"40P01", 9, 4}, {"23505", 9, 1}, {"57014", 9, 1}} {
		runs := 0
		err := store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
			if runs++; runs > tt.failures {
				return nil
			}
			return postgres.GORM(t.Context(), tx, postgres.Session{}).Exec(`DO $$ BEGIN RAISE SQLSTATE '` + tt.code + `'; END $$`).Error
		})
		if runs != tt.runs || (err == nil) != (tt.failures < tt.runs) || err != nil && !hasCode(err, tt.code) {
			t.Errorf("%d times %s: %d runs, %v; want %d", tt.failures, tt.code, runs, err, tt.runs)
		}
	}
}
