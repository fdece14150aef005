package memory

import (
	"context"
	"slices"
	"time"

	"rowhouse/core/domain"
)

type usage struct{ *tenant }

func (r usage) Put(ctx context.Context, rows []domain.UsageMetric) error {
	return r.write(ctx, func(tx *transaction) error {
		if !tx.organizations.has(r.id) {
			return domain.ErrNotFound
		}
		for _, row := range rows {
			tx.usage.put(tx, newUsageKey(r.id, row.Metric, row.Period), row)
			tx.usagePeriods.add(tx, r.id, row.Period)
		}
		return nil
	})
}

func (r usage) At(ctx context.Context, t time.Time) (rows []domain.UsageMetric, err error) {
	err = r.read(ctx, func(d *data) error {
		for _, period := range slices.Backward(d.usagePeriods.of(r.id)) {
			if !period.Start.After(t) {
				rows = d.appendUsage(nil, r.id, period)
				break
			}
		}
		return nil
	})
	return rows, err
}

func (r usage) History(ctx context.Context, t time.Time, periods int) (rows []domain.UsageMetric, err error) {
	err = r.read(ctx, func(d *data) error {
		for _, period := range slices.Backward(d.usagePeriods.of(r.id)) {
			if periods <= 0 {
				break
			}
			if !period.End.After(t) {
				rows = d.appendUsage(rows, r.id, period)
				periods--
			}
		}
		return nil
	})
	return rows, err
}

func newUsageKey(id domain.OrganizationID, metric domain.Metric, period domain.Period) usageKey {
	return usageKey{id, metric, period.Start.UnixMicro(), period.End.UnixMicro()}
}

func (d *data) appendUsage(rows []domain.UsageMetric, id domain.OrganizationID, period domain.Period) []domain.UsageMetric {
	for _, metric := range domain.Metrics {
		if row, ok := d.usage[newUsageKey(id, metric, period)]; ok {
			rows = append(rows, row)
		}
	}
	return rows
}

func (tx *transaction) removeUsage(id domain.OrganizationID, period domain.Period) {
	for _, metric := range domain.Metrics {
		tx.usage.remove(tx, newUsageKey(id, metric, period))
	}
	tx.usagePeriods.remove(tx, id, period)
}
