package porttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// cacheScene is one tenant's part of a cache, seen from two processes.
type cacheScene struct {
	organization domain.OrganizationID
	one, another ports.CacheNamespace
}

// TestCacheNamespace checks that a ports.CacheNamespace does what its
// documentation says. It calls open as TestCache does.
func TestCacheNamespace(t *testing.T, open func(*testing.T) (one, another ports.Cache)) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(*testing.T, cacheScene)
	}{
		{"a value comes back as it was kept", testCacheRoundTrip},
		{"kinds, ids and versions are apart, whatever the id", testCacheKeys},
		{"nothing is kept under what is no key", testCacheNoKeys},
		{"a value replaces the one before, at once here and within a second elsewhere", testCacheReplace},
		{"what is deleted is gone, at once here and within a second elsewhere", testCacheDelete},
		{"a value is gone when its time is over, and not before", testCacheExpiry},
		{"a time of less than a millisecond is over at once", testCacheNoTime},
		{"once the context has ended nothing is found or kept, but what is deleted is gone", testCacheCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, another := open(t)
			id := newOrganizationID()
			tt.run(t, cacheScene{id, one.Tenant(id), another.Tenant(id)})
		})
	}
}

func testCacheRoundTrip(t *testing.T, s cacheScene) {
	for name, value := range map[string]string{
		"text": "Grüße 🦉", "nothing": "", "a line break": "\n", "every byte": everyByte(), "a key": string(s.organization) + ":v1\n",
		"much": strings.Repeat("0123456789abcdef", 1<<14),
	} {
		key := newCacheKey()
		keep(t, s.one, key, value)
		wantCached(t, name, s.one, key, value)
		wantCached(t, name+" in another process", s.another, key, value)
	}
	key := newCacheKey()
	s.one.Set(t.Context(), key, nil, keepLong)
	wantCached(t, "nil", s.one, key, "")
}

func everyByte() string {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	return string(all[:])
}

func testCacheKeys(t *testing.T, s cacheScene) {
	var keys []ports.CacheKey
	for _, id := range []string{
		"b", "B", "b ", "b:", ":b", "", ":", "::", "v", "b:v1", "b:v1:v1", "a", "a:b", "*", "{b}", "%62", "é", "e\u0301",
		string(s.organization), string(s.organization) + ":a:b", strings.Repeat("b", 999), strings.Repeat("b", 1000),
	} {
		for _, kind := range []string{"a", "ab", "t"} {
			for _, version := range []int{1, 2, 11, 0, -1} {
				keys = append(keys, ports.CacheKey{Kind: kind, ID: id, Version: version})
			}
		}
	}
	name := func(key ports.CacheKey) string { return fmt.Sprintf("%+v", key) }
	for _, key := range keys {
		wantUncached(t, "before it is kept, "+name(key), s.one, key)
		keep(t, s.one, key, name(key))
	}
	for _, key := range keys {
		wantCached(t, "when all are kept", s.one, key, name(key))
		wantCached(t, "when all are kept, in another process", s.another, key, name(key))
	}
	for i, key := range keys {
		s.one.Delete(t.Context(), key)
		wantUncached(t, "after it was deleted, "+name(key), s.one, key)
		for _, other := range keys[i+1:] {
			wantCached(t, "after others were deleted", s.one, other, name(other))
		}
	}
}

func testCacheNoKeys(t *testing.T, s cacheScene) {
	var keys []ports.CacheKey
	for _, kind := range []string{"", "A", "a:b", "a b", "a_b", "é", "a\n", "1"} {
		keys = append(keys, ports.CacheKey{Kind: kind, ID: "b", Version: 1})
	}
	for _, id := range []string{"b\n", "\x00", "b\x7f", "\tb"} {
		keys = append(keys, ports.CacheKey{Kind: "a", ID: id, Version: 1})
	}
	for _, key := range keys {
		keep(t, s.one, key, "value")
		wantUncached(t, key.Kind+" "+key.ID, s.one, key)
		s.one.Delete(t.Context(), key)
	}
}

