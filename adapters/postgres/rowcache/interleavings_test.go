package rowcache_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// What happens between two steps of a read must not stay in memory. The steps
// are those where the read leaves the package: it looks at the time, it asks
// whether its context has ended, and it gets from the shared cache and sets in
// it.

// step is what is done at one of them, once.
type step struct{ do atomic.Pointer[func()] }

func (s *step) set(do func()) { s.do.Store(&do) }

// take does it, and reports whether it had still to be done.
func (s *step) take() bool {
	do := s.do.Swap(nil)
	if do != nil {
		(*do)()
	}
	return do != nil
}

// between is a ports.Cache with steps.
type between struct {
	ports.Cache

	got, keep step
}

func (b *between) Tenant(id domain.OrganizationID) ports.CacheNamespace {
	return betweenNamespace{b.Cache.Tenant(id), b}
}

type betweenNamespace struct {
	ports.CacheNamespace

	between *between
}

func (n betweenNamespace) Get(ctx context.Context, key ports.CacheKey) ([]byte, bool) {
	value, found := n.CacheNamespace.Get(ctx, key)
	n.between.got.take()
	return value, found
}

func (n betweenNamespace) Set(ctx context.Context, key ports.CacheKey, value []byte, ttl time.Duration) {
	n.between.keep.take()
	n.CacheNamespace.Set(ctx, key, value, ttl)
}

// ending is a context that has ended when it is asked for the first time, and
// not later.
type ending struct {
	context.Context //nolint:containedctx // it is one

	asked *step
}

func (e ending) Err() error {
	if e.asked.take() {
		return context.Canceled
	}
	return e.Context.Err()
}

// stepClock is an elapsed clock whose step is when a row is put.
func stepClock(put *step) rowcache.Elapsed {
	clock := elapsed()
	return func() time.Duration {
		if put.do.Load() != nil && calledBy(".put") {
			put.take()
		}
		return clock()
	}
}

// calledBy reports whether a function of that name is among those that are
// running in this goroutine.
func calledBy(name string) bool {
	callers := make([]uintptr, 8)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for more := true; more; {
		var frame runtime.Frame
		if frame, more = frames.Next(); strings.HasSuffix(frame.Function, name) {
			return true
		}
	}
	return false
}

// mustLook returns when a process knows of everything that was committed.
func mustLook(t *testing.T, p process) {
	t.Helper()
	if err := p.AwaitLook(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// meanwhile lets a process read a unit while something changes it at a step.
// The next time it reads what is.
func (k sight) meanwhile(t *testing.T, u unit, reader process, at *step, read func() (string, error)) {
	t.Helper()
	if got, err := read(); err != nil || got != k.before && got != k.after {
		t.Errorf("%s: meanwhile, read %q, %v; want %q or %q", k.name, got, err, k.before, k.after)
	}
	if at.take() {
		t.Logf("%s: the read did not get to the step", k.name)
	}
	k.want(t, "the next time, the process", reader, u, k.after)
}

func TestInterleavings(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 10*len(sights))
	var put step
	cache, signal := &between{Cache: memory.NewCache(memory.NewClock())}, memory.NewSignal()
	reader := startBy(t, stepClock(&put), d.URL(postgres.RoleApp), cache, signal, (*rowcache.Store).Run)
	another := start(t, d, memory.NewCache(memory.NewClock()), signal)
	for i, k := range sights {
		steps := []*step{&put, &cache.got, &cache.keep}
		if strings.Contains(k.name, "session") || k.name == "sudo" || strings.HasPrefix(k.name, "user") || k.name == "slug taken over" {
			steps = steps[:1] // it is not in the shared cache, or not asked for there
		}
		for n, at := range steps {
			for m, writer := range []process{reader, another} {
				u := unit(10*i + 2*n + m + 1)
				at.set(func() {
					if err := k.change(t.Context(), writer, u); err != nil {
						t.Errorf("%s: %v", k.name, err)
					}
					if m == 1 {
						mustLook(t, reader)
					}
				})
				k.meanwhile(t, u, reader, at, func() (string, error) { return k.read(t.Context(), reader, u) })
			}
		}
	}
}

// An address that leads from memory to one organization is not kept again after
// it has come to lead to another.
func TestInterleavings_AnAddressThatMoves(t *testing.T) {
	t.Parallel()
	d, c := planted(t, 2)
	a := start(t, d, memory.NewCache(memory.NewClock()), silent{})
	k := sight{name: "slug taken over", read: readActorBySlug, before: "member", after: none}
	for range 2 { // to be in memory
		k.want(t, "before", a, 0, k.before)
	}
	var asked step
	asked.set(func() {
		must(t, c, `UPDATE app.organization_slugs SET organization_id = $1 WHERE slug = $2`, unit(1).organization(), unit(0).oldSlug())
		mustLook(t, a)
	})
	k.meanwhile(t, 0, a, &asked, func() (string, error) { return k.read(ending{t.Context(), &asked}, a, 0) })
}
