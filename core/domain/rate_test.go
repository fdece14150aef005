package domain_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rowhouse/core/domain"
)

// fivePerHour lets five come at once; each costs twelve minutes.
var fivePerHour = domain.Rate{Limit: 5, Period: time.Hour, Burst: 5}

func TestRateTake(t *testing.T) {
	t.Parallel()
	gentle := domain.Rate{Limit: 60, Period: time.Hour, Burst: 2}
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	tests := []struct {
		name     string
		rate     domain.Rate
		owed     time.Duration // at the time of the use
		wantOwed time.Duration // after it
		want     domain.RateDecision
	}{
		{"the first is allowed", fivePerHour, 0, minutes(12), domain.RateDecision{Allowed: true, Limit: 5, Remaining: 4, ResetAfter: minutes(12)}},
		{"what was owed long ago counts no more", fivePerHour, -minutes(600), minutes(12), domain.RateDecision{Allowed: true, Limit: 5, Remaining: 4, ResetAfter: minutes(12)}},
		{"one among others is allowed", fivePerHour, minutes(24), minutes(36), domain.RateDecision{Allowed: true, Limit: 5, Remaining: 2, ResetAfter: minutes(36)}},
		{"a part of a use does not remain", fivePerHour, minutes(30), minutes(42), domain.RateDecision{Allowed: true, Limit: 5, Remaining: 1, ResetAfter: minutes(42)}},
		{"the last is allowed", fivePerHour, minutes(48), minutes(60), domain.RateDecision{Allowed: true, Limit: 5, ResetAfter: minutes(60)}},
		{"one too many is refused, and not counted", fivePerHour, minutes(60), minutes(60), domain.RateDecision{Limit: 5, ResetAfter: minutes(60), RetryAfter: minutes(12)}},
		{"a moment too early is refused", fivePerHour, minutes(48) + time.Microsecond, minutes(48) + time.Microsecond, domain.RateDecision{Limit: 5, ResetAfter: minutes(48) + time.Microsecond, RetryAfter: time.Microsecond}},
		{"a burst is smaller than the limit", gentle, 0, minutes(1), domain.RateDecision{Allowed: true, Limit: 60, Remaining: 1, ResetAfter: minutes(1)}},
		{"after the burst one waits for its time", gentle, minutes(2), minutes(2), domain.RateDecision{Limit: 60, ResetAfter: minutes(2), RetryAfter: minutes(1)}},
		{"a clock that was set back opens nothing", fivePerHour, minutes(600), minutes(600), domain.RateDecision{Limit: 5, ResetAfter: minutes(600), RetryAfter: minutes(552)}},
		{"the zero rate allows nothing", domain.Rate{}, 0, 0, domain.RateDecision{RetryAfter: time.Microsecond}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			next, got := tt.rate.Take(noon.Add(tt.owed), noon)
			if owed := next.Sub(noon); got != tt.want || owed != tt.wantOwed {
				t.Errorf("Take = %v, %+v; want %v, %+v", owed, got, tt.wantOwed, tt.want)
			}
		})
	}
	t.Run("who never came owes nothing", func(t *testing.T) {
		t.Parallel()
		if next, got := fivePerHour.Take(time.Time{}, noon); !got.Allowed || next != noon.Add(minutes(12)) {
			t.Errorf("Take = %v, %+v", next, got)
		}
	})
}

