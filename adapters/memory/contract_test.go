package memory_test

import (
	"slices"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	porttest.TestStore(t, func(*testing.T) ports.Store { return newStore() })
}

// newStore returns a store that counts attempts.
func newStore() *memory.Store {
	store := memory.NewStore()
	store.SetClock(memory.NewClock())
	return store
}

func TestControls(t *testing.T) {
	t.Parallel()
	porttest.TestControls(t, func(*testing.T) ports.Store { return newStore() })
}

func TestThrottleControl(t *testing.T) {
	t.Parallel()
	porttest.TestThrottleControl(t, func(_ *testing.T, clock ports.Clock) ports.Throttle { return memory.NewThrottle(clock) })
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	porttest.TestThrottle(t, func(_ *testing.T, clock ports.Clock) ports.Throttle { return memory.NewThrottle(clock) })
}

// A Store is a throttle as well.
func TestStore_Throttle(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(ports.Store) ports.Throttle{"in updates": porttest.InUpdates, "outside": ports.Store.Throttle} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.TestThrottle(t, func(_ *testing.T, clock ports.Clock) ports.Throttle {
				store := memory.NewStore()
				store.SetClock(clock)
				return of(store)
			})
		})
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	porttest.TestJobs(t, openJobs)
}

func TestJobControls(t *testing.T) {
	t.Parallel()
	porttest.TestJobControls(t, openJobs)
}

func openJobs(*testing.T) (app, worker ports.Store, jobs ports.Jobs) {
	store := newStore()
	return store, store, memory.NewJobs(store)
}

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	porttest.TestRateLimiter(t, func(*testing.T) [porttest.Instances]ports.RateLimiter {
		limiter := memory.NewRateLimiter(timeOfDay{})
		return [porttest.Instances]ports.RateLimiter{limiter, limiter, limiter}
	})
}

func TestRateLimiterControls(t *testing.T) {
	t.Parallel()
	porttest.TestRateLimiterControls(t, func(*testing.T) ports.RateLimiter { return memory.NewRateLimiter(timeOfDay{}) })
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	porttest.TestMailbox(t, func(*testing.T) ports.Mailbox { return memory.NewMailbox() })
}

func TestMailer(t *testing.T) {
	t.Parallel()
	porttest.TestMailer(t, func(*testing.T) (ports.Mailer, func(*testing.T) []domain.Mail) {
		mailbox := memory.NewMailbox()
		return mailbox, func(t *testing.T) []domain.Mail {
			t.Helper()
			mails, err := mailbox.List(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			slices.Reverse(mails)
			return mails
		}
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	porttest.TestClock(t, func(*testing.T) ports.Clock { return memory.NewClock() })
}

func TestIDs(t *testing.T) {
	t.Parallel()
	porttest.TestIDs(t, func(*testing.T) ports.IDs { return memory.NewIDs() })
}

func TestTokens(t *testing.T) {
	t.Parallel()
	porttest.TestTokens(t, func(*testing.T) ports.Tokens { return memory.NewTokens() })
}

func TestCache(t *testing.T) {
	t.Parallel()
	porttest.TestCache(t, openCache)
}

func TestCacheNamespace(t *testing.T) {
	t.Parallel()
	porttest.TestCacheNamespace(t, openCache)
}

// openCache returns a cache that goes by the time of day, as others do.
func openCache(*testing.T) (one, another ports.Cache) {
	cache := memory.NewCache(timeOfDay{})
	return cache, cache
}

type timeOfDay struct{}

func (timeOfDay) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func TestSignal(t *testing.T) {
	t.Parallel()
	porttest.TestSignal(t, func(*testing.T) (one, another ports.Signal) {
		signal := memory.NewSignal()
		return signal, signal
	})
}
