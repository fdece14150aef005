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

// SwitchOver is rate limiters that have two places to count in.
type SwitchOver struct {
	Limiters [Instances]ports.RateLimiter
	// CutFirst makes the first place fail for all of them from now on, and
	// CutSecond the second.
	CutFirst, CutSecond func()
	// Hasty says that the first place now and then fails by itself, where it does
	// not answer soon enough. What was allowed then it may not know of.
	Hasty bool
}

// TestRateSwitchOver checks that rate limiters that have two places to count in
// count on when one of them goes. It calls open once for each subtest, in
// parallel.
func TestRateSwitchOver(t *testing.T, open func(*testing.T) SwitchOver) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(*testing.T, SwitchOver)
	}{
		{"the limit is exact when the first place goes", testFirstGoes},
		{"the limit holds when the second place goes", testSecondGoes},
		{"the limit is exact with the first place gone from the start", testFirstGone},
		{"with both gone nothing is allowed", testBothGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t))
		})
	}
}

func testFirstGoes(t *testing.T, s SwitchOver) {
	if err := RaceThroughSwitchOver(t.Context(), s.Limiters, s.CutFirst, 100, 100); err != nil {
		t.Error(err)
	}
}

// testSecondGoes leaves a place that may be hasty. What it has counted and not
// answered is refused; and where both have failed at some time, either may have
// allowed the limit.
func testSecondGoes(t *testing.T, s SwitchOver) {
	least, most := int64(100), int64(100)
	if s.Hasty {
		least, most = 50, 200
	}
	if err := RaceThroughSwitchOver(t.Context(), s.Limiters, s.CutSecond, least, most); err != nil {
		t.Error(err)
	}
}

// RaceThroughSwitchOver has 300 come at once where 100 are allowed, cuts a place
// when 50 were, and has as many more come one after the other. It returns an
// error unless from least to most are allowed in all.
func RaceThroughSwitchOver(ctx context.Context, limiters [Instances]ports.RateLimiter, cut func(), least, most int64) error {
	const limit, n = 100, 300
	rate, key := domain.Rate{Limit: limit, Period: 24 * time.Hour, Burst: limit}, newRateKey()
	var allowed atomic.Int64
	ask := func(i int) error {
		d, err := limiters[i%Instances].Allow(ctx, key, rate)
		if err == nil && d.Allowed && allowed.Add(1) == limit/2 {
			cut()
		}
		if errors.Is(err, domain.ErrUnavailable) { // as good as refused
			err = nil
		}
		return err
	}
	if err := errors.Join(atOnce(n, ask)...); err != nil {
		return err
	}
	for i := range n {
		if err := ask(i); err != nil {
			return err
		}
	}
	if got := allowed.Load(); got < least || got > most {
		return fmt.Errorf("%d were allowed, want from %d to %d", got, least, most)
	}
	return nil
}

func testFirstGone(t *testing.T, s SwitchOver) {
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
