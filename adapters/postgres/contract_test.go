package postgres_test

import (
	"context"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patient is a pool for tests that crowd: waiting is not what they are about.
var patient = postgres.PoolConfig{MaxConnections: 16, MaxWait: time.Minute}

// open returns a store on a database of the test's own.
func open(t *testing.T, role string) *postgres.Store {
	t.Helper()
	return openOn(t, pgtest.New(t), role)
}

func openOn(t *testing.T, d *pgtest.Database, role string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), d.URL(role), patient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	store.SetClock(fixedClock{})
	if races.MatchString(t.Name()) {
		warm(t, store)
	}
	return store
}

// races finds the tests of the contract in which many do something at once.
var races = regexp.MustCompile(`of_many|at_once|one_at_a_time`)

// warm opens all connections. To open one takes longer than most statements:
// otherwise, those who race would come one after the other over the first.
func warm(t *testing.T, store *postgres.Store) {
	t.Helper()
	var held []*pgxpool.Conn
	for range patient.MaxConnections {
		c, err := store.Pool().Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	for _, c := range held {
		c.Release()
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	porttest.TestStore(t, func(t *testing.T) ports.Store { return open(t, postgres.RoleApp) })
}

func TestControls(t *testing.T) {
	t.Parallel()
	porttest.TestControls(t, func(t *testing.T) ports.Store { return open(t, postgres.RoleApp) })
}

// Two processes share nothing but the database: neither the turns that updates
// take, nor connections.
func TestStore_TwoProcesses(t *testing.T) {
	t.Parallel()
	porttest.TestStore(t, func(t *testing.T) ports.Store { return openTwo(t) })
}

// twoProcesses sends each call to the other store than the one before.
type twoProcesses struct {
	ports.Store
	other ports.Store
	calls *atomic.Uint64
}

func openTwo(t *testing.T) ports.Store {
	t.Helper()
	d := pgtest.New(t)
	return twoProcesses{openOn(t, d, postgres.RoleApp), openOn(t, d, postgres.RoleApp), &atomic.Uint64{}}
}

func (p twoProcesses) next() ports.Store {
	if p.calls.Add(1)%2 == 0 {
		return p.other
	}
	return p.Store
}

func (p twoProcesses) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	return p.next().Update(ctx, scope, fn)
}

func (p twoProcesses) Users() ports.Users           { return p.next().Users() }
func (p twoProcesses) Sessions() ports.Sessions     { return p.next().Sessions() }
func (p twoProcesses) AuthTokens() ports.AuthTokens { return p.next().AuthTokens() }
func (p twoProcesses) Directory() ports.Directory   { return p.next().Directory() }
func (p twoProcesses) Slugs() ports.Slugs           { return p.next().Slugs() }
func (p twoProcesses) Outbox() ports.Outbox         { return p.next().Outbox() }
func (p twoProcesses) Throttle() ports.Throttle     { return p.next().Throttle() }

func (p twoProcesses) Tenant(id domain.OrganizationID) ports.Tenant { return p.next().Tenant(id) }

func TestThrottle(t *testing.T) {
	t.Parallel()
	porttest.TestThrottle(t, openThrottle)
}

// A Store is a throttle as well.
func TestStore_Throttle(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(ports.Store) ports.Throttle{"in updates": porttest.InUpdates, "outside": ports.Store.Throttle} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.TestThrottle(t, func(t *testing.T, clock ports.Clock) ports.Throttle {
				t.Helper()
				store := open(t, postgres.RoleApp)
				store.SetClock(clock)
				return of(store)
			})
		})
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	porttest.TestJobs(t, openJobs)
}

func TestJobControls(t *testing.T) {
	t.Parallel()
	porttest.TestJobControls(t, openJobs)
}

func openJobs(t *testing.T) (app, worker ports.Store, jobs ports.Jobs) {
	t.Helper()
	d := pgtest.New(t)
	working := openOn(t, d, postgres.RoleWorker)
	return openOn(t, d, postgres.RoleApp), working, postgres.NewJobs(working)
}

// Two workers share nothing but the database.
func TestJobs_TwoProcesses(t *testing.T) {
	t.Parallel()
	porttest.TestJobs(t, func(t *testing.T) (app, worker ports.Store, jobs ports.Jobs) {
		t.Helper()
		d := pgtest.New(t)
		one, other := openOn(t, d, postgres.RoleWorker), openOn(t, d, postgres.RoleWorker)
		return openOn(t, d, postgres.RoleApp), twoProcesses{one, other, &atomic.Uint64{}},
			twoWorkers{postgres.NewJobs(one), postgres.NewJobs(other), &atomic.Uint64{}}
	})
}

// twoWorkers sends the calls that race to the other worker than the one before.
type twoWorkers struct {
	ports.Jobs
	other ports.Jobs
	calls *atomic.Uint64
}

func (w twoWorkers) next() ports.Jobs {
	if w.calls.Add(1)%2 == 0 {
		return w.other
	}
	return w.Jobs
}

func (w twoWorkers) Relay(ctx context.Context, at time.Time, n int, publish func(context.Context, []domain.Job) []error) (int, error) {
	return w.next().Relay(ctx, at, n, publish)
}

func (w twoWorkers) Begin(ctx context.Context, id domain.JobID, at, until time.Time) (domain.Job, error) {
	return w.next().Begin(ctx, id, at, until)
}

func (w twoWorkers) Tick(ctx context.Context, schedule string, tick time.Time, job domain.Job) (bool, error) {
	return w.next().Tick(ctx, schedule, tick, job)
}

func TestThrottleControl(t *testing.T) {
	t.Parallel()
	porttest.TestThrottleControl(t, openThrottle)
}

func openThrottle(t *testing.T, clock ports.Clock) ports.Throttle {
	t.Helper()
	return postgres.NewThrottle(open(t, postgres.RoleApp), clock)
}

// Three processes, with nothing in common but the database.
func TestRateLimiter(t *testing.T) {
	t.Parallel()
	porttest.TestRateLimiter(t, func(t *testing.T) (limiters [porttest.Instances]ports.RateLimiter) {
		t.Helper()
		d := pgtest.New(t)
		for i := range limiters {
			limiters[i] = postgres.NewRateLimiter(openOn(t, d, postgres.RoleApp))
		}
		return limiters
	})
}
