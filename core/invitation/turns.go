package invitation

import (
	"context"
	"sync"

	"rowhouse/core/domain"
)

// turns lets those who want a seat of one organization go one after the other,
// as far as they are in one process. Nothing is right because of it: storage
// decides. But each looks only when those before are done, so that of a crowd
// that wants the last seat one opens a transaction, and the others just look.
type turns struct {
	mu sync.Mutex
	of map[domain.OrganizationID]*turn
}

// turn is that of one organization.
type turn struct {
	taken chan struct{} // has room for one
	users int           // who have it or wait for it
}

func newTurns() *turns { return &turns{of: map[domain.OrganizationID]*turn{}} }

// take waits until it is one's turn, and returns what ends it. It fails where
// the caller gives up before.
func (t *turns) take(ctx context.Context, id domain.OrganizationID) (end func(), err error) {
	own := t.join(id)
	select {
	case own.taken <- struct{}{}:
		return func() {
			<-own.taken
			t.leave(id, own)
		}, nil
	case <-ctx.Done():
		t.leave(id, own)
		return nil, ctx.Err()
	}
}

func (t *turns) join(id domain.OrganizationID) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.of[id]
	if own == nil {
		own = &turn{taken: make(chan struct{}, 1)}
		t.of[id] = own
	}
	own.users++
	return own
}

func (t *turns) leave(id domain.OrganizationID, own *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(t.of, id)
	}
}
