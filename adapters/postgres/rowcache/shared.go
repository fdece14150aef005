package rowcache

import (
	"context"
	"encoding/json"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// sharedTTL is how long a value stays in the cache that processes share.
const sharedTTL = time.Minute

// shared is the cache that processes share. Whose sessions and passwords there
// are is not put into it.
type shared struct {
	cache ports.Cache
	watch *watch
}

// value is what is kept, with how far its writer had looked before it read it.
type value[T any] struct {
	Position postgres.Position `json:"position"`
	Row      T                 `json:"row"`
}

// membership is what a user is in an organization.
type membership struct {
	ID        domain.MembershipID `json:"id"`
	Role      domain.Role         `json:"role"`
	Suspended bool                `json:"suspended"`
}

// The versions go up with every change of what is written.

func memberKey(user domain.UserID) ports.CacheKey {
	return ports.CacheKey{Kind: "member", ID: string(user), Version: 1}
}

func detailKey(id domain.OrganizationID) ports.CacheKey {
	return ports.CacheKey{Kind: "organization", ID: string(id), Version: 2}
}

// load returns a value that nothing has changed since it was written. about
// says what it depends on: on nothing, if it is not what was asked for.
func load[T any](ctx context.Context, s shared, id domain.OrganizationID, key ports.CacheKey, about func(T) []change) (row T, ok bool) {
	if _, known := s.watch.now(); !known {
		return row, false // whatever there is could not be told from an old one
	}
	text, found := s.cache.Tenant(id).Get(ctx, key)
	if !found {
		return row, false
	}
	var v value[T]
	if err := json.Unmarshal(text, &v); err != nil {
		return row, false
	}
	changes := about(v.Row)
	if len(changes) == 0 || !s.watch.unchanged(v.Position, changes...) {
		return row, false
	}
	return v.Row, true
}

// save keeps a value for others.
func save[T any](ctx context.Context, s shared, id domain.OrganizationID, key ports.CacheKey, since postgres.Position, row T) {
	if text, err := json.Marshal(value[T]{since, row}); err == nil {
		s.cache.Tenant(id).Set(ctx, key, text, sharedTTL)
	}
}
