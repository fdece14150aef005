package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
)

const (
	// never is between looks that only happen when somebody asks for them.
	never = time.Hour
	// feedPatience is how long tests wait for what must happen.
	feedPatience = 20 * time.Second
)

// look is what a look has found.
type look struct {
	changes []postgres.Change
	to      postgres.Position
}

// follower hands over one look after the other: the next waits until the last
// one was taken.
type follower struct {
	t    *testing.T
	wake chan struct{}
	seen chan look
	lost chan struct{}
	end  <-chan struct{} // of whoever follows
	stop func()          // ends it, and waits
	name string          // of its connection
}

func (f *follower) Asking() {}

func (f *follower) Seen(changes []postgres.Change, to postgres.Position) {
	select {
	case f.seen <- look{changes, to}:
	case <-f.end:
	}
}

func (f *follower) Lost() {
	select {
	case f.lost <- struct{}{}:
	default:
	}
}

func newFollower(t *testing.T) *follower {
	t.Helper()
	return &follower{
		t: t, wake: make(chan struct{}, 1), seen: make(chan look), lost: make(chan struct{}, 1),
		name: fmt.Sprintf("follower-%d", rand.Uint64()),
	}
}

// start lets it follow a database under an address.
func (f *follower) start(address string, interval time.Duration) {
	f.t.Helper()
	store, err := postgres.Open(f.t.Context(), address+"&application_name="+f.name, patient)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(store.Close)
	ctx, cancel := context.WithCancel(f.t.Context())
	f.end = ctx.Done()
	stopped := make(chan struct{})
	go pprof.Do(ctx, pprof.Labels("follower", f.name), func(ctx context.Context) {
		defer close(stopped)
		store.FollowEvery(ctx, interval, f.wake, f)
	})
	f.stop = func() {
		cancel()
		<-stopped
	}
	f.t.Cleanup(f.stop)
}

// follow returns a follower that has looked for the first time.
func follow(t *testing.T, address string, interval time.Duration) *follower {
	t.Helper()
	f := newFollower(t)
	f.start(address, interval)
	f.take()
	return f
}

// take returns the next look.
func (f *follower) take() look {
	f.t.Helper()
	select {
	case l := <-f.seen:
		return l
	case <-time.After(feedPatience):
		f.t.Fatal("nobody looked")
		return look{}
	}
}

// now returns what was found by a look that began after it was called, and by
// those before it.
func (f *follower) now() (found look) {
	f.t.Helper()
	for range 2 { // the first may have begun before
		select {
		case f.wake <- struct{}{}:
		default:
		}
		l := f.take()
		found = look{append(found.changes, l.changes...), l.to}
	}
	return found
}

// until takes looks until one has found a change of the key.
func (f *follower) until(key string) {
	f.t.Helper()
	for {
		for _, c := range f.take().changes {
			if c.Key == key {
				return
			}
		}
	}
}

// feedEventually waits until the database says so.
func feedEventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for since := time.Now(); !is(); <-again.C {
		if time.Since(since) > feedPatience {
			t.Fatalf("%s did not happen", what)
		}
	}
}
