package rowcache_test

import (
	"context"
	"sync"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// hoard is a ports.Cache that forgets nothing, and knows what was put into it.
type hoard struct {
	ports.Cache

	mu     sync.Mutex
	frozen bool // nothing new is kept
	put    []hoarded
}

// hoarded is a value with whose it is.
type hoarded struct {
	tenant domain.OrganizationID // "" for what belongs to none
	key    ports.CacheKey
	value  []byte
}

func newHoard() *hoard { return &hoard{Cache: memory.NewCache(memory.NewClock())} }

func (h *hoard) freeze() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen = true
}

func (h *hoard) Tenant(id domain.OrganizationID) ports.CacheNamespace {
	return hoardNamespace{h.Cache.Tenant(id), h, id}
}

func (h *hoard) Global(name ports.GlobalNamespace) ports.CacheNamespace {
	return hoardNamespace{h.Cache.Global(name), h, ""}
}

type hoardNamespace struct {
	ports.CacheNamespace

	hoard  *hoard
	tenant domain.OrganizationID
}

func (n hoardNamespace) Set(ctx context.Context, key ports.CacheKey, value []byte, ttl time.Duration) {
	n.hoard.mu.Lock()
	defer n.hoard.mu.Unlock()
	if !n.hoard.frozen {
		n.hoard.put = append(n.hoard.put, hoarded{n.tenant, key, value})
		n.CacheNamespace.Set(ctx, key, value, ttl)
	}
}

func (hoardNamespace) Delete(context.Context, ...ports.CacheKey) {}

// Keys of what a unit has in the shared cache.
func memberOf(u unit) ports.CacheKey { return rowcache.MemberKey(u.member()) }
func detailOf(u unit) ports.CacheKey { return rowcache.DetailKey(u.organization()) }
