package domain_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"rowhouse/core/domain"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	want := []domain.Metric{"api_calls", "storage_bytes", "compute_seconds"}
	if !slices.Equal(domain.Metrics, want) {
		t.Fatalf("Metrics = %q, want %q", domain.Metrics, want)
	}
	limits := domain.Limits{Members: 1, Workspaces: 2, APICalls: 3, StorageBytes: 4, ComputeSeconds: 5}
	for metric, want := range map[domain.Metric]domain.Limit{"api_calls": 3, "storage_bytes": 4, "compute_seconds": 5, "unknown": 0} {
		if got := limits.Of(metric); got != want {
			t.Errorf("Of(%s) = %d, want %d", metric, got, want)
		}
	}
	for _, metric := range domain.Metrics {
		if limits.Of(metric) == 0 {
			t.Errorf("Of(%s) knows no limit", metric)
		}
	}
}

func TestUsagePercent(t *testing.T) {
	t.Parallel()
	const none = -1
	tests := []struct {
		quantity int64
		limit    domain.Limit
		want     int64
	}{
		{0, 100, 0},
		{1, 100, 1},
		{29, 100, 29}, // 28.999999999999996 in floating point
		{57, 100, 57},
		{58, 100, 58},
		{99, 100, 99},
		{100, 100, 100},
		{101, 100, 101},
		{7999, 10_000, 79},
		{8000, 10_000, 80},
		{9999, 10_000, 99},
		{10_000, 10_000, 100},
		{1, 3, 33},
		{2, 3, 66},
		{5, 1, 500},
		{1<<30 - 1, 1 << 30, 99},
		{1 << 30, 1 << 30, 100},
		{100<<30 - 1, 100 << 30, 99},
		{1e15, 100 << 30, 931322},
		{0, domain.Unlimited, none},
		{1 << 40, domain.Unlimited, none},
		{0, 0, none},
		{7, 0, none},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d of %d", tt.quantity, tt.limit), func(t *testing.T) {
			t.Parallel()
			got := domain.UsageMetric{Quantity: tt.quantity, Limit: tt.limit}.Percent()
			switch {
			case tt.want == none && got != nil:
				t.Errorf("Percent = %d, want none", *got)
			case tt.want != none && (got == nil || *got != tt.want):
				t.Errorf("Percent = %v, want %d", got, tt.want)
			}
		})
	}
	t.Run("any quantity of any limit", func(t *testing.T) {
		t.Parallel()
		random := rand.New(rand.NewPCG(3, 4))
		for range 20_000 {
			quantity, limit := random.Int64N(1e15), 1+random.Int64N(1<<random.IntN(50))
			exact := new(big.Int).Mul(big.NewInt(quantity), big.NewInt(100))
			exact.Quo(exact, big.NewInt(limit))
			if got := (domain.UsageMetric{Quantity: quantity, Limit: domain.Limit(limit)}).Percent(); got == nil || *got != exact.Int64() {
				t.Fatalf("Percent of %d of %d = %v, want %v", quantity, limit, got, exact)
			}
		}
	})
}

func TestNewUsagePeriod(t *testing.T) {
	t.Parallel()
	period := domain.Period{Start: noon, End: noon.AddDate(0, 1, 0)}
	now := noon.Add(time.Hour)
	limits := domain.Limits{Members: 1, Workspaces: 2, APICalls: 3, StorageBytes: 4, ComputeSeconds: 5}
	want := []domain.UsageMetric{
		{Metric: "api_calls", Limit: 3, Period: period, UpdatedAt: now},
		{Metric: "storage_bytes", Quantity: 77, Limit: 4, Period: period, UpdatedAt: now},
		{Metric: "compute_seconds", Limit: 5, Period: period, UpdatedAt: now},
	}
	if got := domain.NewUsagePeriod(limits, period, 77, now); !reflect.DeepEqual(got, want) {
		t.Errorf("NewUsagePeriod = %+v\nwant %+v", got, want)
	}
}
