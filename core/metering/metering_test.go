package metering_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/metering"
	"rowhouse/ports"
)

// scene is an organization on the starter plan since 31 January 2028, noon.
type scene struct {
	t       *testing.T
	clock   *memory.Clock
	store   *memory.Store
	service *metering.Service
	actor   domain.Actor
}

var limits = domain.PlanOf(domain.TierStarter).Limits

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, clock: memory.NewClock(), store: memory.NewStore(), actor: domain.Actor{Organization: "o1", Membership: "m1"}}
	s.service = metering.NewService(s.store, s.clock)
	s.clock.Set(noon(time.January, 31))
	coretest.FoundBare(t, s.store, domain.Organization{ID: "o1", Owner: "u1", MemberLimit: domain.Unlimited}, "m1")
	s.must(s.tenant().Subscription().Add(t.Context(), domain.Subscription{
		ID: "s1", Plan: domain.TierStarter, CurrentPeriodStart: s.clock.Now(), CurrentPeriodEnd: noon(time.February, 29),
	}))
	return s
}

// noon is the middle of a day in 2028, a leap year.
func noon(month time.Month, day int) time.Time {
	return time.Date(2028, month, day, 12, 0, 0, 0, time.UTC)
}

func (s *scene) tenant() ports.Tenant { return s.store.Tenant("o1") }

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("unexpected error: %v", err)
	}
}

// rows are what one period counts, under the limits of the starter plan.
func rows(period domain.Period, calls, bytes, seconds int64, at time.Time) []domain.UsageMetric {
	return []domain.UsageMetric{
		{Metric: "api_calls", Quantity: calls, Limit: limits.APICalls, Period: period, UpdatedAt: at},
		{Metric: "storage_bytes", Quantity: bytes, Limit: limits.StorageBytes, Period: period, UpdatedAt: at},
		{Metric: "compute_seconds", Quantity: seconds, Limit: limits.ComputeSeconds, Period: period, UpdatedAt: at},
	}
}

var (
	january  = domain.Period{Start: noon(time.January, 31), End: noon(time.February, 29)}
	february = domain.Period{Start: noon(time.February, 29), End: noon(time.March, 31)}
	march    = domain.Period{Start: noon(time.March, 31), End: noon(time.April, 30)}
	april    = domain.Period{Start: noon(time.April, 30), End: noon(time.May, 31)}
)

func TestUsage(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	tests := []struct {
		name   string
		stored [][]domain.UsageMetric
		now    time.Time
		want   domain.Usage
	}{
		{
			"nothing was ever used", nil, january.Start.Add(day),
			domain.Usage{Period: january, Metrics: rows(january, 0, 0, 0, january.Start.Add(day))},
		},
		{
			"something was used in this period",
			[][]domain.UsageMetric{rows(january, 7, 8, 9, january.Start)},
			january.Start.Add(day),
			domain.Usage{Period: january, Metrics: rows(january, 7, 8, 9, january.Start)},
		},
		{
			"the last moment of the period",
			[][]domain.UsageMetric{rows(january, 7, 8, 9, january.Start)},
			january.End.Add(-time.Microsecond),
			domain.Usage{Period: january, Metrics: rows(january, 7, 8, 9, january.Start)},
		},
		{
			"the next period begins with what is stored, and from zero",
			[][]domain.UsageMetric{rows(january, 7, 8, 9, january.Start)},
			january.End,
			domain.Usage{Period: february, Metrics: rows(february, 0, 8, 0, january.End)},
		},
		{
			"what is stored is carried over empty periods",
			[][]domain.UsageMetric{rows(january, 7, 8, 9, january.Start)},
			april.Start.Add(day),
			domain.Usage{Period: april, Metrics: rows(april, 0, 8, 0, april.Start.Add(day))},
		},
		{
			"the latest period counts",
			[][]domain.UsageMetric{rows(january, 7, 8, 9, january.Start), rows(march, 1, 2, 3, march.Start)},
			april.Start,
			domain.Usage{Period: april, Metrics: rows(april, 0, 2, 0, april.Start)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			for _, stored := range tt.stored {
				s.must(s.tenant().Usage().Put(t.Context(), stored))
			}
			s.clock.Set(tt.now)
			present, past, err := s.service.Usage(t.Context(), s.actor, 0)
			s.must(err)
			if !reflect.DeepEqual(present, tt.want) {
				t.Errorf("Usage = %+v\nwant %+v", present, tt.want)
			}
			if past != nil {
				t.Errorf("past = %+v, want none since none was asked for", past)
			}
		})
	}
}

func TestUsageHistory(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for i, period := range []domain.Period{january, february, april} {
		s.must(s.tenant().Usage().Put(t.Context(), rows(period, int64(i), 5, 6, period.Start)))
	}
	s.clock.Set(april.Start.Add(time.Hour))
	usage := func(period domain.Period, calls int64) domain.Usage {
		return domain.Usage{Period: period, Metrics: rows(period, calls, 5, 6, period.Start)}
	}
	for history, want := range map[int][]domain.Usage{
		-1:  nil,
		0:   nil,
		1:   {usage(february, 1)},
		2:   {usage(february, 1), usage(january, 0)},
		100: {usage(february, 1), usage(january, 0)},
	} {
		present, past, err := s.service.Usage(t.Context(), s.actor, history)
		s.must(err)
		if !reflect.DeepEqual(present, usage(april, 2)) || !reflect.DeepEqual(past, want) {
			t.Errorf("Usage with %d before = %+v, %+v\nwant %+v, %+v", history, present, past, usage(april, 2), want)
		}
	}
}

func TestUsageHistoryIsBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	subscription := domain.Subscription{CurrentPeriodStart: january.Start}
	period := january
	for range metering.MaxHistory + 10 {
		s.must(s.tenant().Usage().Put(t.Context(), rows(period, 1, 1, 1, period.Start)))
		period = subscription.UsagePeriod(period.End)
	}
	s.clock.Set(period.Start)
	_, past, err := s.service.Usage(t.Context(), s.actor, 1000)
	s.must(err)
	if len(past) != metering.MaxHistory || past[0].Period.End != period.Start {
		t.Errorf("%d periods before, the latest %v; want %d, and the one before %v", len(past), past[0].Period, metering.MaxHistory, period)
	}
}

func TestAdjustStorage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before []domain.UsageMetric
		delta  int64
		period domain.Period
		want   int64
	}{
		{"the first file", nil, 100, january, 100},
		{"one more", rows(january, 7, 50, 9, january.Start), 100, january, 150},
		{"one less", rows(january, 7, 50, 9, january.Start), -20, january, 30},
		{"the last one", rows(january, 7, 50, 9, january.Start), -50, january, 0},
		{"more than there was", rows(january, 7, 50, 9, january.Start), -51, january, 0},
		{"nothing", rows(january, 7, 50, 9, january.Start), 0, january, 50},
		{"in the next period, on top of what is stored", rows(january, 7, 50, 9, january.Start), 100, february, 150},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.must(s.tenant().Usage().Put(t.Context(), tt.before))
			now := tt.period.Start.Add(time.Hour)
			s.must(metering.AdjustStorage(t.Context(), s.tenant(), tt.delta, now))

			var calls, seconds int64
			updated := now
			if tt.before != nil && tt.period == january {
				calls, seconds, updated = 7, 9, january.Start // as they were
			}
			want := rows(tt.period, calls, tt.want, seconds, updated)
			want[1].UpdatedAt = now
			if got, err := s.tenant().Usage().At(t.Context(), now); !reflect.DeepEqual(got, want) || err != nil {
				t.Errorf("usage = %+v, %v\nwant %+v", got, err, want)
			}
			if tt.period == february {
				if got, err := s.tenant().Usage().At(t.Context(), january.Start); !reflect.DeepEqual(got, tt.before) || err != nil {
					t.Errorf("the period before has become %+v, %v", got, err)
				}
			}
		})
	}
}

func TestOutages(t *testing.T) {
	t.Parallel()
	outage := errors.New("outage")
	steps := map[string]func(*failing){
		"At":           func(f *failing) { f.at = outage },
		"Subscription": func(f *failing) { f.subscription = outage },
		"History":      func(f *failing) { f.history = outage },
		"Put":          func(f *failing) { f.put = outage },
	}
	for name, fail := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			store := &failing{Store: s.store}
			fail(store)
			usage, adjust := outage, outage
			switch name {
			case "History":
				adjust = nil
			case "Put":
				usage = nil
			}
			present, past, err := metering.NewService(store, s.clock).Usage(t.Context(), s.actor, 3)
			if !errors.Is(err, usage) || usage != nil && (len(present.Metrics) > 0 || past != nil) {
				t.Errorf("Usage = %+v, %+v, %v; want %v", present, past, err, usage)
			}
			if err := metering.AdjustStorage(t.Context(), store.Tenant("o1"), 1, s.clock.Now()); !errors.Is(err, adjust) {
				t.Errorf("AdjustStorage = %v, want %v", err, adjust)
			}
		})
	}
}

// failing is a store of which some parts do not answer.
type failing struct {
	ports.Store

	at, subscription, history, put error
}

func (f *failing) Tenant(id domain.OrganizationID) ports.Tenant {
	return failingTenant{f.Store.Tenant(id), f}
}

type failingTenant struct {
	ports.Tenant

	f *failing
}

func (t failingTenant) Usage() ports.Usage { return failingUsage{t.Tenant.Usage(), t.f} }

func (t failingTenant) Subscription() ports.Subscription {
	return failingSubscription{t.Tenant.Subscription(), t.f}
}

type failingUsage struct {
	ports.Usage

	f *failing
}

func (u failingUsage) At(ctx context.Context, at time.Time) ([]domain.UsageMetric, error) {
	if u.f.at != nil {
		return nil, u.f.at
	}
	return u.Usage.At(ctx, at)
}

func (u failingUsage) History(ctx context.Context, at time.Time, periods int) ([]domain.UsageMetric, error) {
	if u.f.history != nil {
		return nil, u.f.history
	}
	return u.Usage.History(ctx, at, periods)
}

func (u failingUsage) Put(ctx context.Context, rows []domain.UsageMetric) error {
	if u.f.put != nil {
		return u.f.put
	}
	return u.Usage.Put(ctx, rows)
}

type failingSubscription struct {
	ports.Subscription

	f *failing
}

func (s failingSubscription) Get(ctx context.Context) (domain.Subscription, error) {
	if s.f.subscription != nil {
		return domain.Subscription{}, s.f.subscription
	}
	return s.Subscription.Get(ctx)
}
