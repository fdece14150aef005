package memory

import (
	"context"
	"maps"
	"sync"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// RateLimiter is a ports.RateLimiter for one process.
type RateLimiter struct {
	clock ports.Clock

	mu      sync.Mutex
	paidAt  map[string]time.Time // see domain.Rate.Take
	sweepAt int
}

var _ ports.RateLimiter = (*RateLimiter)(nil)

// NewRateLimiter returns a RateLimiter that has counted nothing yet. The clock
// is to be the machine's.
func NewRateLimiter(clock ports.Clock) *RateLimiter {
	return &RateLimiter{clock: clock, paidAt: map[string]time.Time{}, sweepAt: minSweep}
}

// Allow implements ports.RateLimiter.
func (l *RateLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	if err := ctx.Err(); err != nil {
		return domain.RateDecision{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// Inside the lock, so that instants come in the order of the uses.
	now := l.clock.Now()
	next, decision := rate.Take(l.paidAt[key], now)
	if decision.Allowed {
		l.paidAt[key] = next
		l.sweep(now)
	}
	return decision, nil
}

// sweep drops the keys that owe nothing any more, each time that their number
// has doubled: else whoever comes under ever new keys would fill the memory.
func (l *RateLimiter) sweep(now time.Time) {
	if len(l.paidAt) < l.sweepAt {
		return
	}
	maps.DeleteFunc(l.paidAt, func(_ string, paidAt time.Time) bool { return !now.Before(paidAt) })
	l.sweepAt = max(minSweep, 2*len(l.paidAt))
}
