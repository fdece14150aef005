package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var subscriptionTests = []storeTest{
	{"a subscription comes back as stored", testSubscriptionRoundTrip},
	{"the plan of an organization is its subscription's", testSubscriptionPlan},
	{"a saved subscription is replaced, and no other, and no limits", testSubscriptionSave},
	{"an organization has one subscription", testSubscriptionOnce},
	{"an unknown organization has no subscription", testSubscriptionUnknown},
}

func testSubscriptionRoundTrip(t *testing.T, s *scene) {
	want := domain.NewFreeSubscription(s.acme.subscription, noon)
	got, err := s.acme.in(s.store).Subscription().Get(t.Context())
	s.must(err)
	wantEqual(t, "Get", got, want)
}

// paid returns a subscription without an empty field.
func paid(id domain.SubscriptionID) domain.Subscription {
	return domain.Subscription{
		ID: id, Plan: domain.TierPro, Interval: domain.IntervalYear, Status: domain.StatusPastDue,
		CurrentPeriodStart: noon.Add(1000), CurrentPeriodEnd: noon.AddDate(1, 0, 0), CancelAtPeriodEnd: true,
		TrialEnd: noon.Add(time.Hour), GraceEndsAt: noon.Add(2 * time.Hour), CreatedAt: noon.Add(3000), UpdatedAt: noon.Add(4000),
	}
}

func testSubscriptionSave(t *testing.T, s *scene) {
	ctx, subscription := t.Context(), s.acme.in(s.store).Subscription()
	acme, globex := s.tenantState(s.acme), s.tenantState(s.globex)
	for _, want := range []domain.Subscription{paid(s.acme.subscription), domain.NewFreeSubscription(s.acme.subscription, noon)} {
		s.must(subscription.Save(ctx, want))
		got, err := subscription.Get(ctx)
		s.must(err)
		wantEqual(t, "Get", got, want)
		acme.Subscription, acme.Organization.Plan = want, want.Plan
		wantSame(t, "the rest of acme", s.tenantState(s.acme), acme)
		wantSame(t, "globex", s.tenantState(s.globex), globex)
	}
}

func testSubscriptionPlan(t *testing.T, s *scene) {
	ctx, id := t.Context(), newID[domain.OrganizationID](s.ids)
	want := paid(newID[domain.SubscriptionID](s.ids))
	s.must(s.store.Update(ctx, ports.Of(id), func(tx ports.Repositories) error {
		c := company{id: id, slug: "paying", owner: s.linus, membership: newID[domain.MembershipID](s.ids), workspace: newID[domain.WorkspaceID](s.ids)}
		return first(
			func() error { return tx.Slugs().Claim(ctx, id, c.slug, noon) },
			func() error { return c.in(tx).Organization().Add(ctx, c.newOrganization(roomy)) },
			func() error { return c.in(tx).Memberships().Add(ctx, c.newOwner()) },
			func() error { return c.in(tx).Workspaces().Add(ctx, c.newDefaultWorkspace()) },
			func() error { return c.in(tx).Subscription().Add(ctx, want) },
		)
	}))
	got, err := s.store.Tenant(id).Subscription().Get(ctx)
	s.must(err)
	wantEqual(t, "Get", got, want)
	detail, err := s.store.Tenant(id).Organization().Detail(ctx)
	s.must(err)
	wantEqual(t, "the organization's plan", detail.Plan, domain.TierPro)
	wantEqual(t, "the plan in the user's list", s.userState(s.linus.ID).Organizations[0].Plan, domain.TierPro)
	wantEqual(t, "another organization's plan", s.tenantState(s.acme).Organization.Plan, domain.TierFree)
}

func testSubscriptionOnce(t *testing.T, s *scene) {
	before, second := s.state(), domain.NewFreeSubscription(newID[domain.SubscriptionID](s.ids), noon)
	second.Plan = domain.TierEnterprise
	wantAnyError(t, "Add of a second one", s.acme.in(s.store).Subscription().Add(t.Context(), second))
	wantSame(t, "the store", s.state(), before)
}

func testSubscriptionUnknown(t *testing.T, s *scene) {
	tenant := s.store.Tenant(newID[domain.OrganizationID](s.ids))
	_, err := tenant.Subscription().Get(t.Context())
	wantError(t, "Get", err, domain.ErrNotFound)
	unknown := domain.NewFreeSubscription(newID[domain.SubscriptionID](s.ids), noon)
	wantError(t, "Save", tenant.Subscription().Save(t.Context(), unknown), domain.ErrNotFound)
	_, err = tenant.Subscription().Get(t.Context())
	wantError(t, "Get after Save", err, domain.ErrNotFound)
}
