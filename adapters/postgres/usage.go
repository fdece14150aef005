package postgres

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"rowhouse/core/domain"
)

// usageRow is a metric in a period as a row.
type usageRow struct {
	OrganizationID domain.OrganizationID `gorm:"primaryKey"`
	Metric         domain.Metric         `gorm:"primaryKey"`
	PeriodStart    time.Time             `gorm:"primaryKey"`
	PeriodEnd      time.Time
	Quantity       int64
	LimitQuantity  domain.Limit
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

// TableName implements GORM's Tabler.
func (usageRow) TableName() string { return "app.usage_metrics" }

func (r usageRow) metric() domain.UsageMetric {
	return domain.UsageMetric{
		Metric: r.Metric, Quantity: r.Quantity, Limit: r.LimitQuantity,
		Period: domain.Period{Start: r.PeriodStart, End: r.PeriodEnd}, UpdatedAt: r.UpdatedAt,
	}
}

type usage struct{ *tenant }

func (r usage) Put(ctx context.Context, metrics []domain.UsageMetric) error {
	if len(metrics) == 0 {
		return nil
	}
	rows := make([]usageRow, len(metrics))
	for i, m := range metrics {
		rows[i] = usageRow{
			OrganizationID: r.id, Metric: m.Metric, PeriodStart: m.Period.Start, PeriodEnd: m.Period.End,
			Quantity: m.Quantity, LimitQuantity: m.Limit, UpdatedAt: m.UpdatedAt,
		}
	}
	err := r.ownWrite(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "organization_id"}, {Name: "metric"}, {Name: "period_start"}},
		DoUpdates: clause.AssignmentColumns([]string{"period_end", "quantity", "limit_quantity", "updated_at"}),
	}).Create(&rows).Error
	if has(err, codeForeignKey) {
		return domain.ErrNotFound
	}
	return translate(err)
}

// inOrder is the order of domain.Metrics.
const inOrder = "array_position(?::text[], metric)"

func (r usage) At(ctx context.Context, t time.Time) ([]domain.UsageMetric, error) {
	var found []usageRow
	err := r.scoped(ctx, "usage_metrics").Model(&usageRow{}).
		Where("period_start = (SELECT max(period_start) FROM app.usage_metrics WHERE organization_id = ? AND period_start <= ?)", r.id, t).
		Order(clause.OrderBy{Expression: clause.Expr{SQL: inOrder, Vars: []any{texts(domain.Metrics)}}}).Find(&found).Error
	return usageMetrics(found), translate(err)
}

func (r usage) History(ctx context.Context, t time.Time, periods int) ([]domain.UsageMetric, error) {
	var found []usageRow
	err := r.scoped(ctx, "usage_metrics").Model(&usageRow{}).
		Where(`period_start IN (
            SELECT DISTINCT period_start FROM app.usage_metrics WHERE organization_id = ? AND period_end <= ?
            ORDER BY period_start DESC LIMIT ?)`, r.id, t, max(periods, 0)).
		Order(clause.OrderBy{Expression: clause.Expr{SQL: "period_start DESC, " + inOrder, Vars: []any{texts(domain.Metrics)}}}).Find(&found).Error
	return usageMetrics(found), translate(err)
}

func usageMetrics(rows []usageRow) []domain.UsageMetric {
	metrics := make([]domain.UsageMetric, len(rows))
	for i, row := range rows {
		metrics[i] = row.metric()
	}
	return metrics
}
