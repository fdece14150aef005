package rowcache_test

import (
	"context"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// elapsed is a clock that only goes forward.
func elapsed() rowcache.Elapsed {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// process is one of several on a database.
type process struct {
	*rowcache.Store
	stop func()
}

// start returns a process that follows the changes already.
func start(t *testing.T, d *pgtest.Database, cache ports.Cache, signal ports.Signal) process {
	t.Helper()
	return startAt(t, d.URL(postgres.RoleApp), cache, signal, (*rowcache.Store).Run)
}

// startAt is start for another address, or another way to run.
func startAt(t *testing.T, address string, cache ports.Cache, signal ports.Signal, run func(*rowcache.Store, context.Context)) process {
	t.Helper()
	return startBy(t, elapsed(), address, cache, signal, run)
}

// startBy is startAt by another clock.
func startBy(t *testing.T, elapsed rowcache.Elapsed, address string, cache ports.Cache, signal ports.Signal, run func(*rowcache.Store, context.Context)) process {
	t.Helper()
	inner, err := postgres.Open(t.Context(), address, postgres.PoolConfig{MaxConnections: 16, MaxWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inner.Close)
	inner.SetClock(memory.NewClock())
	store := rowcache.New(inner, cache, signal, elapsed)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		run(store, ctx)
	}()
	stop := func() {
		cancel()
		<-stopped
	}
	t.Cleanup(stop)
	if err := store.AwaitFresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return process{store, stop}
}

// In one process, what was written is read at once, memory or not.
func TestStore(t *testing.T) {
	t.Parallel()
	porttest.TestStore(t, func(t *testing.T) ports.Store {
		return start(t, pgtest.New(t), memory.NewCache(memory.NewClock()), memory.NewSignal())
	})
}
