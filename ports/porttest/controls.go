package porttest

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// racing is how many race in the controls.
const racing = 12

// TestControls shows that the races of the contract find what they look for:
// each is run on a store that breaks one promise, and on one that breaks none.
// The controls look before they write, as code without a lock does, and a
// barrier between the two makes them fail every time and not by luck. open must
// return an empty store.
func TestControls(t *testing.T, open func(*testing.T) ports.Store) {
	t.Helper()
	for _, tt := range []struct {
		name   string
		race   func(context.Context, ports.Store, ports.IDs, int) error
		broken func(ports.Store, *barrier) ports.Store
		want   string // part of what the race reports
	}{
		{"seats that are counted before one is taken", RaceForLastSeat, newCountingStore, "more than one succeeded"},
		{"workspaces that are counted before one is added", RaceForLastWorkspace, newCountingStore, "more than one succeeded"},
		{"seats that are counted before somebody is invited", RaceForLastInvitation, newCountingStore, "more than one succeeded"},
		{"addresses that are looked up before one is invited", RaceToInvite, newLookingStore, "more than one succeeded"},
		{"invitations that are looked at before one is answered", RaceToAnswer, newLookingStore, "more than one succeeded"},
		{"updates of an organization that run at once", RaceToEditOrganization, newUnlockedStore, domain.ErrPreconditionFailed.Message},
		{"updates of a user that run at once", RaceToEditUser, newUnlockedStore, `"Ownerx", want 12 times`},
		{"slugs that are looked up before one is claimed", RaceForSlug, newLookingStore, "more than one succeeded"},
		{"links that are looked up before one is taken", RaceForAuthToken, newLookingStore, "more than one succeeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			broken := tt.broken(open(t), newBarrier(racing))
			if err := tt.race(t.Context(), broken, &sequence{}, racing); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the race on the broken store = %v, want an error with %q", err, tt.want)
			}
			if err := tt.race(t.Context(), open(t), &sequence{}, racing); err != nil {
				t.Errorf("the race on the sound store = %v, want nil", err)
			}
		})
	}
}

// TestThrottleControl shows the same of the race for attempts. open must return
// a throttle that remembers nothing yet.
func TestThrottleControl(t *testing.T, open func(*testing.T, ports.Clock) ports.Throttle) {
	t.Helper()
	clock := &handClock{now: noon}
	throttle := readingThrottle{open(t, clock), clock, newBarrier(racing)}
	const want = "12 of 12 attempts at once got through, want 5"
	if err := RaceForAttempts(t.Context(), throttle, racing); err == nil || err.Error() != want {
		t.Errorf("the race on the broken throttle = %v, want %q", err, want)
	}
}

// barrier holds back everybody until so many have come.
type barrier struct {
	missing atomic.Int64
	open    chan struct{}
}

func newBarrier(n int64) *barrier {
	b := &barrier{open: make(chan struct{})}
	b.missing.Store(n)
	return b
}

func (b *barrier) wait(ctx context.Context) error {
	if b.missing.Add(-1) == 0 {
		close(b.open)
	}
	select {
	case <-b.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readingThrottle lets everybody decide on a key that is new before anybody is
// counted.
type readingThrottle struct {
	ports.Throttle

	clock ports.Clock
	read  *barrier
}

func (r readingThrottle) Reserve(ctx context.Context, _ string, policy domain.ThrottlePolicy) (bool, time.Duration, error) {
	var known domain.Attempts
	_, allowed, wait := known.Reserve(policy, r.clock.Now())
	return allowed, wait, r.read.wait(ctx)
}
