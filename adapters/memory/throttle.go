package memory

import (
	"context"
	"sync"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Throttle is a ports.Throttle.
type Throttle struct {
	clock ports.Clock

	mu       sync.Mutex
	attempts map[string]throttled
	sweepAt  int
}

var _ ports.Throttle = (*Throttle)(nil)

// minSweep is how many keys are kept before those that count no more are
// looked for.
const minSweep = 1024

// throttled is what is known of a key, and until when it matters.
type throttled struct {
	domain.Attempts

	until time.Time
}

// NewThrottle returns a Throttle that remembers nothing yet.
func NewThrottle(clock ports.Clock) *Throttle {
	return &Throttle{clock: clock, attempts: map[string]throttled{}, sweepAt: minSweep}
}

// Reserve implements ports.Throttle.
func (t *Throttle) Reserve(ctx context.Context, key string, policy domain.ThrottlePolicy) (allowed bool, wait time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return false, 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// Inside the lock, so that instants come in the order of the attempts.
	now := t.clock.Now()
	next, allowed, wait := t.attempts[key].Reserve(policy, now)
	if allowed {
		t.attempts[key] = throttled{next, now.Add(max(policy.Window, policy.MaxDelay))}
		t.sweep(now)
	}
	return allowed, wait, nil
}

// Forget implements ports.Throttle.
func (t *Throttle) Forget(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.attempts, key)
	return nil
}

// sweep drops the keys that count no more, each time that their number has
// doubled: else whoever tries ever new keys would fill the memory.
func (t *Throttle) sweep(now time.Time) {
	if len(t.attempts) < t.sweepAt {
		return
	}
	for key, attempts := range t.attempts {
		if !now.Before(attempts.until) {
			delete(t.attempts, key)
		}
	}
	t.sweepAt = max(minSweep, 2*len(t.attempts))
}