// wantWithin checks that nothing but the value, or none if it is empty, is found
// by whoever looks after that time.
func wantWithin(t *testing.T, within time.Duration, what string, namespace ports.CacheNamespace, key ports.CacheKey, want string) {
	t.Helper()
	since, again := time.Now(), time.NewTicker(5*time.Millisecond)
	defer again.Stop()
	for {
		late := time.Since(since) >= within
		value, found := namespace.Get(t.Context(), key)
		switch {
		case found == (want != "") && string(value) == want:
			return
		case late:
			t.Fatalf("%s: Get = %.100q, %t after %v; want %q", what, value, found, within, want)
		}
		<-again.C
	}
}

func testCacheReplace(t *testing.T, s cacheScene) {
	key := newCacheKey()
	for _, value := range []string{"first", "second", "a third that is longer", "4"} {
		keep(t, s.one, key, value)
		wantCached(t, "this process", s.one, key, value)
	}
	wantCached(t, "another process", s.another, key, "4")
	keep(t, s.one, key, "fifth")
	wantCached(t, "this process", s.one, key, "fifth")
	wantWithin(t, time.Second, "another process", s.another, key, "fifth")
}

func testCacheDelete(t *testing.T, s cacheScene) {
	first, second, third := newCacheKey(), newCacheKey(), newCacheKey()
	for _, key := range []ports.CacheKey{first, second, third} {
		keep(t, s.one, key, "value")
		wantCached(t, "another process, before a deletion", s.another, key, "value")
	}
	s.one.Delete(t.Context())
	wantCached(t, "this process, after nothing was deleted", s.one, first, "value")
	s.one.Delete(t.Context(), first, newCacheKey(), second, first)
	for _, key := range []ports.CacheKey{first, second} {
		wantUncached(t, "this process", s.one, key)
		wantWithin(t, time.Second, "another process", s.another, key, "")
		wantUncached(t, "this process, a second later", s.one, key)
	}
	wantCached(t, "this process, what was not deleted", s.one, third, "value")
	wantCached(t, "another process, what was not deleted", s.another, third, "value")

	keep(t, s.another, first, "again")
	wantCached(t, "this process, after it was kept again", s.one, first, "again")
}

func testCacheExpiry(t *testing.T, s cacheScene) {
	const short = 100 * time.Millisecond
	brief, prolonged, long := newCacheKey(), newCacheKey(), newCacheKey()
	s.one.Set(t.Context(), brief, []byte("value"), short)
	s.one.Set(t.Context(), prolonged, []byte("value"), short)
	s.one.Set(t.Context(), prolonged, []byte("value"), keepLong)
	s.one.Set(t.Context(), long, []byte("value"), keepLong)
	s.another.Get(t.Context(), brief)
	wantWithin(t, 2*short, "another process", s.another, brief, "")
	wantWithin(t, 2*short, "this process", s.one, brief, "")
	for _, key := range []ports.CacheKey{prolonged, long} {
		wantCached(t, "this process, a longer time", s.one, key, "value")
		wantCached(t, "another process, a longer time", s.another, key, "value")
	}
}

func testCacheNoTime(t *testing.T, s cacheScene) {
	for _, ttl := range []time.Duration{0, -1, -time.Hour, time.Nanosecond, time.Millisecond - 1} {
		fresh, old := newCacheKey(), newCacheKey()
		keep(t, s.one, old, "old")
		for _, key := range []ports.CacheKey{fresh, old} {
			s.one.Set(t.Context(), key, []byte("value"), ttl)
			wantUncached(t, "this process, after "+ttl.String(), s.one, key)
			wantUncached(t, "another process, after "+ttl.String(), s.another, key)
		}
	}
}

func testCacheCancelled(t *testing.T, s cacheScene) {
	ctx, kept, fresh := cancelled(t), newCacheKey(), newCacheKey()
	keep(t, s.one, kept, "value")
	if value, found := s.one.Get(ctx, kept); found || value != nil {
		t.Errorf("Get = %q, %t once the context has ended; want none", value, found)
	}
	s.one.Set(ctx, fresh, []byte("value"), keepLong)
	wantUncached(t, "a new key", s.one, fresh)
	s.one.Set(ctx, kept, []byte("another"), keepLong)
	s.one.Set(ctx, kept, []byte("another"), 0)
	wantCached(t, "an old key", s.one, kept, "value")
	s.one.Delete(ctx, kept)
	wantUncached(t, "a deleted key", s.one, kept)
	wantUncached(t, "a deleted key, another process", s.another, kept)
}
