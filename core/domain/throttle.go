package domain

import "time"

// ThrottlePolicy says how attempts are slowed down: so many are free within a
// window, then each has to wait, twice as long as the one before.
type ThrottlePolicy struct {
	Free     int64         // attempts without a wait
	Window   time.Duration // an attempt is forgotten this long after the latest
	Delay    time.Duration // the first wait
	MaxDelay time.Duration // the longest wait
}

// The policies. Source of the first: OWASP ASVS 5.0, 6.3.1.
var (
	ThrottlePasswords = ThrottlePolicy{Free: 5, Window: 15 * time.Minute, Delay: time.Second, MaxDelay: 15 * time.Minute}
	ThrottleResets    = ThrottlePolicy{Free: 3, Window: time.Hour, Delay: time.Hour, MaxDelay: time.Hour}
)

// How many invitations go out in a day: to one address from all organizations,
// and from one organization, on the free plan and on others. They keep
// invitations from being used to send spam.
var (
	ThrottleInvitationsTo   = daily(5)
	ThrottleInvitationsFree = daily(10)
	ThrottleInvitationsPaid = daily(50)
)

// daily lets so many through, then none until a day after the last.
func daily(free int64) ThrottlePolicy {
	const day = 24 * time.Hour
	return ThrottlePolicy{Free: free, Window: day, Delay: day, MaxDelay: day}
}

// Attempts is what a throttle remembers of one key.
type Attempts struct {
	Count    int64
	LatestAt time.Time
}

// Reserve decides on an attempt at now. If it is allowed, the returned
// Attempts count it; else wait says how long it would have to wait.
func (a Attempts) Reserve(policy ThrottlePolicy, now time.Time) (next Attempts, allowed bool, wait time.Duration) {
	if now.Sub(a.LatestAt) >= max(policy.Window, policy.MaxDelay) {
		a = Attempts{}
	}
	if wait := a.LatestAt.Add(policy.delay(a.Count)).Sub(now); a.Count >= policy.Free && wait > 0 {
		return a, false, wait
	}
	return Attempts{Count: a.Count + 1, LatestAt: now}, true, 0
}

// delay is the wait before the attempt that follows count others.
func (p ThrottlePolicy) delay(count int64) time.Duration {
	d := p.Delay
	for range count - p.Free {
		if d *= 2; d >= p.MaxDelay {
			return p.MaxDelay
		}
	}
	return d
}