// A decision that was taken elsewhere, and spelled out later.
func TestRateDecision(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		allowed bool
		owed    time.Duration
		want    domain.RateDecision
	}{
		{"what was refused a while ago can be tried at once", false, 24 * time.Minute, domain.RateDecision{Limit: 5, ResetAfter: 24 * time.Minute, RetryAfter: time.Microsecond}},
		{"what is owed no more", false, -time.Hour, domain.RateDecision{Limit: 5, RetryAfter: time.Microsecond}},
		{"what was allowed and is paid", true, -time.Hour, domain.RateDecision{Allowed: true, Limit: 5, Remaining: 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := fivePerHour.Decision(tt.allowed, tt.owed); got != tt.want {
				t.Errorf("Decision = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestRateInterval(t *testing.T) {
	t.Parallel()
	for rate, want := range map[domain.Rate]time.Duration{
		{Limit: 30, Period: time.Minute}:                       2 * time.Second,
		{Limit: 7, Period: time.Minute}:                        8571429 * time.Microsecond, // rounded up
		{Limit: 1_000_000, Period: time.Second}:                time.Microsecond,
		{Limit: 3_000_000, Period: time.Second}:                time.Microsecond,
		{Limit: 1, Period: 24 * time.Hour}:                     24 * time.Hour,
		{}:                                                     time.Microsecond,
		{Limit: 1_000_000, Period: 744 * time.Hour, Burst: 10}: 2678400 * time.Microsecond,
	} {
		if got := rate.Interval(); got != want {
			t.Errorf("Interval of %+v = %v, want %v", rate, got, want)
		}
	}
}

// However uses come: none is allowed that would make more than a burst and what
// the time brought, and who is told to wait is allowed then and not before.
func TestRateAtRandom(t *testing.T) {
	t.Parallel()
	rates := []domain.Rate{
		fivePerHour,
		{Limit: 7, Period: time.Minute, Burst: 7},
		{Limit: 60, Period: time.Hour, Burst: 10},
		{Limit: 1, Period: time.Second, Burst: 1},
		{Limit: 1_000_000, Period: 744 * time.Hour, Burst: 1_000_000},
	}
	for seed := range uint64(200) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 2))
			rate := rates[random.IntN(len(rates))]
			var paidAt time.Time
			var allowed []time.Time
			now := noon
			for range 300 {
				now = now.Add(time.Duration(random.Int64N(2*int64(rate.Interval())) / (1 << random.IntN(12)))) // often less than one costs
				next, d := rate.Take(paidAt, now)
				if d.Remaining < 0 || d.Remaining >= rate.Burst || d.ResetAfter > rate.Tolerance() || d.Allowed == (d.RetryAfter > 0) {
					t.Fatalf("a decision that makes no sense: %+v", d)
				}
				if !d.Allowed {
					if _, early := rate.Take(paidAt, now.Add(d.RetryAfter-1)); early.Allowed {
						t.Fatalf("a use before %v were over", d.RetryAfter)
					}
					if _, then := rate.Take(paidAt, now.Add(d.RetryAfter)); !then.Allowed {
						t.Fatalf("no use once %v were over", d.RetryAfter)
					}
				} else {
					allowed = append(allowed, now)
				}
				paidAt = next
			}
			for i, from := range allowed {
				for j, to := range allowed[i:] {
					if most := rate.Burst + int64(to.Sub(from)/rate.Interval()); int64(j+1) > most {
						t.Fatalf("%d uses within %v, want at most %d", j+1, to.Sub(from), most)
					}
				}
			}
		})
	}
}

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]domain.Rate{
		"30/1m":        {Limit: 30, Period: time.Minute, Burst: 30},
		" 5/24h ":      {Limit: 5, Period: 24 * time.Hour, Burst: 5},
		"60/1h/10":     {Limit: 60, Period: time.Hour, Burst: 10},
		"1000000/744h": {Limit: 1_000_000, Period: 744 * time.Hour, Burst: 1_000_000},
		"1/1s/1":       {Limit: 1, Period: time.Second, Burst: 1},
	} {
		if got, err := domain.ParseRate(text); got != want || err != nil {
			t.Errorf("ParseRate(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "30", "30/", "/1m", "30/1m/", "30/1m/10/1", "0/1m", "-1/1m", "1000001/1m", "1.5/1m", "30/1", "30/1d", "30/0s", "30/-1m", "30/999ms", "30/745h",
		"30/1m/0", "30/1m/31", "30/1m/x", "many/1m", "99999999999999999999/1m", "30/1m 30/1h",
	} {
		if got, err := domain.ParseRate(text); err == nil || got != (domain.Rate{}) {
			t.Errorf("ParseRate(%q) = %+v, %v; want an error", text, got, err)
		}
	}
}
