package rowcache

import (
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// maxAge is how long a row is served without being read again. What no change
// is recorded for, such as when a session was last used, is never older.
const maxAge = 5 * time.Minute

// level keeps rows of one kind by their key.
type level[K comparable, V any] struct {
	watch *watch
	rows  *otter.Cache[K, kept[V]]

	mu    sync.Mutex
	epoch uint64 // counts what was dropped
}

// kept is a row with when it was read.
type kept[V any] struct {
	row V
	at  time.Duration
}

// mark is a moment in the life of a level.
type mark uint64

func newLevel[K comparable, V any](w *watch, size int) *level[K, V] {
	l := &level[K, V]{watch: w, rows: otter.Must(&otter.Options[K, kept[V]]{MaximumSize: size})}
	w.levels = append(w.levels, l)
	return l
}

// get returns the row, unless it is not there or may have changed.
func (l *level[K, V]) get(key K) (row V, ok bool) {
	now, fresh := l.watch.fresh()
	if !fresh {
		return row, false
	}
	found, ok := l.rows.GetIfPresent(key)
	if !ok || now-found.at > maxAge {
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
		l.rows.Set(key, kept[V]{row, now})
	}
}

// change replaces a row that is there by another.
func (l *level[K, V]) change(key K, change func(*V)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found, ok := l.rows.GetIfPresent(key); ok {
		change(&found.row)
		l.rows.Set(key, found)
	}
}

// drop forgets a row.
func (l *level[K, V]) drop(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	l.rows.Invalidate(key)
}

// clear forgets all rows.
func (l *level[K, V]) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	l.rows.InvalidateAll()
}
