package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Store is a ports.Store.
type Store struct {
	repositories

	pool  *pool
	turns *turns
	clock ports.Clock // nil until SetClock
}

var _ ports.Store = (*Store)(nil)

// Open returns a Store on the database at the address, which is that of the
// application's role or the worker's. It does not connect yet: see Check. Close ends it.
func Open(ctx context.Context, url string, config PoolConfig) (*Store, error) {
	pool, err := newPool(ctx, url, config)
	if err != nil {
		return nil, err
	}
	return newStore(pool)
}

func newStore(pool *pool) (*Store, error) {
	connections := sql.OpenDB(connector{pool})
	connections.SetMaxIdleConns(-1) // the pool keeps them, not database/sql
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: connections}), &gorm.Config{
		SkipDefaultTransaction: true, // a statement with its session is a transaction already
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard, // it would log values; errors are returned
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open GORM: %w", err)
	}
	s := &Store{pool: pool, turns: newTurns()}
	s.repositories = repositories{store: s, db: db}
	return s, nil
}

// SetClock makes the Throttle of the store go by a clock: without one, it lets
// nothing through. It must be called before the store is used.
func (s *Store) SetClock(clock ports.Clock) { s.clock = clock }

// Close closes all connections, once they are free.
func (s *Store) Close() {
	if connections, err := s.db.DB(); err == nil {
		_ = connections.Close() // they are the pool's, but a goroutine is its own
	}
	s.pool.Close()
}

// Ping asks the database whether it is there.
func (s *Store) Ping(ctx context.Context) error { return translate(s.pool.Ping(ctx)) }

// updateAttempts is how often an update is run before it fails because others
// were in its way each time.
const updateAttempts = 4

// Update implements ports.Store.
func (s *Store) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	locks := lockKeys(scope)
	done, err := s.turns.wait(ctx, locks)
	if err != nil {
		return translate(err)
	}
	defer done()
	for range updateAttempts {
		if err = s.transaction(ctx, locks, fn); !runAgain(err) {
			break
		}
	}
	return err
}

func (s *Store) transaction(ctx context.Context, locks []int64, fn func(ports.Repositories) error) error {
	refused := false
	begin := statement{locks: locks}.in(ctx)
	err := s.db.WithContext(begin).Transaction(func(tx *gorm.DB) error {
		err := fn(&repositories{store: s, db: tx, inUpdate: true})
		if err == nil {
			// A caller who has given up must not find it done after all.
			err = ctx.Err()
		}
		refused = err != nil
		return err
	})
	if refused {
		return err // as it is
	}
	return translate(violatedAtCommit(err))
}

// violatedAtCommit names the one constraint that is checked when a transaction
// ends.
func violatedAtCommit(err error) error {
	if violates(err, "organizations_owner_fkey") {
		return domain.ErrOwnerMissing
	}
	return err
}

// repositories is a ports.Repositories: of an Update, or of the Store itself,
// where each call is a transaction of its own.
type repositories struct {
	store    *Store
	db       *gorm.DB
	inUpdate bool
}

// Users implements ports.Repositories.
func (r *repositories) Users() ports.Users { return users{r} }

// Sessions implements ports.Repositories.
func (r *repositories) Sessions() ports.Sessions { return sessions{r} }

// AuthTokens implements ports.Repositories.
func (r *repositories) AuthTokens() ports.AuthTokens { return authTokens{r} }

// Directory implements ports.Repositories.
func (r *repositories) Directory() ports.Directory { return directory{r} }

// Slugs implements ports.Repositories.
func (r *repositories) Slugs() ports.Slugs { return slugs{r} }

// Outbox implements ports.Repositories.
func (r *repositories) Outbox() ports.Outbox { return outbox{r} }

// Throttle implements ports.Repositories.
func (r *repositories) Throttle() ports.Throttle { return throttle{r} }

// Tenant implements ports.Repositories.
func (r *repositories) Tenant(id domain.OrganizationID) ports.Tenant { return &tenant{r, id} }

// tenant is a ports.Tenant.
type tenant struct {
	*repositories

	id domain.OrganizationID
}

func (t *tenant) Organization() ports.Organization { return organization{t} }
func (t *tenant) Memberships() ports.Memberships   { return memberships{t} }
func (t *tenant) Invitations() ports.Invitations   { return invitations{t} }
func (t *tenant) Workspaces() ports.Workspaces     { return workspaces{t} }
func (t *tenant) Subscription() ports.Subscription { return subscription{t} }
func (t *tenant) Usage() ports.Usage               { return usage{t} }
