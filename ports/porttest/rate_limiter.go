package porttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// rateLimiterTest is one promise of a ports.RateLimiter. It is told to
// instances that count together, as several processes have them.
type rateLimiterTest struct {
	name string
	run  func(*testing.T, []ports.RateLimiter)
}

// Instances is how many share their counts in the tests of rate limiters.
const Instances = 3

// TestRateLimiter checks that a ports.RateLimiter does what its documentation
// says. It calls open once for each subtest, in parallel; the instances must
// count together, and may have counted under other keys before.
func TestRateLimiter(t *testing.T, open func(*testing.T) [Instances]ports.RateLimiter) {
	t.Helper()
	for _, tt := range []rateLimiterTest{
		{"uses are allowed and refused as the rate says", testRate},
		{"fewer come at once than in a period, where the rate says so", testRateBurst},
		{"what is refused does not count", testRateRefused},
		{"the zero rate allows nothing", testRateZero},
		{"keys do not count for each other", testRateKeys},
		{"what was used comes back with the time, and not before", testRateReturns},
		{"in the end all of it is back", testRateResets},
		{"of many at once, in several processes, exactly the limit is allowed", testRateAtOnce},
		{"a call fails once its context is cancelled, and counts nothing", testRateCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			limiters := open(t)
			tt.run(t, limiters[:])
		})
	}
}

// slow is a rate that brings nothing back while a test runs.
var slow = domain.Rate{Limit: 5, Period: 24 * time.Hour, Burst: 5}

// newRateKey returns a key that no other test uses, on servers that all share.
func newRateKey() string { return fmt.Sprintf("porttest:%x%x", rand.Uint64(), rand.Uint64()) }

// usage is how one key has been used so far.
type usage struct {
	t        *testing.T
	limiters []ports.RateLimiter
	key      string
	rate     domain.Rate

	began   time.Time // before the first use
	calls   int
	allowed int64
}

func newUsage(t *testing.T, limiters []ports.RateLimiter, rate domain.Rate) *usage {
	t.Helper()
	return &usage{t: t, limiters: limiters, key: newRateKey(), rate: rate, began: time.Now()}
}

// take uses the key once, in each process in turn.
func (u *usage) take() domain.RateDecision {
	u.t.Helper()
	decision, err := u.limiters[u.calls%len(u.limiters)].Allow(u.t.Context(), u.key, u.rate)
	if err != nil {
		u.t.Fatalf("Allow = %v", err)
	}
	u.calls++
	if decision.Allowed {
		u.allowed++
	}
	return decision
}

// want takes, and checks the decision of a rate that brings nothing back
// meanwhile. The times in it may be shorter by what has gone by since the first
// use, and by no more.
func (u *usage) want(allowed bool) {
	u.t.Helper()
	got := u.take()
	late := time.Since(u.began)
	want := domain.RateDecision{
		Allowed: allowed, Limit: u.rate.Limit, Remaining: u.rate.Burst - u.allowed,
		ResetAfter: time.Duration(u.allowed) * u.rate.Interval(),
	}
	if !allowed {
		want.RetryAfter = u.rate.Interval()
	}
	near := func(got, want time.Duration) bool {
		return got <= want && got >= max(want-late, 0) && (want == 0) == (got == 0)
	}
	if got.Allowed != want.Allowed || got.Limit != want.Limit || got.Remaining != want.Remaining ||
		!near(got.ResetAfter, want.ResetAfter) || !near(got.RetryAfter, want.RetryAfter) {
		u.t.Errorf("use %d, %v after the first =\n  %+v, want\n  %+v", u.calls, late, got, want)
	}
}

func testRate(t *testing.T, limiters []ports.RateLimiter) {
	u := newUsage(t, limiters, slow)
	for range slow.Burst {
		u.want(true)
	}
	u.want(false)
	u.want(false)
}

func testRateBurst(t *testing.T, limiters []ports.RateLimiter) {
	u := newUsage(t, limiters, domain.Rate{Limit: 24, Period: 24 * time.Hour, Burst: 2})
	u.want(true)
	u.want(true)
	u.want(false)
	alone := newUsage(t, limiters, domain.Rate{Limit: 24, Period: 24 * time.Hour, Burst: 1})
	alone.want(true)
	alone.want(false)
}

