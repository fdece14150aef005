package ports

import (
	"context"

	"rowhouse/core/domain"
)

// RateLimiter counts how often something is done, for all processes together.
// It goes by real time, whatever the product's clock says: by one clock, not by
// each process's own.
type RateLimiter interface {
	// Allow counts a use under key if the rate lets it through, as
	// domain.Rate.Take does; the decision says whether. Counting and deciding
	// are one step: of many uses at once, in however many processes, no more are
	// allowed than one after the other. What is refused does not count.
	//
	// Where it cannot count, it fails with domain.ErrUnavailable, and nobody
	// knows whether the use was counted. Whoever protects something with it must
	// refuse then.
	Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error)
}
