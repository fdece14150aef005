package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

var fivePerHour = domain.Rate{Limit: 5, Period: time.Hour, Burst: 5}

// allow uses a key so many times and returns the last decision.
func allow(t *testing.T, limiter ports.RateLimiter, key string, times int64) domain.RateDecision {
	t.Helper()
	var decision domain.RateDecision
	for range times {
		var err error
		if decision, err = limiter.Allow(t.Context(), key, fivePerHour); err != nil {
			t.Fatal(err)
		}
	}
	return decision
}

// rates returns the rows that there are, with what tells one version of a row
// from the next, and whether somebody locked it.
func rates(t *testing.T, c *pgx.Conn) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), `SELECT concat_ws(' ', encode(key, 'hex'), paid_at, ctid, xmin, xmax) FROM app.rates ORDER BY key`)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Whoever goes on asking although they are refused must not make work for the
// disk.
func TestRateLimiter_WritesNothingForWhatIsRefused(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	limiter, c := postgres.NewRateLimiter(openOn(t, d, postgres.RoleApp)), d.Connect(t, pgtest.Superuser)
	if last := allow(t, limiter, "ada", 5); !last.Allowed || last.Remaining != 0 {
		t.Fatalf("the last use = %+v, want it allowed", last)
	}
	before := rates(t, c)
	if last := allow(t, limiter, "ada", 20); last.Allowed {
		t.Error("a use too many was allowed")
	}
	if after := rates(t, c); len(before) != 1 || len(after) != 1 || after[0] != before[0] {
		t.Errorf("the rows were %v, and are %v; want one, as it was", before, after)
	}
}

func TestRateLimiter_IsSweptUp(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	store, c := openOn(t, d, postgres.RoleApp), d.Connect(t, pgtest.Superuser)
	limiter := postgres.NewRateLimiter(store)
	allow(t, limiter, "paid", 1)
	d.Exec(t, `UPDATE app.rates SET paid_at = clock_timestamp() - interval '1 second'`)
	allow(t, limiter, "owing", 5)
	// The product's clock has nothing to do with it.
	for _, now := range []time.Time{{}, time.Now().Add(1000 * time.Hour)} {
		if err := store.Sweep(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	if left := rates(t, c); len(left) != 1 {
		t.Errorf("%d rows are left, want the one that owes: %v", len(left), left)
	}
	if allow(t, limiter, "owing", 1).Allowed {
		t.Error("what is owed was forgotten")
	}
	if got := allow(t, limiter, "paid", 1); got.Remaining != 4 {
		t.Errorf("the first use after all was paid = %+v, want 4 remaining", got)
	}
}

// As after the clock of the database was set back.
func TestRateLimiter_OpensNothingWhereMuchIsOwed(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	limiter := postgres.NewRateLimiter(openOn(t, d, postgres.RoleApp))
	allow(t, limiter, "ada", 1)
	d.Exec(t, `UPDATE app.rates SET paid_at = clock_timestamp() + interval '100 hours'`)
	if got := allow(t, limiter, "ada", 1); got.Allowed || got.Remaining != 0 || got.RetryAfter < 98*time.Hour {
		t.Errorf("Allow = %+v, want it refused for long", got)
	}
}

func TestRateLimiter_FailsWithoutADatabase(t *testing.T) {
	t.Parallel()
	store, err := postgres.Open(t.Context(), pgtest.New(t).URLAt(postgres.RoleApp, "127.0.0.1:1"), patient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	decision, err := postgres.NewRateLimiter(store).Allow(t.Context(), "ada", fivePerHour)
	if !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("Allow = %v, want %v", err, domain.ErrUnavailable)
	}
	if decision != (domain.RateDecision{}) {
		t.Errorf("decision = %+v, want none", decision)
	}
}
