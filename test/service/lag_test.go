package service_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"
)

// watcher uses a right all the time until it is refused.
type watcher struct {
	warm  chan struct{}  // closed once the process has the right in its memory
	taken chan time.Time // gets when it was taken away
	done  chan error

	usedAt    time.Time       // when it asked last of what was granted
	refusedAt time.Time       // or when it was enough
	answered  []time.Duration // how long each answer took while it was granted
}

// lag gives the right, takes it away in one process while it is used all the
// time in the other, and returns how long after the answer of the former
// somebody could ask the latter and be granted it; if that does not end, then
// about enough. took is how long answers took.
func (r right) lag(ctx context.Context, s *staff, enough time.Duration) (lag time.Duration, took []time.Duration, err error) {
	if err := r.give(ctx, s); err != nil {
		return 0, nil, err
	}
	w := &watcher{warm: make(chan struct{}), taken: make(chan time.Time, 1), done: make(chan error, 1)}
	go func() { w.done <- w.use(ctx, r, s, enough) }()
	select {
	case <-w.warm:
	case err := <-w.done:
		return 0, nil, err
	}
	begun := time.Now()
	if err := r.take(ctx, s); err != nil {
		return 0, nil, err
	}
	since := time.Now()
	w.taken <- since
	if err = <-w.done; err == nil && w.refusedAt.Before(begun) {
		err = fmt.Errorf("%s: refused before it was taken away", r.name)
	}
	return max(w.usedAt.Sub(since), 0), w.answered, err
}

func (w *watcher) use(ctx context.Context, r right, s *staff, enough time.Duration) error {
	const untilWarm = 5
	q := r.use(s)
	begun, taken := time.Now(), time.Time{}
	tick := time.NewTicker(s.pace)
	defer tick.Stop()
	for ; ; <-tick.C {
		asked := time.Now()
		res, err := q.from.try(ctx, q.method, q.path, q.body)
		if err != nil {
			return err
		}
		answered := time.Now()
		switch got := fmt.Sprintf("%d %s", res.status, res.code); {
		case got == r.granted:
			w.usedAt = asked
			if w.answered = append(w.answered, answered.Sub(asked)); len(w.answered) == untilWarm {
				close(w.warm)
			}
		case got == r.refused && len(w.answered) >= untilWarm:
			w.refusedAt = answered
			return nil
		// That it was given reaches the other process later, too.
		case got != r.refused || answered.Sub(begun) > patience:
			return fmt.Errorf("%s: %s %s = %s, want %s: %s", r.name, q.method, q.path, got, r.granted, res.body)
		}
		select {
		case taken = <-w.taken:
		default:
		}
		if !taken.IsZero() && answered.Sub(taken) > enough {
			w.refusedAt = answered
			return nil
		}
	}
}

// lags measures the right so many times, with several people at once.
func (r right) lags(t *testing.T, all []*staff, rounds int) (lags, took []time.Duration) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	measure := func(s *staff) (ok bool) {
		lag, answers, err := r.lag(t.Context(), s, 5*worstLag)
		mu.Lock()
		defer mu.Unlock()
		lags, took, failed = append(lags, lag), append(took, answers...), errors.Join(failed, err)
		return err == nil
	}
	for i, s := range all {
		wg.Go(func() {
			for round := i; round < rounds; round += len(all) {
				if !measure(s) {
					return
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	return lags, took
}

// percentile returns the duration that this part of all does not exceed.
func percentile(all []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(math.Ceil(part*float64(len(sorted))))-1]
}
