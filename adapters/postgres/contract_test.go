package postgres_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

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
	return store
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

func (p twoProcesses) Tenant(id domain.OrganizationID) ports.Tenant { return p.next().Tenant(id) }

func TestThrottle(t *testing.T) {
	t.Parallel()
	porttest.TestThrottle(t, openThrottle)
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
