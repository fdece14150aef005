package memory

import (
	"context"
	"sync"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// CacheSize is how many values a Cache keeps.
const CacheSize = 10_000

// Cache is a ports.Cache that keeps up to CacheSize values, and forgets any of
// them when there is no room for another.
type Cache struct {
	clock ports.Clock

	mu     sync.Mutex
	values map[cacheKey]cached
}

var _ ports.Cache = (*Cache)(nil)

// cacheKey is a key with its namespace, of which one half is empty.
type cacheKey struct {
	tenant domain.OrganizationID
	global ports.GlobalNamespace
	ports.CacheKey
}

// cached is a value, and when its time is over.
type cached struct {
	value []byte
	until time.Time
}

// NewCache returns an empty Cache.
func NewCache(clock ports.Clock) *Cache {
	return &Cache{clock: clock, values: map[cacheKey]cached{}}
}

// Tenant implements ports.Cache.
func (c *Cache) Tenant(id domain.OrganizationID) ports.CacheNamespace {
	return cacheNamespace{cache: c, tenant: id}
}

// Global implements ports.Cache.
func (c *Cache) Global(name ports.GlobalNamespace) ports.CacheNamespace {
	return cacheNamespace{cache: c, global: name}
}

// cacheNamespace is a ports.CacheNamespace.
type cacheNamespace struct {
	cache  *Cache
	tenant domain.OrganizationID
	global ports.GlobalNamespace
}

// Get implements ports.CacheNamespace.
func (n cacheNamespace) Get(ctx context.Context, key ports.CacheKey) (value []byte, found bool) {
	if ctx.Err() != nil {
		return nil, false
	}
	c := n.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, found := c.values[n.key(key)]
	if !found || !c.clock.Now().Before(kept.until) {
		return nil, false
	}
	return kept.value, true
}

// Set implements ports.CacheNamespace.
func (n cacheNamespace) Set(ctx context.Context, key ports.CacheKey, value []byte, ttl time.Duration) {
	if ctx.Err() != nil || !key.Valid() {
		return
	}
	c := n.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.values, n.key(key))
	if ttl < time.Millisecond {
		return
	}
	for other := range c.values {
		if len(c.values) < CacheSize {
			break
		}
		delete(c.values, other)
	}
	c.values[n.key(key)] = cached{value, c.clock.Now().Add(ttl)}
}

// Delete implements ports.CacheNamespace.
func (n cacheNamespace) Delete(_ context.Context, keys ...ports.CacheKey) {
	c := n.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		delete(c.values, n.key(key))
	}
}

func (n cacheNamespace) key(key ports.CacheKey) cacheKey { return cacheKey{n.tenant, n.global, key} }
