// Package metering tells what an organization uses of its plan.
package metering

import (
	"context"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Service has the use cases of this package.
type Service struct {
	store ports.Store
	clock ports.Clock
}

// NewService returns a Service. All arguments are required.
func NewService(store ports.Store, clock ports.Clock) *Service {
	return &Service{store: store, clock: clock}
}

// MaxHistory is how many past periods can be asked for.
const MaxHistory = 36

// Usage returns what the actor's organization used in the present period and
// in up to history periods before it, latest first.
func (s *Service) Usage(ctx context.Context, actor domain.Actor, history int) (present domain.Usage, past []domain.Usage, err error) {
	tenant, now := s.store.Tenant(actor.Organization), s.clock.Now()
	rows, err := current(ctx, tenant, now)
	if err != nil {
		return domain.Usage{}, nil, err
	}
	present = domain.Usage{Period: rows[0].Period, Metrics: rows}
	if history > 0 {
		rows, err := tenant.Usage().History(ctx, present.Period.Start, min(history, MaxHistory))
		if err != nil {
			return domain.Usage{}, nil, err
		}
		past = byPeriod(rows)
	}
	return present, past, nil
}

// AdjustStorage changes the organization's storage by delta bytes, within an
// update of the organization.
func AdjustStorage(ctx context.Context, tenant ports.Tenant, delta int64, now time.Time) error {
	rows, err := current(ctx, tenant, now)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Metric == domain.MetricStorageBytes {
			rows[i].Quantity, rows[i].UpdatedAt = max(rows[i].Quantity+delta, 0), now
		}
	}
	return tenant.Usage().Put(ctx, rows)
}

// current returns the rows of the period that now falls into. Where nothing
// has been used in it yet, they follow from the period before.
func current(ctx context.Context, tenant ports.Tenant, now time.Time) ([]domain.UsageMetric, error) {
	rows, err := tenant.Usage().At(ctx, now)
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 && now.Before(rows[0].Period.End) {
		return rows, nil
	}
	subscription, err := tenant.Subscription().Get(ctx)
	if err != nil {
		return nil, err
	}
	var stored int64
	for _, row := range rows {
		if row.Metric == domain.MetricStorageBytes {
			stored = row.Quantity
		}
	}
	limits := domain.PlanOf(subscription.Plan).Limits
	return domain.NewUsagePeriod(limits, subscription.UsagePeriod(now), stored, now), nil
}

// byPeriod groups rows that are ordered by period.
func byPeriod(rows []domain.UsageMetric) []domain.Usage {
	var periods []domain.Usage
	for _, row := range rows {
		if n := len(periods); n == 0 || periods[n-1].Period != row.Period {
			periods = append(periods, domain.Usage{Period: row.Period})
		}
		last := &periods[len(periods)-1]
		last.Metrics = append(last.Metrics, row)
	}
	return periods
}
