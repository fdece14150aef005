// Package ratelimit bounds how often requests come from one place or one
// person.
package ratelimit

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Config is what an assembly decides about rates.
type Config struct {
	// Key keeps what is stored from telling who came: there are few enough
	// addresses to try them all on a bare hash.
	Key domain.SecretKey
	// Rates are those of the classes. A class without one is not limited.
	Rates map[domain.RateClass]domain.Rate
}

// Service decides whether a request comes too soon.
type Service struct {
	config  Config
	limiter ports.RateLimiter
}

// NewService returns a Service.
func NewService(config Config, limiter ports.RateLimiter) *Service { return &Service{config, limiter} }

// Allow counts a request in its class. limited is false where the class has no
// rate; then there is no decision. It fails with domain.ErrUnavailable where
// nobody can count: the request must not be served then.
func (s *Service) Allow(ctx context.Context, class domain.RateClass, from domain.Requester) (d domain.RateDecision, limited bool, err error) {
	rate, limited := s.config.Rates[class]
	if !limited {
		return domain.RateDecision{}, false, nil
	}
	d, err = s.limiter.Allow(ctx, string(s.config.Key.MAC("rate", class.Counted(from))), rate)
	return d, true, err
}
