package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// SwitchOver is rate limiters that count in one place, and in another once the
// first is gone.
type SwitchOver struct {
	Limiters [Instances]ports.RateLimiter
	// CutFirst makes the first place fail for all of them from now on, and
	// CutSecond the second.
	CutFirst, CutSecond func()
}

// TestRateSwitchOver checks what rate limiters do that count elsewhere when
// their first place is gone. It calls open once for each subtest, in parallel.
func TestRateSwitchOver(t *testing.T, open func(*testing.T) SwitchOver) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(*testing.T, SwitchOver)
	}{
		{"at most twice the limit is allowed when the first place goes", testSwitchOver},
		{"with the first place gone from the start the limit is exact", testSwitchedOver},
		{"with both gone nothing is allowed", testBothGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t))
		})
	}
}

func testSwitchOver(t *testing.T, s SwitchOver) {
	if err := RaceThroughSwitchOver(t.Context(), s); err != nil {
		t.Error(err)
	}
}

// RaceThroughSwitchOver has 300 come at once where 100 are allowed, cuts the
// first place when 50 were, and has as many more come one after the other. It
// returns an error if more than 200 are allowed in all, or fewer than 100.
func RaceThroughSwitchOver(ctx context.Context, s SwitchOver) error {
	const limit, n = 100, 300
	rate, key := domain.Rate{Limit: limit, Period: 24 * time.Hour, Burst: limit}, newRateKey()
	var allowed atomic.Int64
	errs := atOnce(n, func(i int) error {
		d, err := s.Limiters[i%Instances].Allow(ctx, key, rate)
		if err == nil && d.Allowed && allowed.Add(1) == limit/2 {
			s.CutFirst()
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i := range n {
		d, err := s.Limiters[i%Instances].Allow(ctx, key, rate)
		if err != nil {
			return err
		}
		if d.Allowed {
			allowed.Add(1)
		}
	}
	if got := allowed.Load(); got < limit || got > 2*limit {
		return fmt.Errorf("%d were allowed, want %d, or up to twice as many", got, limit)
	}
	return nil
}

func testSwitchedOver(t *testing.T, s SwitchOver) {
	s.CutFirst()
	if err := RaceForRate(t.Context(), s.Limiters[:]); err != nil {
		t.Error(err)
	}
}

func testBothGone(t *testing.T, s SwitchOver) {
	u := newUsage(t, s.Limiters[:], slow)
	u.want(true)
	s.CutFirst()
	s.CutSecond()
	for _, limiter := range s.Limiters {
		d, err := limiter.Allow(t.Context(), u.key, slow)
		wantError(t, "Allow with nowhere to count", err, domain.ErrUnavailable)
		wantEqual(t, "the decision of a call that failed", d, domain.RateDecision{})
	}
}
