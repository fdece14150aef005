package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// execModes are how pgx sends statements: prepared and in binary, or without
// preparing and as text, which is for poolers.
var execModes = []string{"cache_statement", "exec"}

// forEachMode runs a test on a store with a single connection: whoever comes
// next gets the same one.
func forEachMode(t *testing.T, test func(t *testing.T, store *postgres.Store, tenants []seeded)) {
	t.Helper()
	for _, mode := range execModes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			d := pgtest.New(t)
			tenants := seed(t, d, 2, 3)
			test(t, openOne(t, d, "default_query_exec_mode="+mode), tenants)
		})
	}
}

// openOne returns a store with a single connection.
func openOne(t *testing.T, d *pgtest.Database, settings ...string) *postgres.Store {
	t.Helper()
	address := strings.Join(append([]string{d.URL(postgres.RoleApp)}, settings...), "&")
	store, err := postgres.Open(t.Context(), address, postgres.PoolConfig{MaxConnections: 1, MaxWait: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func of(s seeded) postgres.Session {
	return postgres.Session{Organization: domain.OrganizationID(s.organization)}
}

func tenantOf(r ports.Repositories, s seeded) ports.Tenant {
	return r.Tenant(domain.OrganizationID(s.organization))
}

// see returns how many workspaces and memberships a statement without a
// condition sees: 5 of a seeded tenant, 2 of Grace.
func see(t *testing.T, on ports.Repositories, s postgres.Session) int64 {
	t.Helper()
	var n int64
	const all = `SELECT (SELECT count(*) FROM app.workspaces) + (SELECT count(*) FROM app.memberships)`
	if err := postgres.GORM(t.Context(), on, s).Raw(all).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// uses are what leaves a session behind if anything does.
func uses(t *testing.T, store *postgres.Store, s postgres.Session) map[string]func() error {
	t.Helper()
	ctx := t.Context()
	on := func() *gorm.DB { return postgres.GORM(ctx, store, s) }
	update := func(fn func(tx *gorm.DB) error) error {
		return store.Update(ctx, ports.Of(s.Organization), func(tx ports.Repositories) error { return fn(postgres.GORM(ctx, tx, s)) })
	}
	nothing := func(pgx.Rows) error { return nil }
	return map[string]func() error{
		"a query":                      func() error { return on().Raw(`SELECT 1 FROM app.workspaces`).Scan(&[]int{}).Error },
		"a query past GORM":            func() error { return store.Query(ctx, s, nothing, `SELECT 1 FROM app.workspaces`) },
		"a statement":                  func() error { return on().Exec(`UPDATE app.workspaces SET name = name`).Error },
		"a query that fails":           func() error { return wantFailure(on().Raw(`SELECT 1/0`).Scan(&[]int{}).Error) },
		"a statement that fails":       func() error { return wantFailure(on().Exec(`DO $$ BEGIN RAISE 'no'; END $$`).Error) },
		"a query past GORM that fails": func() error { return wantFailure(store.Query(ctx, s, nothing, `SELECT 1/0`)) },
		"rows that are not read to their end": func() error {
			rows, err := on().Raw(`SELECT name FROM app.workspaces`).Rows()
			if err != nil {
				return err
			}
			defer func() { _ = rows.Err() }()
			return rows.Close()
		},
		"an update": func() error {
			return update(func(tx *gorm.DB) error { return tx.Exec(`UPDATE app.workspaces SET name = name`).Error })
		},
		"an update that fails": func() error {
			return wantFailure(update(func(tx *gorm.DB) error { return errors.Join(errors.New("no"), tx.Exec(`SELECT 1`).Error) }))
		},
		"an update whose statement fails": func() error {
			return wantFailure(update(func(tx *gorm.DB) error { return tx.Exec(`SELECT 1/0`).Error }))
		},
		"an update that panics": func() (err error) {
			defer func() { err = wantFailure(fmt.Errorf("%v", recover())) }()
			return update(func(tx *gorm.DB) error { panic(tx.Exec(`SELECT 1`).Error) })
		},
		"a transaction that begins in it": func() error {
			return on().Transaction(func(tx *gorm.DB) error { return tx.Exec(`SELECT 1`).Error })
		},
	}
}

func TestDriver_ASessionEndsWithItsStatement(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		for _, used := range []postgres.Session{of(tenants[0]), {User: grace}} {
			for name, use := range uses(t, store, used) {
				if err := use(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, next := range []struct {
					session postgres.Session
					want    int64
				}{{postgres.Session{}, 0}, {of(tenants[1]), 5}, {postgres.Session{User: nobody}, 0}, {postgres.Session{User: grace}, 2}} {
					if got := see(t, store, next.session); got != next.want {
						t.Errorf("after %s of %+v, %+v sees %d rows, want %d", name, used, next.session, got, next.want)
					}
					err := store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
						if got := see(t, tx, next.session); got != next.want {
							t.Errorf("after %s of %+v, %+v in an update sees %d rows, want %d", name, used, next.session, got, next.want)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			}
		}
		if made := store.Pool().Stat().NewConnsCount(); made != 1 {
			t.Errorf("%d connections were made: it was not the same one", made)
		}
	})
}

// The control: a setting that is not of its transaction alone is found by the
// same questions.
func TestDriver_ASessionEndsWithItsStatement_Control(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		const session = `SELECT set_config('app.organization_id', ?, false)`
		if err := postgres.GORM(t.Context(), store, postgres.Session{}).Exec(session, tenants[0].organization).Error; err != nil {
			t.Fatal(err)
		}
		if got := see(t, store, postgres.Session{}); got != 5 {
			t.Errorf("without a session sees %d rows, want 5: this control no longer leaks", got)
		}
	})
}

func wantFailure(err error) error {
	if err == nil {
		return errors.New("it did not fail")
	}
	return nil
}

// settings are those of the session. One that was never set is as good as empty.
const settings = `SELECT coalesce(current_setting('app.organization_id', true), ''), coalesce(current_setting('app.user_id', true), '')`

// In a transaction the session is sent where it changes.
func TestDriver_SessionsInOneTransaction(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		a, b, none, person := of(tenants[0]), of(tenants[1]), postgres.Session{}, postgres.Session{User: grace}
		err := store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
			for i, s := range []postgres.Session{none, a, a, b, none, person, a, person, none, b, a} {
				var organization, user string
				err := postgres.GORM(t.Context(), tx, s).Raw(settings).Row().Scan(&organization, &user)
				if err != nil || organization != string(s.Organization) || user != string(s.User) {
					t.Errorf("statement %d is for %q and %q, %v; want %+v", i, organization, user, err, s)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		err = postgres.GORM(t.Context(), store, a).Transaction(func(tx *gorm.DB) error {
			var organization, user string
			err := tx.Raw(settings).Row().Scan(&organization, &user)
			if organization != tenants[0].organization || user != "" {
				t.Errorf("a transaction that begins in a session is for %q and %q", organization, user)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// What is taken back to a savepoint takes the session with it.
func TestDriver_SessionsAndSavepoints(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		a, b, person := of(tenants[0]), of(tenants[1]), postgres.Session{User: grace}
		err := store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
			for _, outer := range []postgres.Session{{}, a, b, person} {
				_ = postgres.GORM(t.Context(), tx, outer).Transaction(func(*gorm.DB) error {
					see(t, tx, b)
					return errors.New("take it back")
				})
				for _, s := range []postgres.Session{b, person, {}, a} {
					var organization, user string
					if err := postgres.GORM(t.Context(), tx, s).Raw(settings).Row().Scan(&organization, &user); err != nil {
						return err
					}
					if organization != string(s.Organization) || user != string(s.User) {
						t.Errorf("after a savepoint of %+v, a statement of %+v is for %q and %q", outer, s, organization, user)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestDriver_PreparesNothing(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenants := seed(t, d, 1, 2)
	store := openOne(t, d)
	var n int64
	db := postgres.GORM(t.Context(), store, of(tenants[0]))
	if err := db.Session(&gorm.Session{PrepareStmt: true}).Raw(`SELECT count(*) FROM app.workspaces`).Scan(&n).Error; err == nil {
		t.Errorf("a prepared statement saw %d workspaces", n)
	}
	connections, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	if statement, err := connections.PrepareContext(t.Context(), `SELECT 1`); err == nil {
		_ = statement.Close()
		t.Error("PrepareContext() = nil")
	}
	if got := see(t, store, of(tenants[0])); got != 4 { // the connection is well
		t.Errorf("sees %d rows, want 4", got)
	}
}
