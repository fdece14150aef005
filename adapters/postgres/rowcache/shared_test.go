package rowcache_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// One process fills the shared cache, and another changes what is in it. What
// is in it is old then, and nobody reads it: neither who has changed it, nor who
// has put it there, nor a process that knows nothing yet.
func TestShared_WhatHasChangedIsNotRead(t *testing.T) {
	t.Parallel()
	const rounds = 5
	d, conn := planted(t, 1+rounds*len(sights))
	cache, signal := newHoard(), memory.NewSignal()
	a, b := start(t, d, cache, signal), start(t, d, cache, signal)
	each := func(do func(sight, unit)) {
		for i, k := range sights {
			for n := range rounds {
				do(k, unit(1+i*rounds+n))
			}
		}
	}
	each(func(k sight, u unit) { k.want(t, "who fills the cache", b, u, k.before) })
	cache.freeze()
	each(func(k sight, u unit) {
		if err := k.change(t.Context(), a, u); err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		k.want(t, "who has changed it", a, u, k.after)
	})
	c := start(t, d, cache, signal)
	each(func(k sight, u unit) { k.want(t, "who has just started", c, u, k.after) })
	if err := beginAnew(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	mustLook(t, b)
	each(func(k sight, u unit) { k.want(t, "who has begun anew", b, u, k.after) })

	// The control: whoever trusted the cache would still read what was before.
	const ofMembersAndOrganizations = 11
	trusting := 0
	each(func(k sight, u unit) {
		if readsOld(t, cache, k, u) {
			trusting++
		}
	})
	if want := ofMembersAndOrganizations * rounds; trusting != want {
		t.Errorf("the cache holds what was before of %d units, want %d", trusting, want)
	}
}

// readsOld reports whether the shared cache holds what the unit was before.
func readsOld(t *testing.T, cache ports.Cache, k sight, u unit) bool {
	t.Helper()
	tenant := cache.Tenant(u.organization())
	var detail struct {
		Row domain.OrganizationDetail `json:"row"`
	}
	var member struct {
		Row struct {
			Role domain.Role `json:"role"`
		} `json:"row"`
	}
	if value, found := tenant.Get(t.Context(), detailOf(u)); found && k.before == asPlanted {
		return json.Unmarshal(value, &detail) == nil && describe(detail.Row) == k.before //nolint:musttag // rows are kept under the names of their fields
	}
	value, found := tenant.Get(t.Context(), memberOf(u))
	return found && json.Unmarshal(value, &member) == nil && string(member.Row.Role) == k.before
}

// forge edits what is in the shared cache of a unit.
func forge(t *testing.T, cache ports.Cache, u unit, edit func(string) string) {
	t.Helper()
	tenant := cache.Tenant(u.organization())
	for _, key := range []ports.CacheKey{memberOf(u), detailOf(u)} {
		value, found := tenant.Get(t.Context(), key)
		if !found {
			t.Fatalf("nothing is in the cache under %v", key)
		}
		tenant.Set(t.Context(), key, []byte(edit(string(value))), time.Minute)
	}
}

// evil makes the member an owner, and gives the organization another name.
func evil(text string) string {
	return strings.NewReplacer(`"role":"member"`, `"role":"owner"`, `"Unit"`, `"Evil"`).Replace(text)
}

// catchUp returns when one process has looked as far as another.
func catchUp(t *testing.T, signal ports.Signal, one, another process) {
	t.Helper()
	to, again := another.Position(), time.NewTicker(time.Millisecond)
	defer again.Stop()
	for ; one.Position() < to; <-again.C {
		if err := signal.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitFresh returns once a process knows of all changes, without which it
// neither reads from the shared cache nor writes to it. On a busy machine it may
// have looked too long ago.
func awaitFresh(t *testing.T, p process) {
	t.Helper()
	if err := p.AwaitFresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What is in the shared cache is read, where it is what it should be. Here that
// is shown by what is not: each value that was forged would be read, were it
// not for what the case says.
func TestShared_WhatIsNoValueIsNotRead(t *testing.T) {
	t.Parallel()
	const position = `"position":`
	positioned := func(at string) func(string) string {
		return func(text string) string { return "{" + position + at + text[strings.Index(text, `,"row"`):] }
	}
	cut := func(from, instead string) func(string) string {
		return func(text string) string { return text[:strings.Index(text, from)] + instead }
	}
	cases := []struct {
		name string
		edit func(string) string
		read bool
	}{
		{"what is forged well", func(text string) string { return text }, true},
		{"nothing", func(string) string { return "" }, false},
		{"null", func(string) string { return "null" }, false},
		{"garbage", func(string) string { return strings.Repeat("\x00\xff", 1<<19) }, false},
		{"another type", func(string) string { return `[1, 2, 3]` }, false},
		{"half of it", func(text string) string { return text[:len(text)/2] }, false},
		{"more than it", func(text string) string { return text + text }, false},
		{"no position", positioned("null"), false},
		{"a position of zero", positioned("0"), false},
		{"a position below zero", positioned("-1"), false},
		{"a position that is no number", positioned(`"new"`), false},
		{"a position that comes soon", positioned(strconv.Itoa(1 << 40)), false},
		{"a position that never comes", positioned(strconv.FormatUint(math.MaxUint64, 10)), false},
		{"no row", cut(`,"row"`, "}"), false},
		{"an empty row", cut(`"row"`, `"row":{}}`), false},
	}
	d, _ := planted(t, len(cases))
	cache, signal := memory.NewCache(memory.NewClock()), memory.NewSignal()
	a, b := start(t, d, cache, signal), start(t, d, cache, signal)
	catchUp(t, signal, a, b)
	since := b.Since()
	for i, tt := range cases {
		u := unit(i)
		awaitFresh(t, a)
		sight{name: tt.name, read: readActor}.want(t, "who fills the cache", a, u, "member")
		awaitFresh(t, a)
		sight{name: tt.name, read: readDetail}.want(t, "who fills the cache", a, u, asPlanted)
		forge(t, cache, u, func(text string) string { return tt.edit(evil(text)) })
	}
	catchUp(t, signal, b, a)
	for i, tt := range cases {
		role, detail := "member", asPlanted
		if tt.read && b.Since() > since {
			continue // its connection broke: it has to begin anew
		}
		if tt.read {
			role, detail = "owner", edited("Unit", "Evil")
		}
		awaitFresh(t, b)
		sight{name: tt.name, read: readActor}.want(t, "another", b, unit(i), role)
		awaitFresh(t, b)
		sight{name: tt.name, read: readDetail}.want(t, "another", b, unit(i), detail)
	}
}

// A value of another organization is none, though the cache should hand it out.
func TestShared_WhatIsOfAnotherOrganizationIsNotRead(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 2)
	cache, signal := memory.NewCache(memory.NewClock()), memory.NewSignal()
	a, b := start(t, d, cache, signal), start(t, d, cache, signal)
	catchUp(t, signal, a, b)
	k := sight{name: "another organization's", read: readDetail}
	k.want(t, "who fills the cache", a, 0, asPlanted)
	value, _ := cache.Tenant(unit(0).organization()).Get(t.Context(), detailOf(0))
	cache.Tenant(unit(1).organization()).Set(t.Context(), detailOf(1), []byte(evil(string(value))), time.Minute)
	catchUp(t, signal, b, a)
	k.want(t, "another", b, 1, asPlanted)
}

func TestShared_OtherVersionsAreNotRead(t *testing.T) {
	t.Parallel()
	w := rowcache.NewWatch((&handClock{}).Elapsed, nil)
	w.Asking()
	w.Seen(nil, 10)
	cache, tenant := memory.NewCache(memory.NewClock()), unit(0).organization()
	shared := rowcache.NewShared(cache, w)
	shared.Save(t.Context(), tenant, "ada", 10, "a row")
	if row, ok := shared.Load(t.Context(), tenant, "ada", about("ada")); !ok || row != "a row" {
		t.Errorf("Load = %q, %t; want what was saved", row, ok)
	}
	for name, load := range map[string]func() (string, bool){
		"of another tenant":       func() (string, bool) { return shared.Load(t.Context(), unit(1).organization(), "ada", about("ada")) },
		"of another name":         func() (string, bool) { return shared.Load(t.Context(), tenant, "bob", about("ada")) },
		"that depends on nothing": func() (string, bool) { return shared.Load(t.Context(), tenant, "ada") },
		"of another version": func() (string, bool) {
			key := rowcache.SharedKey("ada")
			value, _ := cache.Tenant(tenant).Get(t.Context(), key)
			key.ID, key.Version = "carol", key.Version+1
			cache.Tenant(tenant).Set(t.Context(), key, value, time.Minute)
			return shared.Load(t.Context(), tenant, "carol", about("ada"))
		},
	} {
		if row, ok := load(); ok {
			t.Errorf("a row %s: Load = %q, want none", name, row)
		}
	}
	w.Lost()
	if row, ok := shared.Load(t.Context(), tenant, "ada", about("ada")); ok {
		t.Errorf("after changes were lost, Load = %q, want none", row)
	}
}
