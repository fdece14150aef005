package ports

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// Cache keeps copies of what is stored elsewhere, so that they are at hand. It
// may forget anything at any time, and nothing fails because it is down: what
// cannot be had is not there. There is no way to it but through a namespace, so
// that no key can be read for the wrong tenant.
type Cache interface {
	// Tenant returns what is kept for one organization.
	Tenant(id domain.OrganizationID) CacheNamespace
	// Global returns what is kept for no tenant in particular.
	Global(name GlobalNamespace) CacheNamespace
}

// GlobalNamespace names a part of the cache that belongs to no tenant. All
// there are stand here, where a review sees them.
type GlobalNamespace string

// GlobalPlans is what is the same for everybody: the catalogue and what
// follows from it.
const GlobalPlans GlobalNamespace = "plans"

// CacheKey names a value in its namespace. Nothing is kept under one that is
// not as said here.
type CacheKey struct {
	// Kind says what the value is: "member". Lower-case letters only.
	Kind string
	// ID says which one. Any text without control characters.
	ID string
	// Version is that of the value's encoding. A release that writes it
	// differently raises it, and never reads what another has written.
	Version int
}

// Valid reports whether the key is as said here.
func (k CacheKey) Valid() bool {
	for i := range len(k.Kind) {
		if k.Kind[i] < 'a' || k.Kind[i] > 'z' {
			return false
		}
	}
	for i := range len(k.ID) {
		if k.ID[i] < ' ' || k.ID[i] == 0x7f {
			return false
		}
	}
	return k.Kind != ""
}

// CacheNamespace is one part of a Cache.
type CacheNamespace interface {
	// Get returns the value under the key, and whether there is one. A value
	// that was not stored under this very key, in this very namespace, is
	// none, and is removed. Once ctx has ended there is none. The caller must
	// not change the bytes.
	Get(ctx context.Context, key CacheKey) (value []byte, found bool)
	// Set keeps the value for a time; one of less than a millisecond is over
	// at once. This process finds it at once, others as soon as they can, and
	// nothing older after a second, if the cache they share can be reached.
	// Once ctx has ended nothing is kept. The caller must not change the bytes
	// afterwards.
	Set(ctx context.Context, key CacheKey, value []byte, ttl time.Duration)
	// Delete forgets the keys: in this process at once, in others within a
	// second, if the cache they share can be reached; if not, what was there
	// can come back with it. Even when ctx has ended, since what made it old
	// has happened. Who needs more than that must be able to tell an old value
	// by itself.
	Delete(ctx context.Context, keys ...CacheKey)
}
