package coretest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// WantError checks the error of a call; want is nil if there must be none.
func WantError(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", call, err, want)
	}
}

// WantUnchanged checks that a call fails with want, and changes nothing.
func (s *Scene) WantUnchanged(call string, want error, fn func() error) {
	s.T.Helper()
	before := s.Everything()
	WantError(s.T, call, fn(), want)
	if after := s.Everything(); after != before {
		s.T.Errorf("%s has changed %s", call, difference(before, after))
	}
}

// WantAllOrNothing lets the caller give up before each of the steps that a
// use case asks of the storage, and checks that nothing of it is left. At last
// nobody gives up, and it succeeds.
func (s *Scene) WantAllOrNothing(call string, fn func(context.Context) error) {
	s.T.Helper()
	before := s.Everything()
	for steps := int64(0); ; steps++ {
		err := fn(GivingUp(s.T.Context(), steps))
		if err == nil {
			if steps == 0 {
				s.T.Errorf("%s asks nothing of the storage", call)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			s.T.Fatalf("%s after %d steps = %v, want %v", call, steps, err, context.Canceled)
		}
		if after := s.Everything(); after != before {
			s.T.Fatalf("%s failed after %d steps and has changed %s", call, steps, difference(before, after))
		}
	}
}

// difference says where two texts begin to differ.
func difference(before, after string) string {
	i := 0
	for i < len(before) && i < len(after) && before[i] == after[i] {
		i++
	}
	around := func(s string) string { return s[max(i-100, 0):min(i+200, len(s))] }
	return fmt.Sprintf("…%s…\nto …%s…", around(before), around(after))
}

// GivingUp returns the context of a caller who gives up after being asked a
// number of times.
func GivingUp(ctx context.Context, patience int64) context.Context {
	c := &givingUp{Context: ctx}
	c.patience.Store(patience)
	return c
}

type givingUp struct {
	context.Context

	patience atomic.Int64
}

func (c *givingUp) Err() error {
	if c.patience.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// Together runs n functions at once and returns what they return.
func Together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	done.Wait()
	return errs
}
