package rowcache

import (
	"hash/maphash"
	"sync"
	"time"
)

// maxAge is how long a row is served without being read again. What no change
// is recorded for, such as when a session was last used, is never older.
const maxAge = 5 * time.Minute

// level keeps rows of one kind by their key. Where it is full, a row makes room
// for another, whichever it is: what is asked for often is soon back.
//
// It is a map and no library: several of these are on the way of every request,
// and a bounded cache that keeps account of what is used took four times as
// long (250 ns against 60).
type level[K comparable, V any] struct {
	watch  *watch
	seed   maphash.Seed
	most   int // rows in a shard
	shards []shard[K, V]

	mu    sync.Mutex // whoever changes something holds it
	epoch uint64     // counts what was dropped
}

// shard is a part of a level. Those who read different ones do not meet.
type shard[K comparable, V any] struct {
	mu   sync.RWMutex
	rows map[K]*kept[V]
}

// kept is a row with when it was read. It does not change.
type kept[V any] struct {
	row V
	at  time.Duration
}

// mark is a moment in the life of a level.
type mark uint64

// maxShards is how many shards a level has at most.
const maxShards = 64

func newLevel[K comparable, V any](w *watch, size int) *level[K, V] {
	l := &level[K, V]{watch: w, seed: maphash.MakeSeed(), shards: make([]shard[K, V], min(size, maxShards))}
	l.most = size / len(l.shards)
	for i := range l.shards {
		l.shards[i].rows = map[K]*kept[V]{}
	}
	w.levels = append(w.levels, l)
	return l
}

func (l *level[K, V]) shard(key K) *shard[K, V] {
	return &l.shards[maphash.Comparable(l.seed, key)%uint64(len(l.shards))]
}

func (s *shard[K, V]) get(key K) *kept[V] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.rows[key]
}

// set keeps a row, among at most so many.
func (s *shard[K, V]) set(key K, found *kept[V], most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.rows[key]; !there && len(s.rows) >= most {
		for other := range s.rows {
			delete(s.rows, other)
			break
		}
	}
	s.rows[key] = found
}

func (s *shard[K, V]) remove(key K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, key)
}

// get returns the row, unless it is not there or may have changed.
func (l *level[K, V]) get(key K) (row V, ok bool) {
	now, fresh := l.watch.fresh()
	if !fresh {
		return row, false
	}
	found := l.shard(key).get(key)
	if found == nil || now-found.at > maxAge {
		return row, false
	}
	return found.row, true
}

// mark returns the present moment, to be taken before a row is read.
func (l *level[K, V]) mark() mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return mark(l.epoch)
}

// put keeps a row that was read after the mark. If anything was dropped since,
// it might have been this very row, read just before: then it is not kept.
func (l *level[K, V]) put(since mark, key K, row V) {
	now, fresh := l.watch.fresh()
	if !fresh {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if mark(l.epoch) == since {
		l.shard(key).set(key, &kept[V]{row, now}, l.most)
	}
}

// change replaces a row that is there by another.
func (l *level[K, V]) change(key K, change func(*V)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := l.shard(key).get(key); found != nil {
		changed := *found
		change(&changed.row)
		l.shard(key).set(key, &changed, l.most)
	}
}

// drop forgets a row.
func (l *level[K, V]) drop(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	l.shard(key).remove(key)
}

// clear forgets all rows.
func (l *level[K, V]) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		clear(s.rows)
		s.mu.Unlock()
	}
}
