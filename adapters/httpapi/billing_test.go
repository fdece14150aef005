package httpapi_test

import (
	"net/http"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// changeSubscription changes the row behind everybody's back.
func changeSubscription(t *testing.T, s *apitest.Server, organization string, change func(*domain.Subscription)) {
	t.Helper()
	repository := s.Store.Tenant(domain.OrganizationID(organization)).Subscription()
	subscription, err := repository.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	change(&subscription)
	if err := repository.Save(t.Context(), subscription); err != nil {
		t.Fatal(err)
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	prices := func(month int) []any {
		return []any{
			M{"interval": "month", "amount": month, "currency": "USD"},
			M{"interval": "year", "amount": 10 * month, "currency": "USD"},
		}
	}
	plan := func(tier, name, description string, month int, limits M, features ...any) M {
		return M{"tier": tier, "name": name, "description": description, "prices": prices(month), "limits": limits, "features": features}
	}
	res := s.Anonymous(t).Get("/plans").Want(http.StatusOK)
	wantBody(t, res, M{"data": []any{
		plan("free", "Free", "For trying things out.", 0, freeLimits,
			"Invitations by e-mail", "Open and restricted workspaces", "Community support"),
		plan("starter", "Starter", "For a team that ships.", 1900,
			M{"members": 10, "workspaces": 5, "api_calls": 100_000, "storage_bytes": 10 << 30, "compute_seconds": 36_000},
			"Everything in Free", "More seats and workspaces", "E-mail support"),
		plan("pro", "Pro", "For a company that depends on it.", 7900,
			M{"members": 50, "workspaces": 25, "api_calls": 1_000_000, "storage_bytes": 100 << 30, "compute_seconds": 360_000},
			"Everything in Starter", "A million API calls a month", "Priority support"),
		plan("enterprise", "Enterprise", "For an organization without a ceiling.", 39_900,
			M{"members": nil, "workspaces": nil, "api_calls": nil, "storage_bytes": nil, "compute_seconds": nil},
			"Everything in Pro", "No limits", "A contact who knows you"),
	}})
	if signedIn := s.SignUp(t, "Ada").Get("/plans").Want(http.StatusOK); string(signedIn.Body) != string(res.Body) {
		t.Errorf("who is signed in sees %s", signedIn.Body)
	}
	withCookie(t, s, "garbage").Get("/plans").Want(http.StatusOK)
}

func TestSubscription(t *testing.T) {
	t.Parallel()
	free := M{
		"plan": "free", "status": "free", "interval": nil, "current_period_start": start, "current_period_end": "2030-06-01T12:00:00Z",
		"cancel_at_period_end": false, "trial_end": nil, "grace_ends_at": nil, "next_invoice": nil, "over_limits": []any{}, "limits": freeLimits,
	}

	t.Run("every member sees what the organization starts with", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		for _, who := range []*apitest.Client{c.Owner, c.Admin, c.Member} {
			res := who.Get(c.Path("/subscription")).Want(http.StatusOK)
			wantBody(t, res, free)
			wantHeader(t, res, "Cache-Control", "no-store")
		}
		s.SignUp(t, "Eve").Get(c.Path("/subscription")).WantProblem(http.StatusNotFound, "not_found")
		s.Anonymous(t).Get(c.Path("/subscription")).WantProblem(http.StatusUnauthorized, "unauthenticated")
	})

	t.Run("and what is more than the plan allows", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		roomFor(t, s, c, domain.Unlimited)
		for _, name := range []string{"Four", "Five"} {
			c.Owner.Post(c.Path("/workspaces"), M{"name": name}).Want(http.StatusCreated)
		}
		got := c.Member.Get(c.Path("/subscription")).Want(http.StatusOK).JSON()["over_limits"]
		if diff := differ("over_limits", got, []any{M{"limit": "workspaces", "allowed": 3, "used": 5}}); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("a paid one shows what is paid and what is null no longer", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		now := s.Clock.Now()
		changeSubscription(t, s, c.ID, func(sub *domain.Subscription) {
			sub.Plan, sub.Status, sub.Interval = domain.TierEnterprise, domain.StatusPastDue, domain.IntervalYear
			sub.CurrentPeriodEnd, sub.CancelAtPeriodEnd = now.AddDate(1, 0, 0), true
			sub.TrialEnd, sub.GraceEndsAt = now.AddDate(0, 0, 1), now.AddDate(0, 0, 7)
		})
		wantBody(t, c.Member.Get(c.Path("/subscription")).Want(http.StatusOK), M{
			"plan": "enterprise", "status": "past_due", "interval": "year",
			"current_period_start": start, "current_period_end": "2031-05-01T12:00:00Z", "cancel_at_period_end": true,
			"trial_end": "2030-05-02T12:00:00Z", "grace_ends_at": "2030-05-08T12:00:00Z", "next_invoice": nil, "over_limits": []any{},
			"limits": M{"members": nil, "workspaces": nil, "api_calls": nil, "storage_bytes": nil, "compute_seconds": nil},
		})
		if plan := c.Owner.Get(c.Path("")).Text("plan"); plan != "enterprise" {
			t.Errorf("plan = %q", plan)
		}
	})
}
