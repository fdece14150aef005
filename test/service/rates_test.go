package service_test

import (
	"encoding/base64"
	"net/http"
	"sync/atomic"
	"testing"

	"rowhouse/adapters/postgres/pgtest"
)

// So many come at once in these tests, and so many are allowed. Nothing comes
// back in time.
const (
	coming  = 300
	allowed = 100
)

// newLimited returns the environment of processes that count for themselves
// alone, on servers that others use too.
func newLimited(t *testing.T, d *pgtest.Database) environment {
	t.Helper()
	key := base64.StdEncoding.EncodeToString([]byte(newID()))
	return newEnvironment(t, d).with("SECRET_KEY", key).with("RATE_LIMITS", "on").with("RATE_LIMIT_RECOVERY", "100/24h")
}

// recovering has many ask for a new password, at once and then one after the
// other, all processes in turn, and returns how many requests came through.
func recovering(t *testing.T, processes []*process, each func(through int64)) int64 {
	t.Helper()
	b := newBrowser(t, processes...)
	var through atomic.Int64
	ask := func(int) (struct{}, error) {
		res, err := b.try(t.Context(), http.MethodPost, "/auth/password/forgot", M{"email": newID() + "@example.com"})
		switch {
		case err != nil:
			return struct{}{}, err
		case res.status == http.StatusAccepted:
			each(through.Add(1))
		case res.status != http.StatusTooManyRequests || res.code != "rate_limited" || res.retryAfter <= 0:
			t.Errorf("%d %s, again after %v", res.status, res.body, res.retryAfter)
		}
		return struct{}{}, nil
	}
	atOnce(t, coming, ask)
	for i := range coming {
		if _, err := ask(i); err != nil {
			t.Fatal(err)
		}
	}
	return through.Load()
}

func TestRatesHoldAcrossProcesses(t *testing.T) {
	t.Parallel()
	nothing := func(int64) {}
	cutting := func(redis *proxy) func(int64) {
		return func(through int64) {
			if through == allowed/2 {
				redis.cut()
			}
		}
	}
	for _, tt := range []struct {
		name string
		// redis prepares it, and returns what to do as each comes through.
		redis func(*proxy) func(through int64)
	}{
		{"with Redis", func(*proxy) func(int64) { return nothing }},
		{"without", func(redis *proxy) func(int64) { redis.cut(); return nothing }},
		{"while it goes", cutting},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := pgtest.New(t)
			redis, address := newRedisProxy(t)
			e := newLimited(t, d).with("REDIS_URL", address)
			processes := []*process{serve(t, e), serve(t, e), serve(t, e)}
			busy(t)
			got := recovering(t, processes, tt.redis(redis))
			report(t, "%d of %d requests came through three processes, where %d are allowed", got, 2*coming, allowed)
			if got != allowed {
				t.Errorf("%d requests came through, want %d", got, allowed)
			}
		})
	}
}

func TestNothingLimitedIsServedWhereNobodyCounts(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	redis, address := newRedisProxy(t)
	database := newProxy(t, d.Address())
	e := newLimited(t, d).with("REDIS_URL", address).with("DATABASE_URL", d.URLAt("rowhouse_app", database.address)).with("DATABASE_MAX_WAIT", "200ms")
	p := serve(t, e)
	redis.cut()
	database.cut()
	for _, path := range []string{"/auth/sign-in", "/auth/sign-up", "/auth/password/forgot", "/auth/password/reset"} {
		res, err := newBrowser(t, p).try(t.Context(), http.MethodPost, path, M{"email": "ada@example.com"})
		if err != nil || res.status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d %s, %v; want 503", path, res.status, res.body, err)
		}
	}
}

func TestServeWarnsWhereRatesDoNotHold(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	const warning = "RATE_LIMITS is off: requests may come as often as anybody likes"
	for value, want := range map[string]bool{"on": false, "off": true, "": false} {
		p := serve(t, newEnvironment(t, d).with("RATE_LIMITS", value))
		if said := p.logged(t, warning); (said != nil) != want {
			t.Errorf("RATE_LIMITS=%s: the warning is %v, want one: %t", value, said, want)
		}
	}
}
