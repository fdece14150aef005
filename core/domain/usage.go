package domain

import "time"

// Metric is something that is measured of an organization.
type Metric string

// The metrics.
const (
	MetricAPICalls       Metric = "api_calls"
	MetricStorageBytes   Metric = "storage_bytes" // a level: it is carried into the next period
	MetricComputeSeconds Metric = "compute_seconds"
)

// Metrics lists every metric in the order in which answers show them.
var Metrics = []Metric{MetricAPICalls, MetricStorageBytes, MetricComputeSeconds}

// Of returns the limit on a metric.
func (l Limits) Of(m Metric) Limit {
	switch m {
	case MetricAPICalls:
		return l.APICalls
	case MetricStorageBytes:
		return l.StorageBytes
	case MetricComputeSeconds:
		return l.ComputeSeconds
	}
	return 0
}

// UsageMetric is how much of a metric was used in one period.
type UsageMetric struct {
	Metric    Metric
	Quantity  int64
	Limit     Limit
	Period    Period
	UpdatedAt time.Time
}

// Percent is the share of the limit that is used, rounded down; nil where
// there is no limit. It can exceed 100.
func (u UsageMetric) Percent() *int64 {
	if u.Limit == Unlimited || u.Limit == 0 {
		return nil
	}
	// In two parts, since 100 times a quantity of bytes may not fit, and in
	// whole numbers, since in floating point 29 of 100 is less than 29 %.
	limit := int64(u.Limit)
	p := u.Quantity/limit*100 + u.Quantity%limit*100/limit
	return &p
}

// NewUsagePeriod returns the rows of a period: counters at zero, and storage at
// the level it had.
func NewUsagePeriod(limits Limits, period Period, storedBytes int64, now time.Time) []UsageMetric {
	rows := make([]UsageMetric, len(Metrics))
	for i, m := range Metrics {
		rows[i] = UsageMetric{Metric: m, Limit: limits.Of(m), Period: period, UpdatedAt: now}
		if m == MetricStorageBytes {
			rows[i].Quantity = storedBytes
		}
	}
	return rows
}

// Usage is what an organization used in one period, metric by metric.
type Usage struct {
	Period  Period
	Metrics []UsageMetric
}