func testRateRefused(t *testing.T, limiters []ports.RateLimiter) {
	u := newUsage(t, limiters, slow)
	for range slow.Burst {
		u.want(true)
	}
	for range 100 {
		u.want(false)
	}
}

func testRateZero(t *testing.T, limiters []ports.RateLimiter) {
	u := newUsage(t, limiters, domain.Rate{})
	for range 3 {
		if d := u.take(); d.Allowed || d.Remaining != 0 || d.RetryAfter <= 0 {
			t.Errorf("use %d = %+v, want it refused", u.calls, d)
		}
	}
}

func testRateKeys(t *testing.T, limiters []ports.RateLimiter) {
	u := newUsage(t, limiters, slow)
	for range slow.Burst {
		u.want(true)
	}
	for _, key := range []string{u.key + "x", u.key[:len(u.key)-1], "Porttest" + u.key[8:], u.key + "\x00", u.key + ":v1", u.key + "\xff\n"} {
		other := &usage{t: t, limiters: limiters, key: key, rate: slow, began: time.Now()}
		other.want(true)
	}
	u.want(false)
}

// testRateReturns goes by the time that the test sees go by, which may be more
// than the limiter's between two uses, but never less.
func testRateReturns(t *testing.T, limiters []ports.RateLimiter) {
	rate := domain.Rate{Limit: 10, Period: 2 * time.Second, Burst: 2}
	u := newUsage(t, limiters, rate)
	refused := false
	for u.allowed < 6 {
		d := u.take()
		gone := time.Since(u.began)
		if most := rate.Burst + int64(gone/rate.Interval()); u.allowed > most {
			t.Fatalf("%d uses within %v, want at most %d", u.allowed, gone, most)
		}
		if d.Allowed {
			continue
		}
		refused = true
		if d.RetryAfter > rate.Interval() {
			t.Fatalf("a wait of %v, want at most %v", d.RetryAfter, rate.Interval())
		}
		<-time.After(d.RetryAfter)
		waited := u.take()
		if !waited.Allowed && waited.RetryAfter > rate.Interval()/4 { // clocks and timers differ a little
			t.Fatalf("refused after the wait of %v, and told to wait %v more", d.RetryAfter, waited.RetryAfter)
		}
	}
	if !refused {
		t.Error("nothing was refused")
	}
}

func testRateResets(t *testing.T, limiters []ports.RateLimiter) {
	u := newUsage(t, limiters, domain.Rate{Limit: 100, Period: time.Second, Burst: 3})
	var last domain.RateDecision
	for range u.rate.Burst {
		last = u.take()
	}
	<-time.After(last.ResetAfter + 20*time.Millisecond)
	if d := u.take(); !d.Allowed || d.Remaining != u.rate.Burst-1 {
		t.Errorf("once all is back: %+v, want allowed and %d remaining", d, u.rate.Burst-1)
	}
}

func testRateAtOnce(t *testing.T, limiters []ports.RateLimiter) {
	if err := RaceForRate(t.Context(), limiters); err != nil {
		t.Error(err)
	}
}

// RaceForRate has 300 come at once, where 100 are allowed, to instances that
// count together. It returns an error unless exactly 100 are allowed.
func RaceForRate(ctx context.Context, limiters []ports.RateLimiter) error {
	const limit, n = 100, 300
	rate, key := domain.Rate{Limit: limit, Period: 24 * time.Hour, Burst: limit}, newRateKey()
	var allowed atomic.Int64
	errs := atOnce(n, func(i int) error {
		d, err := limiters[i%len(limiters)].Allow(ctx, key, rate)
		if d.Allowed {
			allowed.Add(1)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if got := allowed.Load(); got != limit {
		return fmt.Errorf("%d of %d at once were allowed, want %d", got, n, limit)
	}
	return nil
}

func testRateCancelled(t *testing.T, limiters []ports.RateLimiter) {
	u, ctx := newUsage(t, limiters, slow), cancelled(t)
	for range slow.Burst + 1 {
		d, err := limiters[0].Allow(ctx, u.key, slow)
		wantError(t, "Allow", err, context.Canceled)
		wantEqual(t, "the decision of a call that failed", d, domain.RateDecision{})
	}
	for range slow.Burst {
		u.want(true)
	}
	u.want(false)
}
