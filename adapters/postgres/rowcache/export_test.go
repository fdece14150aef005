package rowcache

import (
	"context"
	"errors"
	"math"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// AwaitFresh returns once rows may be served from memory.
func (s *Store) AwaitFresh(ctx context.Context) error {
	return await(ctx, func() bool {
		_, fresh := s.watch.fresh()
		return fresh
	})
}

// AwaitLook returns after a look that began since it was called.
func (s *Store) AwaitLook(ctx context.Context) error {
	called := s.watch.elapsed()
	return await(ctx, func() bool { return s.watch.confirmed.Load() > int64(called) })
}

func await(ctx context.Context, is func() bool) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), errors.New("the changes are not followed"))
		case <-tick.C:
		}
	}
	return nil
}

// Position returns how far the store has looked.
func (s *Store) Position() postgres.Position {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return s.watch.position
}

// Since returns from where on the store knows of changes.
func (s *Store) Since() postgres.Position {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return s.watch.from
}

// RunDeaf is Run for a store that takes no notice of changes: neither of those
// of others nor of its own.
func (s *Store) RunDeaf(ctx context.Context) {
	s.watch.drop = func(postgres.Subject, string) {}
	s.Follow(ctx, nil, deaf{s.watch})
}

// deaf is a follower that is told that nothing changed.
type deaf struct{ *watch }

func (d deaf) Seen(_ []postgres.Change, to postgres.Position) { d.watch.Seen(nil, to) }

// Trust makes the store serve rows from memory however long ago it looked.
func (s *Store) Trust() { s.watch.confirmed.Store(math.MaxInt64) }

// NewWatch and the rest show the rule by itself. dropped may be nil.
func NewWatch(elapsed Elapsed, dropped func(postgres.Subject, string)) *watch {
	w := newWatch(elapsed)
	w.drop = func(subject postgres.Subject, key string) {
		if dropped != nil {
			dropped(subject, key)
		}
	}
	return w
}

const (
	MaxAge    = maxAge
	Retention = retention
	SharedTTL = sharedTTL
)

func (w *watch) Fresh() bool {
	_, fresh := w.fresh()
	return fresh
}

func (w *watch) Now() (postgres.Position, bool) { return w.now() }

func (w *watch) Own(changes ...postgres.Change) { w.own(changes) }

// Unchanged asks about the subject and key of each change.
func (w *watch) Unchanged(since postgres.Position, about ...postgres.Change) bool {
	changes := make([]change, len(about))
	for i, c := range about {
		changes[i] = change{c.Subject, c.Key}
	}
	return w.unchanged(since, changes...)
}

// Remembered returns how many changes the watch remembers.
func (w *watch) Remembered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(len(w.recent), len(w.log), len(w.mine))
}

func NewLevel[K comparable, V any](w *watch, size int) *level[K, V] { return newLevel[K, V](w, size) }

type Mark = mark

func (l *level[K, V]) Get(key K) (V, bool)           { return l.get(key) }
func (l *level[K, V]) Mark() Mark                    { return l.mark() }
func (l *level[K, V]) Put(since Mark, key K, row V)  { l.put(since, key, row) }
func (l *level[K, V]) Change(key K, change func(*V)) { l.change(key, change) }
func (l *level[K, V]) Drop(key K)                    { l.drop(key) }

// Size returns how many rows there are.
func (l *level[K, V]) Size() (n int) {
	for i := range l.buckets {
		for j := range l.buckets[i] {
			if l.buckets[i][j].Load() != nil {
				n++
			}
		}
	}
	return n
}

// Shared shows the cache that processes share through one watch.
type Shared struct{ shared }

func NewShared(cache ports.Cache, w *watch) Shared { return Shared{shared{cache, w}} }

// Save keeps a row under a name.
func (s Shared) Save(ctx context.Context, id domain.OrganizationID, name string, since postgres.Position, row string) {
	save(ctx, s.shared, id, SharedKey(name), since, row)
}

// Load loads a row that depends on the changes.
func (s Shared) Load(ctx context.Context, id domain.OrganizationID, name string, about ...postgres.Change) (string, bool) {
	return load(ctx, s.shared, id, SharedKey(name), func(string) []change {
		var changes []change
		for _, c := range about {
			changes = append(changes, change{c.Subject, c.Key})
		}
		return changes
	})
}

// SharedKey is that of Save and Load; the others are the store's.
func SharedKey(name string) ports.CacheKey { return ports.CacheKey{Kind: "test", ID: name, Version: 1} }

func MemberKey(user domain.UserID) ports.CacheKey       { return memberKey(user) }
func DetailKey(id domain.OrganizationID) ports.CacheKey { return detailKey(id) }

func HashOf(text string) (domain.TokenHash, bool) { return hashOf(text) }
