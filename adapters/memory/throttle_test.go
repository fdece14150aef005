package memory_test

import (
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
)

// A throttle drops the keys that count no more when there are many. It must not
// drop those that count.
func TestThrottle_KeepsWhatCounts(t *testing.T) {
	t.Parallel()
	clock, ids := memory.NewClock(), memory.NewIDs()
	throttle, policy := memory.NewThrottle(clock), domain.ThrottlePasswords
	reserve := func(key string) bool {
		allowed, _, err := throttle.Reserve(t.Context(), key, policy)
		if err != nil {
			t.Fatal(err)
		}
		return allowed
	}
	for range 5000 {
		reserve(ids.New())
	}
	clock.Advance(policy.Window)
	for range policy.Free {
		reserve("ada")
	}
	for range 5000 {
		reserve(ids.New())
	}
	if reserve("ada") {
		t.Error("an attempt too many was let through")
	}
}
