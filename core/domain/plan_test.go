package domain_test

import (
	"fmt"
	"reflect"
	"testing"

	"rowhouse/core/domain"
)

// The table of the product's specification, in its own units.
func TestPlans(t *testing.T) {
	t.Parallel()
	const (
		gib       = 1024 * 1024 * 1024
		hour      = 60 * 60
		unlimited = -1
	)
	want := []struct {
		tier                  domain.Tier
		month, year           int64 // dollars
		members, workspaces   domain.Limit
		calls, bytes, seconds domain.Limit
	}{
		{"free", 0, 0, 5, 3, 10_000, 1 * gib, 1 * hour},
		{"starter", 19, 190, 10, 5, 100_000, 10 * gib, 10 * hour},
		{"pro", 79, 790, 50, 25, 1_000_000, 100 * gib, 100 * hour},
		{"enterprise", 399, 3990, unlimited, unlimited, unlimited, unlimited, unlimited},
	}
	if len(domain.Plans) != len(want) {
		t.Fatalf("%d plans, want %d", len(domain.Plans), len(want))
	}
	for i, want := range want {
		t.Run(string(want.tier), func(t *testing.T) {
			t.Parallel()
			got := domain.Plans[i]
			if got.Tier != want.tier || got.Name == "" || got.Description == "" || len(got.Features) == 0 {
				t.Errorf("plan %d = %+v, want %s with all its words", i, got, want.tier)
			}
			prices := []domain.Price{
				{Interval: "month", Money: domain.Money{Amount: want.month * 100, Currency: "USD"}},
				{Interval: "year", Money: domain.Money{Amount: want.year * 100, Currency: "USD"}},
			}
			if !reflect.DeepEqual(got.Prices, prices) {
				t.Errorf("Prices = %v, want %v", got.Prices, prices)
			}
			limits := domain.Limits{
				Members: want.members, Workspaces: want.workspaces,
				APICalls: want.calls, StorageBytes: want.bytes, ComputeSeconds: want.seconds,
			}
			if got.Limits != limits {
				t.Errorf("Limits = %+v, want %+v", got.Limits, limits)
			}
			if found := domain.PlanOf(want.tier); !reflect.DeepEqual(found, got) {
				t.Errorf("PlanOf(%s) = %+v, want %+v", want.tier, found, got)
			}
		})
	}
	t.Run("an unknown tier gets no more than was paid", func(t *testing.T) {
		t.Parallel()
		for _, tier := range []domain.Tier{"", "gold", "Enterprise"} {
			if got := domain.PlanOf(tier).Tier; got != domain.TierFree {
				t.Errorf("PlanOf(%q) = %s, want free", tier, got)
			}
		}
	})
}

func TestLimitAllows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		limit domain.Limit
		n     int64
		want  bool
	}{
		{5, 0, true},
		{5, 4, true},
		{5, 5, true},
		{5, 6, false},
		{0, 0, true},
		{0, 1, false},
		{domain.Unlimited, 0, true},
		{domain.Unlimited, 1 << 62, true},
		{-2, 0, false},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d of %d", tt.n, tt.limit), func(t *testing.T) {
			t.Parallel()
			if got := tt.limit.Allows(tt.n); got != tt.want {
				t.Errorf("Allows = %t, want %t", got, tt.want)
			}
		})
	}
}
