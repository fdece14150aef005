package porttest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestRateLimiterControls shows that the races for a rate find what they look
// for. open must return a limiter.
func TestRateLimiterControls(t *testing.T, open func(*testing.T) ports.RateLimiter) {
	t.Helper()
	three := func(limiter func() ports.RateLimiter) (limiters [Instances]ports.RateLimiter) {
		for i := range limiters {
			limiters[i] = limiter()
		}
		return limiters
	}
	for _, tt := range []struct {
		name string
		run  func(*testing.T) error
		want string
	}{
		{"counts that are read before they are written", func(t *testing.T) error {
			t.Helper()
			broken := &getThenSetLimiter{paidAt: map[string]time.Time{}, read: newBarrier(300)}
			return RaceForRate(t.Context(), []ports.RateLimiter{broken, broken, broken})
		}, "300 of 300 at once were allowed"},
		{"counts of each process alone", func(t *testing.T) error {
			t.Helper()
			limiters := three(func() ports.RateLimiter { return open(t) })
			return RaceForRate(t.Context(), limiters[:])
		}, "300 of 300 at once were allowed"},
		{"everything that is allowed once a place is gone", func(t *testing.T) error {
			t.Helper()
			first, gone := open(t), &atomic.Bool{}
			limiters := three(func() ports.RateLimiter { return openLimiter{first, gone} })
			return RaceThroughSwitchOver(t.Context(), limiters, func() { gone.Store(true) }, 100, 100)
		}, "were allowed, want from 100 to 100"},
		{"a second place that begins from zero", func(t *testing.T) error {
			t.Helper()
			first, second, gone := open(t), open(t), &atomic.Bool{}
			limiters := three(func() ports.RateLimiter { return standInLimiter{first, second, gone} })
			return RaceThroughSwitchOver(t.Context(), limiters, func() { gone.Store(true) }, 100, 100)
		}, "were allowed, want from 100 to 100"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.run(t); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the race = %v, want an error with %q", err, tt.want)
			}
		})
	}
	t.Run("a sound one passes", func(t *testing.T) {
		t.Parallel()
		sound := open(t)
		if err := RaceForRate(t.Context(), []ports.RateLimiter{sound, sound}); err != nil {
			t.Error(err)
		}
	})
}

// getThenSetLimiter reads what was counted, and writes it afterwards: each is
// done alone, both together are not. The barrier lets everybody read before
// anybody writes.
type getThenSetLimiter struct {
	mu     sync.Mutex
	paidAt map[string]time.Time
	read   *barrier
}

func (l *getThenSetLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	l.mu.Lock()
	paidAt := l.paidAt[key]
	l.mu.Unlock()
	if err := l.read.wait(ctx); err != nil {
		return domain.RateDecision{}, err
	}
	next, decision := rate.Take(paidAt, time.Now())
	l.mu.Lock()
	l.paidAt[key] = next
	l.mu.Unlock()
	return decision, nil
}

// openLimiter allows everything once it has nowhere to count.
type openLimiter struct {
	ports.RateLimiter

	gone *atomic.Bool
}

func (l openLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	if l.gone.Load() {
		return domain.RateDecision{Allowed: true}, nil
	}
	return l.RateLimiter.Allow(ctx, key, rate)
}

// standInLimiter counts in the second place what the first cannot count, and
// nothing else.
type standInLimiter struct {
	ports.RateLimiter

	second ports.RateLimiter
	gone   *atomic.Bool
}

func (l standInLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	if l.gone.Load() {
		return l.second.Allow(ctx, key, rate)
	}
	return l.RateLimiter.Allow(ctx, key, rate)
}
