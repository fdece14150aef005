package postgres_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"rowhouse/adapters/postgres"
	"rowhouse/ports"
)

func TestTurns_OneAtATime(t *testing.T) {
	t.Parallel()
	turns := postgres.NewTurns(t)
	overlaps := crowd(func() func() {
		done, err := turns.Wait(t.Context(), 1, 2)
		if err != nil {
			t.Error(err)
			return func() {}
		}
		return done
	})
	if overlaps != 0 || turns.Known() != 0 {
		t.Errorf("%d times somebody was not alone, and %d keys are left", overlaps, turns.Known())
	}
}

// The control: without turns, the same crowd is seen to work at once.
func TestTurns_OneAtATime_Control(t *testing.T) {
	t.Parallel()
	if crowd(func() func() { return func() {} }) == 0 {
		t.Error("everybody was alone, without turns")
	}
}

// crowd lets many work at once and returns how often somebody was not alone.
func crowd(enter func() (leave func())) int64 {
	var inside, overlaps atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			leave := enter()
			defer leave()
			inside.Add(1)
			defer inside.Add(-1)
			for range 50 {
				if inside.Load() > 1 {
					overlaps.Add(1)
				}
				runtime.Gosched()
			}
		})
	}
	group.Wait()
	return overlaps.Load()
}

func TestTurns_OthersDoNotWait(t *testing.T) {
	t.Parallel()
	turns := postgres.NewTurns(t)
	first, err := turns.Wait(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer first()
	for _, keys := range [][]int64{nil, {2}, {3, 4}} {
		done, err := turns.Wait(t.Context(), keys...)
		if err != nil {
			t.Fatal(err)
		}
		done()
	}
}

// Who gives up leaves no trace, and holds nothing of what they had already.
func TestTurns_WhoGivesUpLeavesNoTrace(t *testing.T) {
	t.Parallel()
	turns := postgres.NewTurns(t)
	done, err := turns.Wait(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	const waiters = 8
	for range waiters {
		go func() {
			_, err := turns.Wait(ctx, 1, 2, 3) // one of them gets the first key
			gaveUp <- err
		}()
	}
	waitFor(t, "all wait", func() bool { return turns.Waiting(1) == waiters && turns.Waiting(2) == 2 })
	cancel()
	for range waiters {
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("Wait() = %v, want what cancelled it", err)
		}
	}
	if turns.Waiting(1) != 0 || turns.Waiting(2) != 1 || turns.Waiting(3) != 0 {
		t.Errorf("waiting are %d, %d and %d, want 0, 1 and 0", turns.Waiting(1), turns.Waiting(2), turns.Waiting(3))
	}
	done()
	again, err := turns.Wait(t.Context(), 1, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	again()
	if turns.Known() != 0 {
		t.Errorf("%d keys are left", turns.Known())
	}
}

func TestLockKeys_ComeInOneOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		scope ports.Scope
		want  int
	}{
		{ports.Scope{}, 0},
		{ports.Of("acme"), 1},
		{ports.OfUser("ada"), 1},
		{ports.Scope{Organization: "acme", User: "ada"}, 2},
		{ports.Scope{Organization: "globex", User: "ada"}, 2},
		{ports.Scope{Organization: "same", User: "same"}, 2},
	} {
		keys := postgres.LockKeys(tt.scope)
		if len(keys) != tt.want || !slices.IsSorted(keys) {
			t.Errorf("LockKeys(%+v) = %v, want %d in order", tt.scope, keys, tt.want)
		}
	}
	if slices.Equal(postgres.LockKeys(ports.Of("same")), postgres.LockKeys(ports.OfUser("same"))) {
		t.Error("an organization and a user with one id have one key")
	}
}
