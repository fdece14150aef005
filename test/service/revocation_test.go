package service_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// How long what somebody may no longer do can go on in another process than
// the one that was told: 99 times in a hundred, on a machine that has time, and
// whatever breaks.
const (
	usualLag = 50 * time.Millisecond
	worstLag = time.Second
)

// revocation is two processes with people on them.
type revocation struct {
	redis *proxy
	used  *process
	staff []*staff
}

func newRevocation(t *testing.T, d *pgtest.Database, crowd int, pace time.Duration, change func(environment) environment) *revocation {
	t.Helper()
	proxy, address := newRedisProxy(t)
	e := change(newEnvironment(t, d).with("REDIS_URL", address))
	told, used, p := serve(t, e), serve(t, e), newPeople(t, d)
	r := &revocation{redis: proxy, used: used}
	for range crowd {
		r.staff = append(r.staff, newStaff(t, p, pace, told, used))
	}
	return r
}

// measure takes every right away a hundred times, and reports how long that
// takes to reach the other process. A machine that does much else is excused
// from what is usual by what the slowest answer takes, and gets two more tries.
// Nothing excuses the worst.
func (v *revocation) measure(t *testing.T, state string, usual time.Duration) {
	t.Helper()
	const rounds, tries = 100, 3
	for _, r := range rights {
		for try := 1; ; try++ {
			lags, took := r.lags(t, v.staff, rounds)
			p99, longest := percentile(lags, 0.99), slices.Max(lags)
			report(t, "%s, %s: used on for p50 %s, p99 %s, max %s (%d rounds; answers took p50 %s, p99 %s, max %s)",
				r.name, state, percentile(lags, 0.5), p99, longest, len(lags), percentile(took, 0.5), percentile(took, 0.99), slices.Max(took))
			if longest >= worstLag {
				t.Errorf("%s, %s: max %s, want less than %s", r.name, state, longest, worstLag)
			}
			bound := usual + slices.Max(took)
			if p99 < bound {
				break
			}
			if try == tries {
				t.Errorf("%s, %s: p99 %s in the last of %d tries, want less than %s", r.name, state, p99, tries, bound)
				break
			}
		}
	}
}

func TestWhatIsTakenAwayInOneProcessIsRefusedInTheOther(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	v := newRevocation(t, d, 2, time.Millisecond, func(e environment) environment { return e })
	v.used.awaitRedis(t, patience, "ok")
	v.measure(t, "Redis up", usualLag)

	v.redis.deafen()
	v.measure(t, "Redis losing messages", usualLag)
	if v.redis.lost.Load() == 0 {
		t.Error("no message got lost: nothing was put to the test")
	}

	v.redis.cut()
	v.used.awaitRedis(t, patience, "down")
	v.measure(t, "Redis down", usualLag)
}

// A pooler that shares connections passes no notifications on, and without
// Redis nothing else wakes a process: it has to look by itself.
func TestWhatIsTakenAwayInOneProcessIsRefusedInTheOther_BehindPgBouncer(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	pooler := strings.TrimPrefix(os.Getenv("TEST_PGBOUNCER_URL"), "postgres://")
	if pooler == "" {
		t.Fatal("TEST_PGBOUNCER_URL is not set: `make test` starts a server")
	}
	v := newRevocation(t, d, 20, 10*time.Millisecond, func(e environment) environment {
		return e.with("DATABASE_URL", withExec(d.URLAt(postgres.RoleApp, pooler)))
	})
	v.redis.cut()
	v.used.awaitRedis(t, patience, "down")
	v.measure(t, "behind PgBouncer, Redis down", worstLag)
}

// withExec leaves out the prepared statements that old PgBouncers do not keep.
func withExec(address string) string {
	if strings.Contains(address, "?") {
		return address + "&default_query_exec_mode=exec"
	}
	return address + "?default_query_exec_mode=exec"
}

// Where the changes of memberships are not recorded, nobody can follow them.
func TestWhatIsTakenAwayInOneProcessIsRefusedInTheOther_Control(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	v := newRevocation(t, d, 1, time.Millisecond, func(e environment) environment { return e })
	withoutTrigger(t, d)
	lag, _, err := rights[0].lag(t.Context(), v.staff[0], 2*worstLag)
	if err != nil {
		t.Fatal(err)
	}
	report(t, "%s, changes not recorded: used on for %s and more", rights[0].name, lag)
	if lag <= worstLag {
		t.Errorf("refused after %s: a process that does not follow the changes went unnoticed", lag)
	}
}

// withoutTrigger keeps changes of memberships from being recorded. The next
// test gets the database as it was.
func withoutTrigger(t *testing.T, d *pgtest.Database) {
	t.Helper()
	c := d.Connect(t, pgtest.Superuser)
	set := func(ctx context.Context, how string) {
		if _, err := c.Exec(ctx, `ALTER TABLE app.memberships `+how+` TRIGGER record_change`); err != nil {
			t.Error(err)
		}
	}
	set(t.Context(), "DISABLE")
	t.Cleanup(func() { set(context.Background(), "ENABLE") })
}
