package domain_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rowhouse/core/domain"
)

// tries makes so many attempts at one instant and returns how many were let
// through, what is remembered, and how long the next has to wait.
func tries(attempts domain.Attempts, policy domain.ThrottlePolicy, now time.Time, n int) (through int, next domain.Attempts, wait time.Duration) {
	for range n {
		var allowed bool
		if attempts, allowed, wait = attempts.Reserve(policy, now); allowed {
			through++
		}
	}
	return through, attempts, wait
}

func TestThrottlePasswords(t *testing.T) {
	t.Parallel()
	now := noon
	through, attempts, wait := tries(domain.Attempts{}, domain.ThrottlePasswords, now, 100)
	if through != 5 || wait != time.Second {
		t.Fatalf("%d attempts at once, then a wait of %v; want 5, then 1s", through, wait)
	}
	for delay := time.Second; delay <= 512*time.Second; delay *= 2 {
		now = now.Add(delay - time.Microsecond)
		if through, _, wait := tries(attempts, domain.ThrottlePasswords, now, 1); through != 0 || wait != time.Microsecond {
			t.Fatalf("a moment before %v: %d attempts, wait %v; want none, and a moment", delay, through, wait)
		}
		now = now.Add(time.Microsecond)
		through, next, wait := tries(attempts, domain.ThrottlePasswords, now, 10)
		if want := min(2*delay, 15*time.Minute); through != 1 || wait != want {
			t.Fatalf("after %v: %d attempts, then a wait of %v; want 1, then %v", delay, through, wait, want)
		}
		attempts = next
	}
	now = now.Add(15*time.Minute - time.Microsecond)
	if through, _, _ := tries(attempts, domain.ThrottlePasswords, now, 1); through != 0 {
		t.Error("an attempt a moment before 15 minutes were over")
	}
	if through, _, _ := tries(attempts, domain.ThrottlePasswords, now.Add(time.Microsecond), 100); through != 5 {
		t.Errorf("%d attempts once all is forgotten, want 5", through)
	}
}

func TestThrottleResets(t *testing.T) {
	t.Parallel()
	through, attempts, wait := tries(domain.Attempts{}, domain.ThrottleResets, noon, 10)
	if through != 3 || wait != time.Hour {
		t.Fatalf("%d attempts at once, then a wait of %v; want 3, then 1h", through, wait)
	}
	if through, _, wait := tries(attempts, domain.ThrottleResets, noon.Add(time.Hour-time.Microsecond), 1); through != 0 || wait != time.Microsecond {
		t.Errorf("a moment before an hour: %d attempts, wait %v; want none, and a moment", through, wait)
	}
	if through, _, _ := tries(attempts, domain.ThrottleResets, noon.Add(time.Hour), 10); through != 3 {
		t.Errorf("%d attempts after an hour, want 3", through)
	}
}

func TestAttemptsReserve(t *testing.T) {
	t.Parallel()
	policy := domain.ThrottlePolicy{Free: 2, Window: time.Hour, Delay: time.Minute, MaxDelay: 4 * time.Minute}
	tests := []struct {
		name        string
		attempts    domain.Attempts
		after       time.Duration // since the latest of them
		want        domain.Attempts
		wantAllowed bool
		wantWait    time.Duration
	}{
		{"the first is free", domain.Attempts{}, 0, domain.Attempts{Count: 1, LatestAt: noon}, true, 0},
		{"the second is free at once", domain.Attempts{Count: 1, LatestAt: noon}, 0, domain.Attempts{Count: 2, LatestAt: noon}, true, 0},
		{"the third waits, and is not counted", domain.Attempts{Count: 2, LatestAt: noon}, 0, domain.Attempts{Count: 2, LatestAt: noon}, false, time.Minute},
		{"the wait is what is left of it", domain.Attempts{Count: 3, LatestAt: noon}, 90 * time.Second, domain.Attempts{Count: 3, LatestAt: noon}, false, 30 * time.Second},
		{"the longest wait stays the longest", domain.Attempts{Count: 1000, LatestAt: noon}, 0, domain.Attempts{Count: 1000, LatestAt: noon}, false, 4 * time.Minute},
		{"a count beyond all bounds is no trouble", domain.Attempts{Count: 1 << 62, LatestAt: noon}, time.Minute, domain.Attempts{Count: 1 << 62, LatestAt: noon}, false, 3 * time.Minute},
		{"the third is let through after its wait", domain.Attempts{Count: 2, LatestAt: noon}, time.Minute, domain.Attempts{Count: 3, LatestAt: noon.Add(time.Minute)}, true, 0},
		{"the window counts from the latest", domain.Attempts{Count: 3, LatestAt: noon}, time.Hour - 1, domain.Attempts{Count: 4, LatestAt: noon.Add(time.Hour - 1)}, true, 0},
		{"all is forgotten after the window", domain.Attempts{Count: 3, LatestAt: noon}, time.Hour, domain.Attempts{Count: 1, LatestAt: noon.Add(time.Hour)}, true, 0},
		{"a clock that was set back opens nothing", domain.Attempts{Count: 2, LatestAt: noon}, -time.Hour, domain.Attempts{Count: 2, LatestAt: noon}, false, time.Hour + time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, allowed, wait := tt.attempts.Reserve(policy, noon.Add(tt.after))
			if got != tt.want || allowed != tt.wantAllowed || wait != tt.wantWait {
				t.Errorf("Reserve = %+v, %t, %v; want %+v, %t, %v", got, allowed, wait, tt.want, tt.wantAllowed, tt.wantWait)
			}
		})
	}
	t.Run("a wait longer than the window is waited", func(t *testing.T) {
		t.Parallel()
		long := domain.ThrottlePolicy{Free: 1, Window: time.Second, Delay: time.Hour, MaxDelay: time.Hour}
		if through, _, _ := tries(domain.Attempts{Count: 1, LatestAt: noon}, long, noon.Add(time.Minute), 1); through != 0 {
			t.Error("an attempt before its wait was over")
		}
	})
}

// Whatever was tried before, and however the time passes: one instant lets no
// more through than are free, and who is told to wait is let through when the
// wait is over and not before.
func TestThrottleAtRandom(t *testing.T) {
	t.Parallel()
	policies := []domain.ThrottlePolicy{
		domain.ThrottlePasswords, domain.ThrottleResets,
		{Free: 1, Window: time.Second, Delay: time.Minute, MaxDelay: time.Hour},
		{Free: 0, Window: time.Hour, Delay: time.Microsecond, MaxDelay: time.Hour},
	}
	for seed := range uint64(200) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			policy := policies[random.IntN(len(policies))]
			now, attempts := noon, domain.Attempts{}
			for range 100 {
				now = now.Add(time.Duration(random.Int64N(int64(policy.MaxDelay) / (1 << random.IntN(20)))))
				through, next, wait := tries(attempts, policy, now, int(policy.Free)+random.IntN(20)+1)
				if through > max(int(policy.Free), 1) {
					t.Fatalf("%d attempts at one instant, want at most %d", through, max(policy.Free, 1))
				}
				if attempts = next; wait == 0 {
					continue
				}
				if wait < 0 || wait > policy.MaxDelay {
					t.Fatalf("a wait of %v, want at most %v", wait, policy.MaxDelay)
				}
				if through, _, _ := tries(attempts, policy, now.Add(wait-1), 1); through != 0 {
					t.Fatalf("an attempt before %v were over", wait)
				}
				if through, _, _ := tries(attempts, policy, now.Add(wait), 1); through != 1 {
					t.Fatalf("no attempt once %v were over", wait)
				}
			}
		})
	}
}
