package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// throttleTest is one promise of a ports.Throttle, with the clock that it goes
// by.
type throttleTest struct {
	name string
	run  func(*testing.T, ports.Throttle, *handClock)
}

// TestThrottle checks that a ports.Throttle does what its documentation says.
// It calls open once for each subtest, in parallel; the throttle must remember
// nothing yet and go by the clock.
func TestThrottle(t *testing.T, open func(*testing.T, ports.Clock) ports.Throttle) {
	t.Helper()
	for _, tt := range []throttleTest{
		{"attempts are let through and refused as the policy says", testThrottlePolicy},
		{"a refused attempt does not count", testThrottleRefused},
		{"keys do not count for each other", testThrottleKeys},
		{"what is forgotten starts from zero, and nothing else", testThrottleForget},
		{"many at once get no further than one after the other", testThrottleAtOnce},
		{"a call fails once its context is cancelled, and counts nothing", testThrottleCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := &handClock{now: noon}
			throttle := open(t, clock)
			// It is in use already.
			for range 3 {
				reserve(t, throttle, "in use", domain.ThrottlePasswords)
			}
			tt.run(t, throttle, clock)
		})
	}
}

// handClock is a ports.Clock that is moved by hand.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// decision is what a throttle says to an attempt.
type decision struct {
	allowed bool
	wait    time.Duration
}

func reserve(t *testing.T, throttle ports.Throttle, key string, policy domain.ThrottlePolicy) decision {
	t.Helper()
	allowed, wait, err := throttle.Reserve(t.Context(), key, policy)
	if err != nil {
		t.Fatalf("Reserve = %v", err)
	}
	return decision{allowed, wait}
}

// testThrottlePolicy plays the same attempts to the throttle and to the domain.
func testThrottlePolicy(t *testing.T, throttle ports.Throttle, clock *handClock) {
	// Each is how long after the one before: at once, just too early and just
	// in time for each wait, and around the ends of the windows.
	pauses := []time.Duration{
		0, 0, 0, 0, 0, 0, time.Second - time.Microsecond, time.Microsecond, 0, time.Second, time.Second,
		4 * time.Second, 8*time.Second - time.Microsecond, time.Microsecond, time.Minute, time.Minute, time.Minute,
		15*time.Minute - time.Microsecond, time.Microsecond, 0, 0, 0, 0, 0, time.Hour - time.Microsecond, time.Microsecond,
		0, 0, 0, 0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second,
		64 * time.Second, 128 * time.Second, 256 * time.Second, 512 * time.Second, 14 * time.Minute, 15*time.Minute - 1000, 1000, 0,
	}
	for name, policy := range map[string]domain.ThrottlePolicy{
		"passwords": domain.ThrottlePasswords, "resets": domain.ThrottleResets,
	} {
		var known domain.Attempts
		for i, pause := range pauses {
			clock.advance(pause)
			var want decision
			known, want.allowed, want.wait = known.Reserve(policy, clock.Now())
			got := reserve(t, throttle, name, policy)
			wantEqual(t, fmt.Sprintf("attempt %d on %s, %s after the one before", i+1, name, pause), got, want)
		}
	}
}

func testThrottleRefused(t *testing.T, throttle ports.Throttle, clock *handClock) {
	policy := domain.ThrottlePasswords
	for range policy.Free {
		reserve(t, throttle, "key", policy)
	}
	for range 100 {
		wantEqual(t, "an attempt too early", reserve(t, throttle, "key", policy), decision{false, policy.Delay})
	}
	clock.advance(policy.Delay)
	wantEqual(t, "an attempt after the wait", reserve(t, throttle, "key", policy), decision{true, 0})
	wantEqual(t, "the next", reserve(t, throttle, "key", policy), decision{false, 2 * policy.Delay})
}

func testThrottleKeys(t *testing.T, throttle ports.Throttle, _ *handClock) {
	policy := domain.ThrottlePasswords
	for range policy.Free {
		reserve(t, throttle, "password:ada@example.com", policy)
	}
	for _, key := range []string{"password:grace@example.com", "password:ada@example.co", "reset:ada@example.com", "Password:ada@example.com", ""} {
		wantEqual(t, "the first attempt on "+key, reserve(t, throttle, key, policy), decision{true, 0})
	}
	wantEqual(t, "the key that is used up", reserve(t, throttle, "password:ada@example.com", policy).allowed, false)
}

func testThrottleForget(t *testing.T, throttle ports.Throttle, _ *handClock) {
	policy := domain.ThrottlePasswords
	for range policy.Free {
		reserve(t, throttle, "key", policy)
		reserve(t, throttle, "other", policy)
	}
	for _, key := range []string{"key", "unknown"} {
		if err := throttle.Forget(t.Context(), key); err != nil {
			t.Fatalf("Forget %s = %v", key, err)
		}
	}
	for range policy.Free {
		wantEqual(t, "an attempt after Forget", reserve(t, throttle, "key", policy), decision{true, 0})
	}
	wantEqual(t, "one too many", reserve(t, throttle, "key", policy), decision{false, policy.Delay})
	wantEqual(t, "another key", reserve(t, throttle, "other", policy), decision{false, policy.Delay})
}

func testThrottleAtOnce(t *testing.T, throttle ports.Throttle, _ *handClock) {
	if err := RaceForAttempts(t.Context(), throttle, takers); err != nil {
		t.Error(err)
	}
}

// RaceForAttempts makes n attempts at once on one key, which the throttle must
// not know yet: "race". It returns an error unless as many get through as are
// free.
func RaceForAttempts(ctx context.Context, throttle ports.Throttle, n int) error {
	policy := domain.ThrottlePasswords
	refused := errors.New("refused")
	through := int64(0)
	for _, err := range atOnce(n, func(int) error {
		allowed, _, err := throttle.Reserve(ctx, "race", policy)
		if err == nil && !allowed {
			err = refused
		}
		return err
	}) {
		switch {
		case err == nil:
			through++
		case !errors.Is(err, refused):
			return err
		}
	}
	if through != policy.Free {
		return fmt.Errorf("%d of %d attempts at once got through, want %d", through, n, policy.Free)
	}
	return nil
}

func testThrottleCancelled(t *testing.T, throttle ports.Throttle, _ *handClock) {
	ctx, policy := cancelled(t), domain.ThrottlePasswords
	for range policy.Free + 1 {
		allowed, _, err := throttle.Reserve(ctx, "key", policy)
		wantError(t, "Reserve", err, context.Canceled)
		wantEqual(t, "a failed attempt let through", allowed, false)
	}
	for range policy.Free {
		wantEqual(t, "an attempt", reserve(t, throttle, "key", policy), decision{true, 0})
	}
	wantError(t, "Forget", throttle.Forget(ctx, "key"), context.Canceled)
	wantEqual(t, "one too many", reserve(t, throttle, "key", policy), decision{false, policy.Delay})
}
