package billing_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/billing"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
)

func TestPlans(t *testing.T) {
	t.Parallel()
	if got := billing.NewService(memory.NewStore()).Plans(); !reflect.DeepEqual(got, domain.Plans) || len(got) == 0 {
		t.Errorf("Plans = %+v, want the catalogue", got)
	}
}

func TestSubscription(t *testing.T) {
	t.Parallel()
	ctx, clock, store := t.Context(), memory.NewClock(), memory.NewStore()
	service := billing.NewService(store)
	actor := domain.Actor{User: "u1", Organization: "o1", Membership: "m1", Role: domain.RoleMember}
	tenant := store.Tenant("o1")

	_, err := service.Subscription(ctx, actor)
	if !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("Subscription of no organization = %v, want %v", err, domain.ErrNotFound)
	}

	subscription := domain.NewFreeSubscription("s1", clock.Now())
	organization := domain.Organization{ID: "o1", Owner: "u1", MemberLimit: domain.Unlimited, WorkspaceLimit: domain.Unlimited}
	coretest.FoundBare(t, store, organization, "m1")
	if err := tenant.Subscription().Add(ctx, subscription); err != nil {
		t.Fatal(err)
	}
	got, err := service.Subscription(ctx, actor)
	if want := subscription.Detail(1, 0); !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("Subscription = %+v, %v\nwant %+v", got, err, want)
	}

	for _, slug := range []domain.Slug{"one", "two", "three", "four"} {
		if err := tenant.Workspaces().Add(ctx, domain.Workspace{ID: domain.WorkspaceID(slug), Slug: slug}); err != nil {
			t.Fatal(err)
		}
	}
	got, err = service.Subscription(ctx, actor)
	if want := []domain.OverLimit{{Limit: "workspaces", Allowed: 3, Used: 4}}; !reflect.DeepEqual(got.OverLimits, want) || err != nil {
		t.Errorf("OverLimits = %+v, %v; want %+v", got.OverLimits, err, want)
	}
}

func TestSubscriptionOfACallerWhoGivesUp(t *testing.T) {
	t.Parallel()
	ctx := coretest.GivingUp(t.Context(), 1) // enough for the subscription
	store := memory.NewStore()
	tenant := store.Tenant("o1")
	coretest.FoundBare(t, store, domain.Organization{ID: "o1", Owner: "u1", MemberLimit: domain.Unlimited}, "m1")
	if err := tenant.Subscription().Add(t.Context(), domain.Subscription{ID: "s1"}); err != nil {
		t.Fatal(err)
	}
	got, err := billing.NewService(store).Subscription(ctx, domain.Actor{Organization: "o1"})
	if !errors.Is(err, context.Canceled) || !reflect.DeepEqual(got, domain.SubscriptionDetail{}) {
		t.Errorf("Subscription = %+v, %v; want nothing, and %v", got, err, context.Canceled)
	}
}
