package memory_test

import (
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

func TestCache_KeepsAValueForItsTime(t *testing.T) {
	t.Parallel()
	clock := memory.NewClock()
	cache := memory.NewCache(clock).Global(ports.GlobalPlans)
	key := ports.CacheKey{Kind: "plan", ID: "team", Version: 1}
	cache.Set(t.Context(), key, []byte("value"), time.Minute)
	clock.Advance(time.Minute - time.Microsecond)
	if value, found := cache.Get(t.Context(), key); !found || string(value) != "value" {
		t.Errorf("Get = %q, %t just before the end; want the value", value, found)
	}
	clock.Advance(time.Microsecond)
	if value, found := cache.Get(t.Context(), key); found {
		t.Errorf("Get = %q, %t at the end; want none", value, found)
	}
}

// What is new always has room, and what is old never grows beyond.
func TestCache_KeepsNoMoreThanItHasRoomFor(t *testing.T) {
	t.Parallel()
	ids := memory.NewIDs()
	cache := memory.NewCache(memory.NewClock()).Tenant(domain.OrganizationID(ids.New()))
	keys := make([]ports.CacheKey, 2*memory.CacheSize)
	for i := range keys {
		keys[i] = ports.CacheKey{Kind: "member", ID: ids.New(), Version: 1}
		cache.Set(t.Context(), keys[i], nil, time.Minute)
		if _, found := cache.Get(t.Context(), keys[i]); !found {
			t.Fatalf("value %d is not there", i)
		}
	}
	kept := 0
	for _, key := range keys {
		if _, found := cache.Get(t.Context(), key); found {
			kept++
		}
	}
	if kept != memory.CacheSize {
		t.Errorf("%d values are kept, want %d", kept, memory.CacheSize)
	}
}
