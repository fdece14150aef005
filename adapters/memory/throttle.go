package memory

import (
	"context"
	"errors"
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

// reserve decides on an attempt at now. If it is allowed, next counts it.
func (t throttled) reserve(policy domain.ThrottlePolicy, now time.Time) (next throttled, allowed bool, wait time.Duration) {
	attempts, allowed, wait := t.Reserve(policy, now)
	return throttled{attempts, now.Add(max(policy.Window, policy.MaxDelay))}, allowed, wait
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
	next, allowed, wait := t.attempts[key].reserve(policy, now)
	if allowed {
		t.attempts[key] = next
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

// throttle is the ports.Throttle of a Store: what it counts in an update is
// undone with it.
type throttle struct{ *repositories }

var errNoClock = errors.New("memory: the store has no clock to count attempts by: see SetClock")

func (r throttle) Reserve(ctx context.Context, key string, policy domain.ThrottlePolicy) (allowed bool, wait time.Duration, err error) {
	err = r.write(ctx, func(tx *transaction) error {
		if r.store.clock == nil {
			return errNoClock
		}
		now := r.store.clock.Now()
		var next throttled
		if next, allowed, wait = tx.attempts[key].reserve(policy, now); allowed {
			tx.attempts.put(tx, key, next)
			r.sweep(tx, now)
		}
		return nil
	})
	return allowed, wait, err
}

func (r throttle) Forget(ctx context.Context, key string) error {
	return r.write(ctx, func(tx *transaction) error {
		tx.attempts.remove(tx, key)
		return nil
	})
}

// sweep is that of Throttle.
func (r throttle) sweep(tx *transaction, now time.Time) {
	if len(tx.attempts) < r.store.sweepAttemptsAt {
		return
	}
	for key, attempts := range tx.attempts {
		if !now.Before(attempts.until) {
			tx.attempts.remove(tx, key)
		}
	}
	r.store.sweepAttemptsAt = max(minSweep, 2*len(tx.attempts))
}
