package rowcache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/postgres/rowcache"
)

// worker does operations on units of its own.
type worker struct {
	models    []*model
	processes []process
	hand      *pgx.Conn // the superuser's
	random    *rand.Rand
	done      *atomic.Int64
}

// run goes on until so many are done, or something is read that is too old.
func (w *worker) run(ctx context.Context, operations int64) error {
	for w.done.Load() < operations && ctx.Err() == nil {
		m := w.models[w.random.IntN(len(w.models))]
		changed, err := w.operate(ctx, m)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		w.done.Add(1)
		for _, v := range views {
			for reader := range w.processes {
				if err := m.check(ctx, v, w.processes, reader); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// operate does something, if it is possible.
func (w *worker) operate(ctx context.Context, m *model) (changed bool, err error) {
	op, next := operations[w.random.IntN(len(operations))], m.now
	if !op.plan(&next, w.random.IntN(1000)) {
		return false, nil
	}
	switch by := w.random.IntN(len(w.processes)+1) - 1; {
	case by == byHand && op.sql != "":
		err = m.change(next, by, func() error {
			_, err := w.hand.Exec(ctx, strings.ReplaceAll(op.sql, "{u}", strconv.Itoa(int(m.unit))), op.args(m.unit, next)...)
			return err
		})
	case by != byHand && op.call != nil:
		err = m.change(next, by, func() error { return op.call(ctx, w.processes[by], m.unit, &next) })
		m.mu.Lock()
		m.now = next // at its next version
		m.mu.Unlock()
	default:
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s of unit %d: %w", op.name, m.unit, err)
	}
	return true, nil
}

// operateAtRandom does so many operations, and returns the first that was read
// and too old, if any.
func operateAtRandom(t *testing.T, d *pgtest.Database, processes []process, count int64) error {
	t.Helper()
	const workers = 3
	ctx, stop := context.WithCancelCause(t.Context())
	var done atomic.Int64
	var working, around sync.WaitGroup
	for n := range workers {
		seed := rand.Uint64()
		t.Logf("worker %d has seed %d", n, seed)
		w := &worker{processes: processes, hand: d.Connect(t, pgtest.Superuser), random: rand.New(rand.NewPCG(seed, 0)), done: &done}
		for u := n; u < others; u += workers {
			w.models = append(w.models, newModel(unit(u)))
		}
		c := d.Connect(t, pgtest.Superuser)
		working.Go(func() {
			if err := w.run(ctx, count); err != nil {
				stop(err)
			}
		})
		around.Go(func() {
			if err := readAround(ctx, c, w.models, processes); err != nil {
				stop(err)
			}
		})
	}
	working.Wait()
	stop(nil)
	around.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// readAround reads something every other millisecond until ctx ends, and now and
// then makes the processes begin anew.
func readAround(ctx context.Context, c *pgx.Conn, models []*model, processes []process) error {
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
		if n%1000 == 999 {
			if err := beginAnew(ctx, c); err != nil && ctx.Err() == nil {
				return err
			}
		}
		reader := rand.N(len(processes))
		err := models[rand.N(len(models))].check(ctx, views[rand.N(len(views))], processes, reader)
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// Whatever is done, in which process or past all of them, is read at once where
// it was done, and a second later everywhere.
func TestProperty(t *testing.T) {
	t.Parallel()
	const count = 2000
	d, _ := planted(t, 2*others)
	cache := memory.NewCache(memory.NewClock())
	processes := []process{start(t, d, cache, silent{}), start(t, d, cache, silent{})}
	began := time.Now()
	if err := operateAtRandom(t, d, processes, count); err != nil {
		t.Error(err)
	}
	t.Logf("%d operations took %v", count, time.Since(began))
}

// A process that takes no notice of changes, not even of its own, is found out.
func TestProperty_Control(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 2*others)
	cache := memory.NewCache(memory.NewClock())
	deaf := startAt(t, d.URL(postgres.RoleApp), cache, silent{}, (*rowcache.Store).RunDeaf)
	err := operateAtRandom(t, d, []process{start(t, d, cache, silent{}), deaf}, 2000)
	if !errors.Is(err, errTooOld) {
		t.Errorf("%v was found out, want %v", err, errTooOld)
	}
}
