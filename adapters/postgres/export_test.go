package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// OpenRewriting is Open for a store whose statements are changed on their way,
// to take down one of the two walls between tenants.
func OpenRewriting(ctx context.Context, url string, config PoolConfig, rewrite func(string) string) (*Store, error) {
	pool, err := newPool(ctx, url, config)
	if err != nil {
		return nil, err
	}
	pool.rewrite = rewrite
	return newStore(pool)
}

// OpenDialing is Open for a store that connects by dial, to see or disturb what
// goes over the wire.
func OpenDialing(ctx context.Context, url string, config PoolConfig, dial pgconn.DialFunc) (*Store, error) {
	pool, err := newPool(ctx, url, config)
	if err != nil {
		return nil, err
	}
	dialing := pool.Config()
	dialing.ConnConfig.DialFunc = dial
	pool.Close()
	if pool.Pool, err = pgxpool.NewWithConfig(ctx, dialing); err != nil {
		return nil, err
	}
	return newStore(pool)
}

// Session is for whom a statement runs, and whether it writes what processes
// want to be told.
type Session struct {
	Organization domain.OrganizationID
	User         domain.UserID
	Writes       bool
}

func (s Session) statement() statement {
	return statement{session: session{organization: s.Organization, user: s.User}, writes: s.Writes}
}

// GORM begins a statement in a session, as the repositories do. on is a Store,
// or what an update was given.
func GORM(ctx context.Context, on ports.Repositories, s Session) *gorm.DB {
	var r *repositories
	switch on := on.(type) {
	case *Store:
		r = &on.repositories
	case *repositories:
		r = on
	}
	return r.db.WithContext(s.statement().in(ctx))
}

// Query is a query in a session that goes past GORM.
func (s *Store) Query(ctx context.Context, in Session, scan func(pgx.Rows) error, sql string, args ...any) error {
	return translate(s.pool.query(ctx, in.statement().session, scan, sql, args...))
}

// Pool is what the connections are in.
func (s *Store) Pool() *pgxpool.Pool { return s.pool.Pool }

// LockKeys are what updates of a scope wait for, in order.
func LockKeys(scope ports.Scope) []int64 { return lockKeys(scope) }

// NeededVersion is the version of the schema that Check asks for.
func NeededVersion() (int64, error) { return neededVersion() }

// NewTurns, Wait and Waiting show what lets updates of one scope wait.
func NewTurns(*testing.T) *turns { return newTurns() }

func (t *turns) Wait(ctx context.Context, keys ...int64) (func(), error) { return t.wait(ctx, keys) }

func (t *turns) Waiting(key int64) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine, ok := t.queue[key]; ok {
		return mine.waiting
	}
	return 0
}

// Known is how many keys somebody works on or waits for.
func (t *turns) Known() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.queue)
}
