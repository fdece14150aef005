package porttest

import (
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
	keys := []ports.CacheKey{
		{"a", "b", 1}, {"a", "b", 2}, {"a", "b", 11}, {"a", "b:v1", 1}, {"a", "b:v1", 2}, {"a", "b:v1:v1", 1}, {"a", ":b", 1},
		{"a", "b:", 1}, {"a", "", 1}, {"a", ":", 1}, {"a", "::", 1}, {"a", "v", 1}, {"a", "a:b", 1}, {"a", "a", 1}, {"ab", "", 1},
		{"ab", "b", 1}, {"b", "a", 1}, {"a", "B", 1}, {"a", "b ", 1}, {"a", "*", 1}, {"a", "%62", 1}, {"a", "é", 1}, {"a", "e\u0301", 1},
		{"a", string(s.organization), 1}, {"t", string(s.organization) + ":a:b", 1}, {"a", "{b}", 1}, {"a", "b", 0}, {"a", "b", -1},
		{"a", strings.Repeat("b", 1000), 1}, {"a", strings.Repeat("b", 999), 1},
	}
	name := func(key ports.CacheKey) string { return key.Kind + " " + key.ID + " " + string(rune('0'+key.Version)) }
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
		for j, other := range keys {
			if j <= i {
				wantUncached(t, "after it was deleted, "+name(other), s.one, other)
			} else {
				wantCached(t, "after others were deleted", s.one, other, name(other))
			}
		}
	}
}

func testCacheNoKeys(t *testing.T, s cacheScene) {
	for _, key := range []ports.CacheKey{
		{"", "b", 1}, {"A", "b", 1}, {"a:b", "c", 1}, {"a b", "c", 1}, {"a_b", "c", 1}, {"é", "b", 1}, {"a\n", "b", 1},
		{"a", "b\n", 1}, {"a", "\x00", 1}, {"a", "b\x7f", 1}, {"a", "\tb", 1},
	} {
		keep(t, s.one, key, "value")
		wantUncached(t, key.Kind+" "+key.ID, s.one, key)
		s.one.Delete(t.Context(), key)
	}
}

// wantSoon checks that nothing but the value, or none if it is empty, is found
// by whoever looks a second from now or later.
func wantSoon(t *testing.T, what string, namespace ports.CacheNamespace, key ports.CacheKey, want string) {
	t.Helper()
	since, again := time.Now(), time.NewTicker(5*time.Millisecond)
	defer again.Stop()
	for {
		late := time.Since(since) >= time.Second
		value, found := namespace.Get(t.Context(), key)
		switch {
		case found == (want != "") && string(value) == want:
			return
		case late:
			t.Fatalf("%s: Get = %.100q, %t after a second; want %q", what, value, found, want)
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
	wantSoon(t, "another process", s.another, key, "fifth")
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
		wantSoon(t, "another process", s.another, key, "")
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
	wantSoon(t, "another process", s.another, brief, "")
	wantSoon(t, "this process", s.one, brief, "")
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
