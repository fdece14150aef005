package rowcache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// maxAge is how long a row is served without being read again. What no change
// is recorded for, such as when a session was last used, is never older.
const maxAge = 5 * time.Minute

// level keeps rows of one kind by their key. Where there is no place left for
// a row, it takes that of another, whichever it is: what is asked for often is
// soon back.
//
// It is no library: several of these are on the way of every request. Readers
// take no lock and write nothing, so they cost each other nothing; a map under
// a lock took eight times as long, and a bounded cache that keeps account of
// what is used thirty times (7 ns, 60 and 250).
type level[K comparable, V any] struct {
	watch   *watch
	seed    maphash.Seed
	buckets []bucket[K, V]

	mu    sync.Mutex // whoever changes something holds it
	epoch uint64     // counts what was dropped
}

// bucket has the places of the keys whose hashes lead to it.
type bucket[K comparable, V any] [bucketSize]atomic.Pointer[kept[K, V]]

// bucketSize is how many rows with the same bucket there can be. Of as many
// rows as a level has places for, four in five find one.
const bucketSize = 4

// kept is a row with its key and when it was read. It does not change.
type kept[K comparable, V any] struct {
	key K
	row V
	at  time.Duration
}

// mark is a moment in the life of a level.
type mark uint64

// newLevel returns a level with so many places, or up to a bucket more.
func newLevel[K comparable, V any](w *watch, size int) *level[K, V] {
	l := &level[K, V]{watch: w, seed: maphash.MakeSeed(), buckets: make([]bucket[K, V], (size+bucketSize-1)/bucketSize)}
	w.levels = append(w.levels, l)
	return l
}

func (l *level[K, V]) bucket(key K) *bucket[K, V] {
	return &l.buckets[maphash.Comparable(l.seed, key)%uint64(len(l.buckets))]
}

// find returns where the key's row is, and the row.
func (b *bucket[K, V]) find(key K) (*atomic.Pointer[kept[K, V]], *kept[K, V]) {
	for i := range b {
		if found := b[i].Load(); found != nil && found.key == key {
			return &b[i], found
		}
	}
	return nil, nil
}

// place returns where to put the key's row: its own place, a free one, or that
// of another row.
func (b *bucket[K, V]) place(key K, otherwise uint64) *atomic.Pointer[kept[K, V]] {
	if own, _ := b.find(key); own != nil {
		return own
	}
	for i := range b {
		if b[i].Load() == nil {
			return &b[i]
		}
	}
	return &b[otherwise%bucketSize]
}

// get returns the row, unless it is not there or may have changed.
func (l *level[K, V]) get(key K) (row V, ok bool) {
	if now, fresh := l.watch.fresh(); fresh {
		if found := l.at(now, key); found != nil {
			return *found, true
		}
	}
	return row, false
}

// at returns the row if it is there and was read in time, for whoever has seen
// that the watch was fresh by then. It must not be changed.
func (l *level[K, V]) at(now time.Duration, key K) *V {
	_, found := l.bucket(key).find(key)
	if found == nil || now-found.at > maxAge {
		return nil
	}
	return &found.row
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
		l.bucket(key).place(key, uint64(now)).Store(&kept[K, V]{key, row, now}) //nolint:gosec // any number will do
	}
}

// change replaces a row that is there by another.
func (l *level[K, V]) change(key K, change func(*V)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if place, found := l.bucket(key).find(key); found != nil {
		changed := *found
		change(&changed.row)
		place.Store(&changed)
	}
}

// drop forgets a row.
func (l *level[K, V]) drop(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	if place, _ := l.bucket(key).find(key); place != nil {
		place.Store(nil)
	}
}

// clear forgets all rows.
func (l *level[K, V]) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	for i := range l.buckets {
		for j := range l.buckets[i] {
			l.buckets[i][j].Store(nil)
		}
	}
}
