package domain_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"rowhouse/core/domain"
)

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// starts returns the starts of so many usage periods from the first on, and
// checks that each begins where the one before ends.
func starts(t *testing.T, s domain.Subscription, from time.Time, n int) []time.Time {
	t.Helper()
	found := make([]time.Time, 0, n)
	for range n {
		period := s.UsagePeriod(from)
		if !period.Start.Equal(from) || !period.End.After(period.Start) {
			t.Fatalf("UsagePeriod(%v) = %v, want one that begins there", from, period)
		}
		found = append(found, period.Start)
		from = period.End
	}
	return found
}

func TestUsagePeriodEndsOfMonths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		anchor time.Time
		want   []time.Time
	}{
		{"the first of a month", day(2025, time.November, 1), []time.Time{
			day(2025, time.November, 1), day(2025, time.December, 1), day(2026, time.January, 1), day(2026, time.February, 1), day(2026, time.March, 1),
		}},
		{"the 28th", day(2026, time.January, 28), []time.Time{
			day(2026, time.January, 28), day(2026, time.February, 28), day(2026, time.March, 28),
		}},
		{"the 29th in a common year", day(2025, time.December, 29), []time.Time{
			day(2025, time.December, 29), day(2026, time.January, 29), day(2026, time.February, 28), day(2026, time.March, 29),
		}},
		{"the 29th in a leap year", day(2028, time.January, 29), []time.Time{
			day(2028, time.January, 29), day(2028, time.February, 29), day(2028, time.March, 29),
		}},
		{"the 30th in a leap year", day(2023, time.December, 30), []time.Time{
			day(2023, time.December, 30), day(2024, time.January, 30), day(2024, time.February, 29), day(2024, time.March, 30),
		}},
		{"the 31st in a common year", day(2025, time.October, 31), []time.Time{
			day(2025, time.October, 31), day(2025, time.November, 30), day(2025, time.December, 31), day(2026, time.January, 31),
			day(2026, time.February, 28), day(2026, time.March, 31), day(2026, time.April, 30), day(2026, time.May, 31),
		}},
		{"the 31st in a leap year", day(2024, time.January, 31), []time.Time{
			day(2024, time.January, 31), day(2024, time.February, 29), day(2024, time.March, 31), day(2024, time.April, 30),
		}},
		{"the leap day", day(2024, time.February, 29), []time.Time{
			day(2024, time.February, 29), day(2024, time.March, 29), day(2024, time.April, 29), day(2024, time.May, 29), day(2024, time.June, 29),
			day(2024, time.July, 29), day(2024, time.August, 29), day(2024, time.September, 29), day(2024, time.October, 29),
			day(2024, time.November, 29), day(2024, time.December, 29), day(2025, time.January, 29), day(2025, time.February, 28), day(2025, time.March, 29),
		}},
		{"the last moment of a year", time.Date(2027, time.December, 31, 23, 59, 59, 999_999_000, time.UTC), []time.Time{
			time.Date(2027, time.December, 31, 23, 59, 59, 999_999_000, time.UTC),
			time.Date(2028, time.January, 31, 23, 59, 59, 999_999_000, time.UTC),
			time.Date(2028, time.February, 29, 23, 59, 59, 999_999_000, time.UTC),
			time.Date(2028, time.March, 31, 23, 59, 59, 999_999_000, time.UTC),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := starts(t, domain.Subscription{CurrentPeriodStart: tt.anchor}, tt.anchor, len(tt.want))
			if !slices.EqualFunc(got, tt.want, time.Time.Equal) {
				t.Errorf("periods begin at\n%v, want\n%v", got, tt.want)
			}
		})
	}
}

func TestUsagePeriodEdges(t *testing.T) {
	t.Parallel()
	anchor := time.Date(2026, time.January, 31, 15, 30, 0, 0, time.UTC)
	first := domain.Period{Start: anchor, End: time.Date(2026, time.February, 28, 15, 30, 0, 0, time.UTC)}
	second := domain.Period{Start: first.End, End: time.Date(2026, time.March, 31, 15, 30, 0, 0, time.UTC)}
	before := domain.Period{Start: time.Date(2025, time.December, 31, 15, 30, 0, 0, time.UTC), End: anchor}
	tests := []struct {
		name string
		now  time.Time
		want domain.Period
	}{
		{"its first moment is in it", first.Start, first},
		{"its last moment is in it", first.End.Add(-time.Microsecond), first},
		{"its end is in the next", first.End, second},
		{"the same day in the morning is not yet in the next", time.Date(2026, time.February, 28, 9, 0, 0, 0, time.UTC), first},
		{"what is before the anchor is in the one before", anchor.Add(-time.Microsecond), before},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (domain.Subscription{CurrentPeriodStart: anchor}).UsagePeriod(tt.now); got != tt.want {
				t.Errorf("UsagePeriod(%v) = %v, want %v", tt.now, got, tt.want)
			}
		})
	}
}

