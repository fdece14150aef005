package memory

import (
	"context"
	"errors"
	"sync"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Store is a ports.Store. One lock guards all of it: updates run one at a time
// whatever their scopes, and reads run beside each other. A transaction changes
// the data in place and remembers how to undo that, so that it costs as much as
// it changes, however much is stored.
type Store struct {
	repositories

	clock ports.Clock // nil until SetClock

	mu   sync.RWMutex
	data data
	// sweepAttemptsAt is with how many keys those are looked for that count no
	// more.
	sweepAttemptsAt int
	// relaying are the jobs that a relay is publishing.
	relaying map[domain.JobID]struct{}
}

var _ ports.Store = (*Store)(nil)

// NewStore returns an empty Store.
func NewStore() *Store {
	s := &Store{data: newData(), sweepAttemptsAt: minSweep, relaying: map[domain.JobID]struct{}{}}
	s.repositories = repositories{store: s}
	return s
}

// SetClock makes the Throttle of the store go by a clock: without one, it lets
// nothing through. It must be called before the store is used.
func (s *Store) SetClock(clock ports.Clock) { s.clock = clock }

// Update implements ports.Store.
func (s *Store) Update(ctx context.Context, _ ports.Scope, fn func(ports.Repositories) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &transaction{data: &s.data}
	defer func() { tx.over = true }()
	return tx.step(func() error {
		if err := fn(&repositories{store: s, tx: tx}); err != nil {
			return err
		}
		// A caller who has given up must not find it done after all.
		if err := ctx.Err(); err != nil {
			return err
		}
		return tx.commit()
	})
}

// repositories is a ports.Repositories: of an Update, which holds the lock, or
// of the Store itself, where each call is a transaction of its own.
type repositories struct {
	store *Store
	tx    *transaction // nil outside of an Update
}

// The repositories are single pointers, which fit into an interface without
// an allocation.

func (r *repositories) Users() ports.Users           { return users{r} }
func (r *repositories) Sessions() ports.Sessions     { return sessions{r} }
func (r *repositories) AuthTokens() ports.AuthTokens { return authTokens{r} }
func (r *repositories) Directory() ports.Directory   { return directory{r} }
func (r *repositories) Slugs() ports.Slugs           { return slugs{r} }
func (r *repositories) Outbox() ports.Outbox         { return outbox{r} }
func (r *repositories) Throttle() ports.Throttle     { return throttle{r} }

func (r *repositories) Tenant(id domain.OrganizationID) ports.Tenant {
	return &tenant{repositories: r, id: id}
}

var errUpdateOver = errors.New("memory: a repository was used after its Update")

// read runs fn while nothing changes. What fn takes out of slices it must
// copy: they are changed in place later.
func (r *repositories) read(ctx context.Context, fn func(*data) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.tx != nil {
		if r.tx.over {
			return errUpdateOver
		}
		return fn(r.tx.data)
	}
	r.store.mu.RLock()
	defer r.store.mu.RUnlock()
	return fn(&r.store.data)
}

// write runs fn while nobody else reads or writes. If it fails, none of its
// changes stay, whatever becomes of the Update around it.
func (r *repositories) write(ctx context.Context, fn func(*transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := r.tx
	if tx == nil {
		r.store.mu.Lock()
		defer r.store.mu.Unlock()
		tx = &transaction{data: &r.store.data}
		return tx.step(func() error {
			if err := fn(tx); err != nil {
				return err
			}
			return tx.commit()
		})
	}
	if tx.over {
		return errUpdateOver
	}
	return tx.step(func() error { return fn(tx) })
}
