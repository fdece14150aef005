package porttest

import (
	"slices"
	"testing"
	"time"

	"rowhouse/core/domain"
)

var usageTests = []storeTest{
	{"usage comes back as stored, by the period that a time falls into", testUsageAt},
	{"where a period has no usage yet, that of the latest before is told", testUsageLatestBefore},
	{"usage of the same metric and period is replaced", testUsageReplaced},
	{"the history has the latest periods that have ended, latest first", testUsageHistory},
	{"an organization without usage has none", testUsageNone},
}

// month returns the n-th period before (or, if negative, after) the one that a
// company of the scene starts with.
func month(n int) domain.Period {
	return domain.Period{Start: noon.AddDate(0, -n, 0), End: noon.AddDate(0, -n+1, 0)}
}

// used returns rows of a period, in the order of domain.Metrics, that differ
// from those of all others.
func used(period domain.Period, quantity int64) []domain.UsageMetric {
	rows := domain.NewUsagePeriod(roomy, period, 0, noon.Add(time.Minute))
	for i := range rows {
		rows[i].Quantity = quantity + int64(i)
	}
	rows[len(rows)-1].Limit = domain.Unlimited
	return rows
}

// putUsage stores the rows of several periods at once.
func (s *scene) putUsage(c company, rows ...[]domain.UsageMetric) {
	s.t.Helper()
	s.must(c.in(s.store).Usage().Put(s.t.Context(), slices.Concat(rows...)))
}

// wantUsageAt checks the rows at a time.
func (s *scene) wantUsageAt(c company, at time.Time, want []domain.UsageMetric) {
	s.t.Helper()
	got, err := c.in(s.store).Usage().At(s.t.Context(), at)
	s.must(err)
	wantItems(s.t, "usage at "+at.String(), got, want)
}

func testUsageAt(t *testing.T, s *scene) {
	globex := s.tenantState(s.globex)
	last, present, next := used(month(1), 10), used(month(0), 1<<50), used(month(-1), 30)
	slices.Reverse(last) // however they were put, they come in one order
	s.putUsage(s.acme, present, last, next)
	slices.Reverse(last)
	for _, tt := range []struct {
		at   time.Time
		want []domain.UsageMetric
	}{
		{month(1).Start.Add(-time.Microsecond), nil},
		{month(1).Start, last},
		{month(0).Start.Add(-time.Microsecond), last},
		{month(0).Start, present},
		{month(0).Start.AddDate(0, 0, 14), present},
		{month(0).End.Add(-time.Microsecond), present},
		{month(0).End, next},
	} {
		s.wantUsageAt(s.acme, tt.at, tt.want)
	}
	wantSame(t, "globex", s.tenantState(s.globex), globex)
}

func testUsageLatestBefore(_ *testing.T, s *scene) {
	last := used(month(3), 10)
	s.putUsage(s.acme, used(month(5), 5), last)
	s.wantUsageAt(s.acme, month(2).Start, last)
	s.wantUsageAt(s.acme, month(0).Start.Add(-time.Microsecond), last)
	s.wantUsageAt(s.acme, month(-30).Start, domain.NewUsagePeriod(roomy, month(0), 0, noon))
}

func testUsageReplaced(t *testing.T, s *scene) {
	last, rows := used(month(1), 5), used(month(0), 10)
	s.putUsage(s.acme, last, rows)
	s.putUsage(s.acme, nil)
	rows[1].Quantity, rows[1].Limit, rows[1].UpdatedAt = 99, 100, noon.Add(time.Hour)
	s.putUsage(s.acme, rows[1:2])
	s.wantUsageAt(s.acme, noon, rows)
	s.wantUsageAt(s.acme, month(1).Start, last)
	wantEqual(t, "globex's rows", len(s.tenantState(s.globex).Usage), len(domain.Metrics))
}

func testUsageHistory(t *testing.T, s *scene) {
	ctx, usage := t.Context(), s.acme.in(s.store).Usage()
	// Month 3 has none.
	one, two, four := used(month(1), 10), used(month(2), 20), used(month(4), 40)
	s.putUsage(s.acme, two, four, one)
	for _, tt := range []struct {
		name    string
		at      time.Time
		periods int
		want    []domain.UsageMetric
	}{
		{"the latest", noon, 1, one},
		{"the latest two", noon, 2, slices.Concat(one, two)},
		{"more than there are", noon, 12, slices.Concat(one, two, four)},
		{"before the latest ended", noon.Add(-time.Microsecond), 2, slices.Concat(two, four)},
		{"before any ended", month(4).Start, 12, nil},
		{"none", noon, 0, nil},
	} {
		got, err := usage.History(ctx, tt.at, tt.periods)
		s.must(err)
		wantItems(t, "History of "+tt.name, got, tt.want)
	}
}

func testUsageNone(t *testing.T, s *scene) {
	usage := s.store.Tenant(newID[domain.OrganizationID](s.ids)).Usage()
	rows, err := usage.At(t.Context(), noon)
	s.must(err)
	wantItems(t, "At", rows, nil)
	rows, err = usage.History(t.Context(), noon, 12)
	s.must(err)
	wantItems(t, "History", rows, nil)
}
