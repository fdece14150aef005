package rowcache_test

import (
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
)

// handClock is an elapsed clock that stands still until told otherwise.
type handClock struct{ now atomic.Int64 }

func (c *handClock) Elapsed() time.Duration    { return time.Duration(c.now.Load()) }
func (c *handClock) advance(d time.Duration)   { c.now.Add(int64(d)) }
func (c *handClock) set(elapsed time.Duration) { c.now.Store(int64(elapsed)) }

// rule is a watch with a hand on its clock.
type rule struct {
	postgres.Follower

	fresh     func() bool
	now       func() (postgres.Position, bool)
	own       func(...postgres.Change)
	unchanged func(postgres.Position, ...postgres.Change) bool
	clock     *handClock
}

func newRule() rule {
	clock := &handClock{}
	clock.advance(time.Hour)
	w := rowcache.NewWatch(clock.Elapsed, nil)
	return rule{w, w.Fresh, w.Now, w.Own, w.Unchanged, clock}
}

// look is a look that takes no time.
func (r rule) look(to postgres.Position, changes ...postgres.Change) {
	r.Asking()
	r.Seen(changes, to)
}

// about is a change without a position; at has one.
func about(key string) postgres.Change { return at(key, 0) }

func at(key string, position postgres.Position) postgres.Change {
	return postgres.Change{Subject: postgres.SubjectMember, Key: key, At: position}
}

func TestWatch_ServesNothingBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	r := newRule()
	check := func(when string) {
		t.Helper()
		_, known := r.now()
		if r.fresh() || known || r.unchanged(10) || r.unchanged(10, about("ada")) {
			t.Errorf("%s, it relies on a look", when)
		}
	}
	check("before anything")
	r.own(about("ada"))
	check("after a change of its own")
	r.Asking()
	check("while it looks")
	r.Lost()
	check("after a look that failed")
	r.look(10)
	if !r.fresh() {
		t.Error("after a look, it does not rely on it")
	}
}

// What a look has found is as old as its beginning.
func TestWatch_IsFreshForMaxStale(t *testing.T) {
	t.Parallel()
	if rowcache.MaxStale >= mostStale {
		t.Errorf("MaxStale is %v, want less than %v", rowcache.MaxStale, mostStale)
	}
	for name, took := range map[string]time.Duration{"no time": 0, "a while": 300 * time.Millisecond, "almost too long": rowcache.MaxStale - 1} {
		t.Run("after a look that took "+name, func(t *testing.T) {
			t.Parallel()
			r := newRule()
			r.Asking()
			r.clock.advance(took)
			r.Seen(nil, 10)
			r.clock.advance(rowcache.MaxStale - 1 - took)
			if position, known := r.now(); !r.fresh() || !known || position != 10 || !r.unchanged(10, about("ada")) {
				t.Error("it is not fresh a nanosecond before MaxStale is over")
			}
			r.clock.advance(1)
			if _, known := r.now(); r.fresh() || known || r.unchanged(10, about("ada")) {
				t.Error("it is fresh when MaxStale is over")
			}
			r.Asking()
			if r.fresh() {
				t.Error("it is fresh while it looks again")
			}
			r.Seen(nil, 10)
			if !r.fresh() {
				t.Error("it is not fresh after the next look")
			}
		})
	}
	t.Run("never after a look that took longer", func(t *testing.T) {
		t.Parallel()
		r := newRule()
		r.Asking()
		r.clock.advance(rowcache.MaxStale)
		r.Seen(nil, 10)
		if r.fresh() {
			t.Error("it is fresh")
		}
	})
}

// A look that is on its way, and one that failed, do not count.
func TestWatch_OnlyALookThatSucceededCounts(t *testing.T) {
	t.Parallel()
	r := newRule()
	r.look(10)
	r.clock.advance(500 * time.Millisecond)
	r.Asking()
	r.clock.advance(400 * time.Millisecond)
	if r.fresh() {
		t.Error("it is fresh by a look that is on its way")
	}
	r.Lost()
	if r.fresh() {
		t.Error("it is fresh after changes were lost")
	}
}

// Elapsed time does not jump; should it, rows are served for no longer than
// after a look.
func TestWatch_AClockThatJumps(t *testing.T) {
	t.Parallel()
	r := newRule()
	r.look(10, at("ada", 9))
	r.clock.advance(1000 * time.Hour)
	if r.fresh() {
		t.Error("it is fresh after a jump ahead")
	}
	r.look(20)
	if !r.fresh() || r.unchanged(9, about("bob")) {
		t.Error("after a jump ahead and a look, it does not rely on that look alone")
	}
	r.clock.set(time.Minute)
	r.look(30)
	r.clock.advance(rowcache.MaxStale)
	if r.fresh() {
		t.Error("it is fresh for longer after a jump back and a look")
	}
}
