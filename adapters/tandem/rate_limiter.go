// Package tandem has two adapters of one port work together, so that either of
// them can be gone.
package tandem

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// RateLimiter is a ports.RateLimiter that counts in two places, and allows what
// neither of them refuses. What the first refuses, the second is not asked: it
// is spared whoever comes too often.
//
// One that fails is left out, and nothing changes: all that was allowed before
// is known to the other. It would not be if the second only stood in for the
// first, beginning from zero each time that the first is slow, starts anew or
// loses what it kept. Where both have failed, one after the other, up to twice
// the limit is allowed. If both fail, so does it.
type RateLimiter struct{ first, second ports.RateLimiter }

var _ ports.RateLimiter = RateLimiter{}

// NewRateLimiter returns a RateLimiter. The first should answer quickly, and
// fail quickly while its place is gone, as that of adapters/redis does.
func NewRateLimiter(first, second ports.RateLimiter) RateLimiter { return RateLimiter{first, second} }

// Allow implements ports.RateLimiter.
func (l RateLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	one, errOne := l.first.Allow(ctx, key, rate)
	if errOne == nil && !one.Allowed {
		return one, nil
	}
	if err := ctx.Err(); err != nil {
		return domain.RateDecision{}, err
	}
	other, errOther := l.second.Allow(ctx, key, rate)
	switch {
	case errOne == nil && errOther == nil:
		return stricter(one, other), nil
	case errOther == nil:
		return other, nil
	case errOne == nil && ctx.Err() == nil:
		return one, nil
	default:
		return domain.RateDecision{}, errors.Join(errOther, errOne)
	}
}

// stricter returns the decision of the place that knows of more.
func stricter(one, other domain.RateDecision) domain.RateDecision {
	if other.Allowed && one.ResetAfter > other.ResetAfter {
		return one
	}
	return other
}
