package ratelimit_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/ratelimit"
	"rowhouse/ports"
)

var (
	ada   = domain.Requester{Address: netip.MustParseAddr("203.0.113.7"), User: "ada", Organization: "acme"}
	grace = domain.Requester{Address: netip.MustParseAddr("203.0.113.8"), User: "grace", Organization: "acme"}
	twice = domain.Rate{Limit: 2, Period: time.Hour, Burst: 2}
)

// seen is a limiter that keeps the keys that it was asked for.
type seen struct {
	ports.RateLimiter

	keys []string
	err  error
}

func (s *seen) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	s.keys = append(s.keys, key)
	if s.err != nil {
		return domain.RateDecision{}, s.err
	}
	return s.RateLimiter.Allow(ctx, key, rate)
}

func newService(key string) (*ratelimit.Service, *seen) {
	limiter := &seen{RateLimiter: memory.NewRateLimiter(memory.NewClock())}
	rates := make(map[domain.RateClass]domain.Rate)
	rates[domain.RateSignIn], rates[domain.RateSignUp] = twice, twice
	return ratelimit.NewService(ratelimit.Config{Key: domain.SecretKey(key), Rates: rates}, limiter), limiter
}

func TestAllow(t *testing.T) {
	t.Parallel()
	service, limiter := newService("key")
	for _, tt := range []struct {
		name        string
		class       domain.RateClass
		from        domain.Requester
		wantAllowed bool
		wantLimited bool
	}{
		{"the first", domain.RateSignIn, ada, true, true},
		{"the second", domain.RateSignIn, ada, true, true},
		{"one too many", domain.RateSignIn, ada, false, true},
		{"somebody else", domain.RateSignIn, grace, true, true},
		{"another class", domain.RateSignUp, ada, true, true},
		{"a class without a rate", domain.RateRecovery, ada, false, false},
	} {
		d, limited, err := service.Allow(t.Context(), tt.class, tt.from)
		if err != nil || d.Allowed != tt.wantAllowed || limited != tt.wantLimited {
			t.Errorf("%s: Allow = %+v, %t, %v; want allowed %t, limited %t", tt.name, d, limited, err, tt.wantAllowed, tt.wantLimited)
		}
	}
	if len(limiter.keys) != 5 {
		t.Errorf("the limiter was asked %d times, want 5", len(limiter.keys))
	}
}

func TestAllow_FailsWhereNobodyCounts(t *testing.T) {
	t.Parallel()
	service, limiter := newService("key")
	limiter.err = domain.ErrUnavailable
	d, limited, err := service.Allow(t.Context(), domain.RateSignIn, ada)
	coretest.WantError(t, "Allow", err, domain.ErrUnavailable)
	if d.Allowed || !limited {
		t.Errorf("Allow = %+v, %t, want nothing allowed, and limited", d, limited)
	}
}

func TestAllow_TellsTheLimiterNoNames(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, secret := range []string{"key", "another"} {
		service, limiter := newService(secret)
		for _, class := range []domain.RateClass{domain.RateSignIn, domain.RateSignUp} {
			for range 2 { // the same key each time
				if _, _, err := service.Allow(t.Context(), class, ada); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, key := range limiter.keys {
			if keys[key] = true; strings.Contains(key, "203.0.113") || strings.Contains(key, "ada") {
				t.Errorf("the key %q says who it is", key)
			}
		}
	}
	if len(keys) != 4 {
		t.Errorf("%d keys, want one for each secret and class", len(keys))
	}
}
