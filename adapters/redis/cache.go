package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	gocache "github.com/eko/gocache/lib/v4/cache"
	"github.com/eko/gocache/lib/v4/store"
	ristrettostore "github.com/eko/gocache/store/ristretto/v4"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// The local level.
const (
	localSize = 16 << 20 // bytes of keys and values
	localKeys = 1 << 18  // whose use is counted: ten times as many as fit
	// localAge is how old an entry becomes: a second, less what it may take to
	// get it.
	localAge = time.Second - bound
)

// Cache is a ports.Cache of two levels: one in this process, for a second, and
// one that all processes share.
//
// The levels are gocache's, their chain is not. That copies to the upper level
// later, by way of a queue: what was deleted meanwhile would be back.
type Cache struct {
	client  *Client
	local   *gocache.Cache[[]byte]
	shared  *gocache.Cache[string] // not []byte: Redis answers with a string, which that would drop
	changes changes
	lookups lookups
}

var _ ports.Cache = (*Cache)(nil)

// NewCache returns a Cache on the client. The function that it returns frees
// the local level, when nobody uses the Cache any more.
func NewCache(client *Client) (*Cache, func(), error) {
	local, err := ristretto.NewCache(&ristretto.Config[string, []byte]{
		NumCounters: localKeys, MaxCost: localSize, BufferItems: 64,
		Cost: func(entry []byte) int64 { return int64(len(entry)) },
	})
	if err != nil {
		return nil, nil, fmt.Errorf("make local cache: %w", err)
	}
	return &Cache{
		client:  client,
		local:   gocache.New[[]byte](ristrettostore.NewRistretto(local, store.WithSynchronousSet())),
		shared:  gocache.New[string](newGuardedStore(client)),
		changes: newChanges(),
	}, local.Close, nil
}

// Tenant implements ports.Cache.
func (c *Cache) Tenant(id domain.OrganizationID) ports.CacheNamespace {
	return namespace{c, tenantSpace(id)}
}

// Global implements ports.Cache.
func (c *Cache) Global(name ports.GlobalNamespace) ports.CacheNamespace {
	return namespace{c, globalSpace(name)}
}

// namespace is a ports.CacheNamespace.
type namespace struct {
	cache *Cache
	space space
}

// Get implements ports.CacheNamespace.
func (n namespace) Get(ctx context.Context, key ports.CacheKey) (value []byte, found bool) {
	name, ok := n.space.key(key)
	if !ok || ctx.Err() != nil {
		return nil, false
	}
	counts := n.cache.lookups.of(key.Kind)
	level := &counts.local
	entry, err := n.cache.local.Get(ctx, name)
	if err != nil {
		level = &counts.shared
		entry, err = n.cache.fetch(ctx, name)
	}
	if err == nil {
		if value, found = unseal(name, entry); !found {
			n.cache.remove(ctx, name)
		}
	}
	if !found {
		level = &counts.missed
	}
	level.Add(1)
	return value, found
}

// Set implements ports.CacheNamespace.
func (n namespace) Set(ctx context.Context, key ports.CacheKey, value []byte, ttl time.Duration) {
	name, ok := n.space.key(key)
	if !ok || ctx.Err() != nil {
		return
	}
	if ttl < time.Millisecond { // none at all would mean forever
		n.cache.remove(ctx, name)
		return
	}
	entry := seal(name, value)
	_ = n.cache.shared.Set(ctx, name, string(entry), store.WithExpiration(ttl))
	n.cache.changes.record(name, func() { n.cache.keep(ctx, name, entry, ttl) })
}

// Delete implements ports.CacheNamespace.
func (n namespace) Delete(ctx context.Context, keys ...ports.CacheKey) {
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		if name, ok := n.space.key(key); ok {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		n.cache.remove(ctx, names...)
	}
}

// fetch returns an entry of the shared level, and keeps it in the local one
// unless it has been changed meanwhile.
func (c *Cache) fetch(ctx context.Context, name string) ([]byte, error) {
	before := c.changes.count(name)
	found, ttl, err := c.shared.GetWithTTL(ctx, name)
	if err != nil {
		return nil, err
	}
	entry := []byte(found)
	c.changes.unlessChanged(name, before, func() { c.keep(ctx, name, entry, ttl) })
	return entry, nil
}

// keep puts an entry into the local level. One that could not be put there is
// found in the shared one.
func (c *Cache) keep(ctx context.Context, name string, entry []byte, ttl time.Duration) {
	if ttl <= 0 { // it is over, or would never be
		return
	}
	_ = c.local.Set(ctx, name, entry, store.WithExpiration(min(ttl, localAge)))
}

// remove deletes entries from both levels, first from that which others read:
// else they could be copied from there to here once more.
func (c *Cache) remove(ctx context.Context, names ...string) {
	ctx = context.WithoutCancel(ctx)
	_ = c.client.do(ctx, func(ctx context.Context) error { return c.client.redis.Del(ctx, names...).Err() })
	for _, name := range names {
		c.changes.record(name, func() { _ = c.local.Delete(ctx, name) })
	}
}
