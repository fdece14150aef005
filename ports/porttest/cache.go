package porttest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// How long tests keep a value that they do not wait for, and how long they wait
// for what must happen sooner or later.
const (
	keepLong = time.Minute
	patience = 20 * time.Second
)

// TestCache checks that a ports.Cache does what its documentation says, as far
// as that is about its namespaces: TestCacheNamespace is about what one does.
// Both call open once for each subtest, in parallel. It returns the caches of
// two processes that share what they can, or twice the same.
func TestCache(t *testing.T, open func(*testing.T) (one, another ports.Cache)) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, one, another ports.Cache)
	}{
		{"tenants do not see each other's values", testCacheTenants},
		{"what belongs to no tenant is apart from what does", testCacheGlobal},
		{"one process finds what another keeps", testCacheProcesses},
		{"many at once find nothing that belongs to another", testCacheAtOnce},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, another := open(t)
			tt.run(t, one, another)
		})
	}
}

// newOrganizationID returns an id that no other run uses: they may share a
// cache.
func newOrganizationID() domain.OrganizationID {
	return domain.OrganizationID(fmt.Sprintf("%08x-%04x-7%03x-a%03x-%012x",
		rand.Uint32(), rand.N(1<<16), rand.N(1<<12), rand.N(1<<12), rand.N(int64(1)<<48)))
}

// newCacheKey returns a key that no other run uses, even where it belongs to
// no tenant.
func newCacheKey() ports.CacheKey {
	return ports.CacheKey{Kind: "member", ID: string(newOrganizationID()), Version: 1}
}

func wantCached(t *testing.T, what string, namespace ports.CacheNamespace, key ports.CacheKey, want string) {
	t.Helper()
	if value, found := namespace.Get(t.Context(), key); !found || string(value) != want {
		t.Errorf("%s: Get = %.100q, %t; want %.100q", what, value, found, want)
	}
}

func wantUncached(t *testing.T, what string, namespace ports.CacheNamespace, key ports.CacheKey) {
	t.Helper()
	if value, found := namespace.Get(t.Context(), key); found || value != nil {
		t.Errorf("%s: Get = %.100q, %t; want none", what, value, found)
	}
}

func keep(t *testing.T, namespace ports.CacheNamespace, key ports.CacheKey, value string) {
	t.Helper()
	namespace.Set(t.Context(), key, []byte(value), keepLong)
}

func testCacheTenants(t *testing.T, one, another ports.Cache) {
	key, acme, globex := newCacheKey(), newOrganizationID(), newOrganizationID()
	keep(t, one.Tenant(acme), key, "acme's")
	wantUncached(t, "another tenant", one.Tenant(globex), key)
	wantUncached(t, "another tenant in another process", another.Tenant(globex), key)

	keep(t, one.Tenant(globex), key, "globex's")
	wantCached(t, "the first tenant", one.Tenant(acme), key, "acme's")
	wantCached(t, "the second tenant", one.Tenant(globex), key, "globex's")

	one.Tenant(acme).Delete(t.Context(), key)
	wantUncached(t, "the first tenant, after it deleted", one.Tenant(acme), key)
	wantCached(t, "the second tenant, after the first deleted", one.Tenant(globex), key, "globex's")
}

func testCacheGlobal(t *testing.T, one, another ports.Cache) {
	key, acme := newCacheKey(), newOrganizationID()
	keep(t, one.Global(ports.GlobalPlans), key, "everybody's")
	wantUncached(t, "a tenant", one.Tenant(acme), key)
	wantUncached(t, "another global part", one.Global("others"), key)
	wantUncached(t, "a tenant in another process", another.Tenant(acme), key)

	keep(t, one.Tenant(acme), key, "acme's")
	keep(t, one.Global("others"), key, "others'")
	wantCached(t, "the global part", one.Global(ports.GlobalPlans), key, "everybody's")
	wantCached(t, "another global part", one.Global("others"), key, "others'")
	wantCached(t, "the tenant", one.Tenant(acme), key, "acme's")

	one.Global(ports.GlobalPlans).Delete(t.Context(), key)
	wantUncached(t, "the global part, after a deletion", one.Global(ports.GlobalPlans), key)
	wantCached(t, "another global part, after the deletion", one.Global("others"), key, "others'")
	wantCached(t, "the tenant, after the deletion", one.Tenant(acme), key, "acme's")
}

func testCacheProcesses(t *testing.T, one, another ports.Cache) {
	key, acme := newCacheKey(), newOrganizationID()
	keep(t, one.Tenant(acme), key, "acme's")
	wantCached(t, "a tenant in another process", another.Tenant(acme), key, "acme's")
	keep(t, another.Global(ports.GlobalPlans), key, "everybody's")
	wantCached(t, "the global part in another process", one.Global(ports.GlobalPlans), key, "everybody's")
}

// testCacheAtOnce lets many use a few keys of a few namespaces. Each value
// begins with where it belongs.
func testCacheAtOnce(t *testing.T, one, another ports.Cache) {
	tenants := []domain.OrganizationID{newOrganizationID(), newOrganizationID()}
	key := newCacheKey()
	use := func(ctx context.Context, i int) error {
		cache, tenant, key := []ports.Cache{one, another}[i%2], tenants[i/2%2], key
		key.Version = i / 4 % 3
		owner := fmt.Appendf(nil, "%s %d ", tenant, key.Version)
		namespace := cache.Tenant(tenant)
		switch i / 12 % 4 {
		case 0:
			namespace.Set(ctx, key, fmt.Append(owner, i), keepLong)
		case 1:
			namespace.Delete(ctx, key)
		default:
			if value, found := namespace.Get(ctx, key); found && !bytes.HasPrefix(value, owner) {
				return fmt.Errorf("Get of %q = %q", owner, value)
			}
		}
		return nil
	}
	for _, err := range atOnce(workers, func(worker int) error {
		for i := range 200 {
			if err := use(t.Context(), worker*7+i); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
}
