package domain

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Rate is how often something may be done: Limit times in each Period, evenly
// spread, and at most Burst of them at once. Whoever comes rarely can use the
// Burst; whoever comes all the time gets Limit in a Period, plus one Burst when
// they begin. The zero Rate allows nothing.
//
// The rule is GCRA (ITU-T I.371): each use costs an interval of time, of which
// Burst may be owed. All that has to be remembered is when nothing is owed any
// more. Adapters may decide by themselves, where the clock and the memory are,
// and leave the rest to Decision.
type Rate struct {
	Limit  int64
	Period time.Duration
	Burst  int64 // from 1 to Limit
}

// RateDecision is what a rate says to one use.
type RateDecision struct {
	Allowed bool
	// Limit is that of the rate.
	Limit int64
	// Remaining is how many more are allowed right now.
	Remaining int64
	// ResetAfter is how long until a whole Burst is allowed again.
	ResetAfter time.Duration
	// RetryAfter is how long until one is allowed again, where this one was not.
	RetryAfter time.Duration
}

// Take decides on a use at now, of somebody who owes nothing any more at
// paidAt; zero for who has not come before. If the use is allowed, the returned
// instant counts it. A clock that was set back allows nothing.
func (r Rate) Take(paidAt, now time.Time) (next time.Time, d RateDecision) {
	if paidAt.Before(now) {
		paidAt = now
	}
	if next = paidAt.Add(r.Interval()); next.Sub(now) > r.Tolerance() {
		return paidAt, r.Decision(false, paidAt.Sub(now))
	}
	return next, r.Decision(true, next.Sub(now))
}

// Decision spells out a decision, after which so much time is owed.
func (r Rate) Decision(allowed bool, owed time.Duration) RateDecision {
	owed = max(owed, 0)
	d := RateDecision{Allowed: allowed, Limit: r.Limit, ResetAfter: owed}
	if free := r.Tolerance() - owed; free > 0 {
		d.Remaining = int64(free / r.Interval())
	}
	if !allowed {
		// At least something, where time has gone by since it was decided.
		d.Remaining = 0
		d.RetryAfter = max(owed+r.Interval()-r.Tolerance(), time.Microsecond)
	}
	return d
}

// Interval is what one use costs, rounded up to what all clocks can tell: whole
// microseconds.
func (r Rate) Interval() time.Duration {
	limit := time.Duration(max(r.Limit, 1))
	interval := (r.Period + limit - 1) / limit
	return max((interval + time.Microsecond - 1).Truncate(time.Microsecond), time.Microsecond)
}

// Tolerance is how much may be owed.
func (r Rate) Tolerance() time.Duration { return time.Duration(r.Burst) * r.Interval() }

// The bounds of a rate that ParseRate accepts.
const (
	maxRateLimit  = 1_000_000
	maxRatePeriod = 31 * 24 * time.Hour
)

var errRate = errors.New("must be a number from 1 to 1000000 in a period from 1s to 744h, like 30/1m, and if fewer may come at once, how many, like 60/1h/10")

// ParseRate reads a rate, like 30/1m. A third part is the Burst; without it, it
// is the Limit.
func ParseRate(text string) (Rate, error) {
	parts := strings.Split(strings.TrimSpace(text), "/")
	if len(parts) == 2 {
		parts = append(parts, parts[0])
	}
	if len(parts) != 3 {
		return Rate{}, errRate
	}
	limit, errLimit := strconv.ParseInt(parts[0], 10, 64)
	period, errPeriod := time.ParseDuration(parts[1])
	burst, errBurst := strconv.ParseInt(parts[2], 10, 64)
	if errLimit != nil || errPeriod != nil || errBurst != nil ||
		limit < 1 || limit > maxRateLimit || period < time.Second || period > maxRatePeriod || burst < 1 || burst > limit {
		return Rate{}, errRate
	}
	return Rate{Limit: limit, Period: period, Burst: burst}, nil
}
