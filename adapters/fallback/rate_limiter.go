// Package fallback puts one adapter behind another of the same port, for when
// the first is gone.
package fallback

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// RateLimiter is a ports.RateLimiter that counts in one place, and in a second
// one whatever the first cannot count. The second begins from zero: while places
// change, up to twice the limit is allowed. If both fail, so does it.
type RateLimiter struct{ first, second ports.RateLimiter }

var _ ports.RateLimiter = RateLimiter{}

// NewRateLimiter returns a RateLimiter. The first must fail fast, and find out
// by itself when its place is back, as those on a redis.Client do.
func NewRateLimiter(first, second ports.RateLimiter) RateLimiter { return RateLimiter{first, second} }

// Allow implements ports.RateLimiter.
func (l RateLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	decision, first := l.first.Allow(ctx, key, rate)
	if first == nil {
		return decision, nil
	}
	if err := ctx.Err(); err != nil {
		return domain.RateDecision{}, err
	}
	decision, second := l.second.Allow(ctx, key, rate)
	if second != nil {
		return domain.RateDecision{}, errors.Join(second, first)
	}
	return decision, nil
}
