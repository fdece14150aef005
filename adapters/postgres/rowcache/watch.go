package rowcache

import (
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"rowhouse/adapters/postgres"
)

// MaxStale is the oldest that anything served from memory can be.
const MaxStale = 900 * time.Millisecond

// Elapsed is a clock that only ever goes forward: the time since some moment,
// whatever happens to the time of day.
type Elapsed func() time.Duration

// watch knows how recently the changes were looked at, and which there were
// lately.
type watch struct {
	elapsed Elapsed
	levels  []interface{ clear() }
	drop    func(postgres.Subject, string)

	// confirmed is when the last look that succeeded began; never if there is
	// none to rely on.
	confirmed atomic.Int64
	asked     time.Duration // when the present look began

	mu       sync.Mutex
	position postgres.Position // of the last look
	// recent are the changes since from, by what changed, with the position of
	// the last.
	recent map[change]postgres.Position
	log    []logged // the same in the order in which they were seen
	from   postgres.Position
	// mine are changes of this process, with when they were told. Where they
	// stand among those of others is not known before a look shows them.
	mine map[change]time.Duration
}

// change is what changed.
type change struct {
	subject postgres.Subject
	key     string
}

type logged struct {
	change
	at   postgres.Position
	seen time.Duration
}

const never = math.MinInt64

func newWatch(elapsed Elapsed) *watch {
	w := &watch{elapsed: elapsed, recent: map[change]postgres.Position{}, mine: map[change]time.Duration{}}
	w.confirmed.Store(never)
	return w
}

// fresh reports whether rows may be served from memory, and the time.
func (w *watch) fresh() (now time.Duration, fresh bool) {
	confirmed := w.confirmed.Load()
	if confirmed == never {
		return 0, false
	}
	now = w.elapsed()
	return now, now-time.Duration(confirmed) < MaxStale
}

// Asking implements postgres.Follower.
func (w *watch) Asking() { w.asked = w.elapsed() }

// Seen implements postgres.Follower. The first look after changes were lost
// only says from where on they are known: what is in memory by then may have
// changed before.
func (w *watch) Seen(changes []postgres.Change, to postgres.Position) {
	if w.confirmed.Load() == never {
		w.restart(to)
	}
	for _, c := range changes {
		w.remember(change{c.Subject, c.Key}, c.At)
		w.drop(c.Subject, c.Key)
	}
	w.mu.Lock()
	w.position = to
	w.forget(w.asked)
	w.mu.Unlock()
	w.confirmed.Store(int64(w.asked))
}

// Lost implements postgres.Follower.
func (w *watch) Lost() { w.confirmed.Store(never) }

// restart forgets everything but the changes of this process: those that were
// told while the present look was on its way are not in it.
func (w *watch) restart(from postgres.Position) {
	for _, l := range w.levels {
		l.clear()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from, w.log = from, nil
	clear(w.recent)
}

// own drops what a transaction of this process has changed.
func (w *watch) own(changes []postgres.Change) {
	for _, c := range changes {
		mine := change{c.Subject, c.Key}
		w.mu.Lock()
		w.mine[mine] = w.elapsed()
		w.mu.Unlock()
		w.drop(c.Subject, c.Key)
	}
}

// remember notes a change. They come in no order.
func (w *watch) remember(c change, at postgres.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recent[c] = max(w.recent[c], at)
	w.log = append(w.log, logged{c, at, w.elapsed()})
}

// retention is how long changes are remembered. It is longer than anything is
// kept in the shared cache.
const retention = 2 * sharedTTL

// forget drops the changes that are too old to matter at the time when the
// present look began, and those of this process that it has shown.
func (w *watch) forget(now time.Duration) {
	maps.DeleteFunc(w.mine, func(_ change, told time.Duration) bool { return told < now })
	n := 0
	for n < len(w.log) && now-w.log[n].seen > retention {
		old := w.log[n]
		if w.recent[old.change] == old.at {
			delete(w.recent, old.change)
		}
		w.from = max(w.from, old.at+1)
		n++
	}
	w.log = w.log[n:]
}

// now returns the position to write on a value that is read from now on.
func (w *watch) now() (position postgres.Position, known bool) {
	if _, fresh := w.fresh(); !fresh {
		return 0, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.position, true
}

// unchanged reports whether it is known that none of these has changed since a
// position. Nothing is known of positions that no look has reached yet.
func (w *watch) unchanged(since postgres.Position, changes ...change) bool {
	if _, fresh := w.fresh(); !fresh {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if since < w.from || since > w.position {
		return false
	}
	for _, c := range changes {
		if _, changed := w.mine[c]; changed {
			return false
		}
		if at, changed := w.recent[c]; changed && at >= since {
			return false
		}
	}
	return true
}
