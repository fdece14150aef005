package memory_test

import (
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
)

// A limiter drops the keys that owe nothing when there are many. It must not
// drop those that do.
func TestRateLimiter_KeepsWhatIsOwed(t *testing.T) {
	t.Parallel()
	clock, ids := memory.NewClock(), memory.NewIDs()
	limiter, rate := memory.NewRateLimiter(clock), domain.Rate{Limit: 5, Period: time.Hour, Burst: 5}
	allowed := func(key string) bool {
		decision, err := limiter.Allow(t.Context(), key, rate)
		if err != nil {
			t.Fatal(err)
		}
		return decision.Allowed
	}
	for range 5000 {
		allowed(ids.New())
	}
	clock.Advance(rate.Interval())
	for range rate.Burst {
		allowed("ada")
	}
	for range 5000 {
		allowed(ids.New())
	}
	if allowed("ada") {
		t.Error("a use too many was allowed")
	}
}
