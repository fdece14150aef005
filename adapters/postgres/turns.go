package postgres

import (
	"context"
	"hash/fnv"
	"slices"
	"sync"

	"rowhouse/ports"
)

// turns lets the updates of one scope in this process wait for each other
// before they take a connection. Across processes they wait in the database;
// without this, too, but each of them on a connection that then nobody else can
// use: one busy tenant would hold up all the others.
type turns struct {
	mu    sync.Mutex
	queue map[int64]*turn
}

// turn is one key that somebody works on or waits for.
type turn struct {
	taken   chan struct{} // holds one value while somebody works
	waiting int           // how many work or wait
}

func newTurns() *turns { return &turns{queue: map[int64]*turn{}} }

// wait returns once it is the caller's turn for all the keys, in their order.
// The function that it returns gives them back.
func (t *turns) wait(ctx context.Context, keys []int64) (done func(), err error) {
	var held []int64
	done = func() {
		for _, key := range held {
			t.leave(key, true)
		}
	}
	for _, key := range keys {
		if err := t.enter(ctx, key); err != nil {
			done()
			return nil, err
		}
		held = append(held, key)
	}
	return done, nil
}

func (t *turns) enter(ctx context.Context, key int64) error {
	t.mu.Lock()
	mine, ok := t.queue[key]
	if !ok {
		mine = &turn{taken: make(chan struct{}, 1)}
		t.queue[key] = mine
	}
	mine.waiting++
	t.mu.Unlock()
	select {
	case mine.taken <- struct{}{}:
		return nil
	case <-ctx.Done():
		t.leave(key, false)
		return ctx.Err()
	}
}

func (t *turns) leave(key int64, worked bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.queue[key]
	if worked {
		<-mine.taken
	}
	if mine.waiting--; mine.waiting == 0 {
		delete(t.queue, key)
	}
}

// lockKeys returns the keys that updates with this scope take, in the one order
// in which everybody takes them.
func lockKeys(scope ports.Scope) []int64 {
	var keys []int64
	if scope.Organization != "" {
		keys = append(keys, lockKey("organization", string(scope.Organization)))
	}
	if scope.User != "" {
		keys = append(keys, lockKey("user", string(scope.User)))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// lockKey makes a number of a name. Two names that share one wait for each
// other now and then, which is all that it costs.
func lockKey(kind, id string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(kind + ":" + id))
	return int64(h.Sum64()) //nolint:gosec // any 64 bits will do
}