// Whenever it is asked, now is in the period, the period is what its own start
// and last moment say too, and the next begins where it ends.
func TestUsagePeriodAtRandom(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(20, 28))
	instant := func() time.Time {
		const span = 12 * 365 * 24 * time.Hour
		return day(2023, time.January, 1).Add(time.Duration(random.Int64N(int64(span)))).Truncate(time.Microsecond)
	}
	for range 20_000 {
		s, now := domain.Subscription{CurrentPeriodStart: instant()}, instant()
		p := s.UsagePeriod(now)
		if now.Before(p.Start) || !now.Before(p.End) {
			t.Fatalf("anchor %v: UsagePeriod(%v) = %v, which now is not in", s.CurrentPeriodStart, now, p)
		}
		if length := p.End.Sub(p.Start); length < 28*24*time.Hour || length > 31*24*time.Hour {
			t.Fatalf("anchor %v: UsagePeriod(%v) = %v, which is no month", s.CurrentPeriodStart, now, p)
		}
		if again := s.UsagePeriod(p.Start); again != p {
			t.Fatalf("anchor %v: UsagePeriod = %v, but %v for its start", s.CurrentPeriodStart, p, again)
		}
		if again := s.UsagePeriod(p.End.Add(-time.Microsecond)); again != p {
			t.Fatalf("anchor %v: UsagePeriod = %v, but %v for its last moment", s.CurrentPeriodStart, p, again)
		}
		if next := s.UsagePeriod(p.End); !next.Start.Equal(p.End) {
			t.Fatalf("anchor %v: UsagePeriod = %v, and the next is %v", s.CurrentPeriodStart, p, next)
		}
	}
}

func TestNewFreeSubscription(t *testing.T) {
	t.Parallel()
	now := time.Date(2028, time.January, 31, 12, 0, 0, 0, time.UTC)
	want := domain.Subscription{
		ID: "s1", Plan: domain.TierFree, Status: domain.StatusFree,
		CurrentPeriodStart: now, CurrentPeriodEnd: time.Date(2028, time.February, 29, 12, 0, 0, 0, time.UTC),
		CreatedAt: now, UpdatedAt: now,
	}
	got := domain.NewFreeSubscription("s1", now)
	if got != want {
		t.Errorf("NewFreeSubscription = %+v\nwant %+v", got, want)
	}
	if p := got.UsagePeriod(now); p != (domain.Period{Start: got.CurrentPeriodStart, End: got.CurrentPeriodEnd}) {
		t.Errorf("UsagePeriod = %v, want the billing period", p)
	}
}

// Stripe's own names; a new one fails until somebody decides what it means.
func TestSubscriptionStatuses(t *testing.T) {
	t.Parallel()
	want := []domain.SubscriptionStatus{
		"free", "trialing", "active", "past_due", "canceled", "unpaid", "paused", "incomplete", "incomplete_expired",
	}
	if !slices.Equal(domain.SubscriptionStatuses, want) {
		t.Errorf("SubscriptionStatuses = %q, want %q", domain.SubscriptionStatuses, want)
	}
}

func TestSubscriptionDetail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tier                domain.Tier
		members, workspaces int64
		want                []domain.OverLimit
	}{
		{domain.TierFree, 0, 0, nil},
		{domain.TierFree, 5, 3, nil},
		{domain.TierFree, 6, 3, []domain.OverLimit{{Limit: "members", Allowed: 5, Used: 6}}},
		{domain.TierFree, 5, 4, []domain.OverLimit{{Limit: "workspaces", Allowed: 3, Used: 4}}},
		{domain.TierFree, 50, 25, []domain.OverLimit{{Limit: "members", Allowed: 5, Used: 50}, {Limit: "workspaces", Allowed: 3, Used: 25}}},
		{domain.TierPro, 50, 25, nil},
		{domain.TierEnterprise, 1 << 40, 1 << 40, nil},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s with %d members and %d workspaces", tt.tier, tt.members, tt.workspaces), func(t *testing.T) {
			t.Parallel()
			s := domain.Subscription{ID: "s1", Plan: tt.tier}
			want := domain.SubscriptionDetail{Subscription: s, Limits: domain.PlanOf(tt.tier).Limits, OverLimits: tt.want}
			if got := s.Detail(tt.members, tt.workspaces); !reflect.DeepEqual(got, want) {
				t.Errorf("Detail = %+v\nwant %+v", got, want)
			}
		})
	}
}
