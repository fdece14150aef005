package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// A constraint that is checked in the end fails after the statement's own
// answer, and whoever asked is told.
func TestDriver_ErrorsAtCommit(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		store.OnChange(func([]postgres.Change) { t.Error("a change was told that did not last") })
		ctx := t.Context()
		const take = `DELETE FROM app.memberships WHERE role = 'owner'`
		for _, a := range []postgres.Session{of(tenants[0]), writing(tenants[0])} {
			on := func() *gorm.DB { return postgres.GORM(ctx, store, a) }
			for name, try := range map[string]func() error{
				"Exec":  func() error { return on().Exec(take).Error },
				"Query": func() error { return on().Raw(take + ` RETURNING id`).Scan(&[]string{}).Error },
				"Row": func() error {
					var id string
					return on().Raw(take + ` RETURNING id`).Row().Scan(&id)
				},
				"past GORM": func() error {
					return store.Query(ctx, a, func(rows pgx.Rows) error {
						for rows.Next() {
						}
						return rows.Err()
					}, take+` RETURNING id`)
				},
			} {
				if err := try(); !violatesOwner(err) {
					t.Errorf("%s: %v, want a violation of organizations_owner_fkey", name, err)
				}
			}
			err := store.Update(ctx, ports.Scope{}, func(tx ports.Repositories) error {
				return postgres.GORM(ctx, tx, a).Exec(take).Error
			})
			if !errors.Is(err, domain.ErrOwnerMissing) {
				t.Errorf("Update() = %v, want %v", err, domain.ErrOwnerMissing)
			}
			var owners int64
			if err := on().Raw(`SELECT count(*) FROM app.memberships WHERE role = 'owner'`).Scan(&owners).Error; err != nil || owners != 1 {
				t.Errorf("%d owners are left, %v; want 1", owners, err)
			}
		}
	})
}

func violatesOwner(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.ConstraintName == "organizations_owner_fkey"
}

// An update whose statement failed is rolled back, also where its function did
// not mind. It is not reported as done.
func TestDriver_AFailedTransactionIsNotCommitted(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		store.OnChange(func([]postgres.Change) { t.Error("a change was told that did not last") })
		for _, a := range []postgres.Session{of(tenants[0]), writing(tenants[0])} {
			err := store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
				if err := postgres.GORM(t.Context(), tx, a).Exec(`UPDATE app.organizations SET name = 'changed'`).Error; err != nil {
					return err
				}
				_ = postgres.GORM(t.Context(), tx, a).Exec(`SELECT 1/0`).Error
				return nil
			})
			// In a failed transaction, commit answers that it has rolled back;
			// what goes before it, that it cannot be done.
			if !errors.Is(err, pgx.ErrTxCommitRollback) && !hasCode(err, "25P02") {
				t.Errorf("Update() = %v, want what says that it was rolled back", err)
			}
			var changed int64
			if err := postgres.GORM(t.Context(), store, a).Raw(`SELECT count(*) FROM app.organizations WHERE name = 'changed'`).Scan(&changed).Error; err != nil || changed != 0 {
				t.Errorf("%d organizations have changed, %v", changed, err)
			}
		}
	})
}

// Who has given up before the end is not told that it is done, and it is not.
func TestDriver_WhoGivesUpChangesNothing(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		ctx, cancel := context.WithCancel(t.Context())
		err := store.Update(ctx, ports.Scope{}, func(tx ports.Repositories) error {
			defer cancel()
			return postgres.GORM(ctx, tx, of(tenants[0])).Exec(`UPDATE app.workspaces SET name = 'changed'`).Error
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Update() = %v, want %v", err, context.Canceled)
		}
		var changed int64
		err = postgres.GORM(t.Context(), store, of(tenants[0])).Raw(`SELECT count(*) FROM app.workspaces WHERE name = 'changed'`).Scan(&changed).Error
		if err != nil || changed != 0 {
			t.Errorf("%d workspaces have changed, %v", changed, err)
		}
	})
}

// Closing waits for what has begun, and leaves nothing behind.
func TestStore_CloseWaits(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	a := seed(t, d, 1, 2)[0]
	store, err := postgres.Open(t.Context(), d.URL(postgres.RoleApp), postgres.PoolConfig{MaxConnections: 1, MaxWait: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "it is connected", func() bool { return store.Ping(t.Context()) == nil })
	begun, goOn, ended, closed := make(chan struct{}), make(chan struct{}), make(chan error, 1), make(chan struct{})
	go func() {
		ended <- store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
			close(begun)
			<-goOn
			return postgres.GORM(t.Context(), tx, of(a)).Exec(`UPDATE app.workspaces SET name = 'changed'`).Error
		})
	}()
	select {
	case <-begun:
	case err := <-ended:
		t.Fatal(err)
	}
	go func() {
		defer close(closed)
		store.Close()
	}()
	waitFor(t, "nothing new begins", func() bool {
		_, err := store.Users().Get(t.Context(), nobody)
		return err != nil && !errors.Is(err, domain.ErrUnavailable)
	})
	select {
	case <-closed:
		t.Error("closed, in the middle of an update")
	default:
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Errorf("Update() = %v", err)
	}
	<-closed
	if n := count(t, d.Connect(t, pgtest.Superuser), `SELECT FROM app.workspaces WHERE name = 'changed'`); n != 2 {
		t.Errorf("%d workspaces have changed, want 2", n)
	}
}
