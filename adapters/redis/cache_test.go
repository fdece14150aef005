package redis_test

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/redis"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// scan returns all names on the server that contain the text.
func scan(t *testing.T, text string) []string {
	t.Helper()
	var names []string
	found := rawClient(t).Scan(t.Context(), 0, "*"+text+"*", 10_000).Iterator()
	for found.Next(t.Context()) {
		names = append(names, found.Val())
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestCache_NamesSayWhoseTheyAre(t *testing.T) {
	t.Parallel()
	cache, acme := newCache(t, openClient(t, redis.OpenPatient, address(t))), newOrganizationID()
	unique := string(acme)
	for namespace, keys := range map[ports.CacheNamespace][]ports.CacheKey{
		cache.Tenant(acme):              {memberKey("ada"), {Kind: "org", ID: "", Version: 2}, memberKey("a:b * é")},
		cache.Global(ports.GlobalPlans): {{Kind: "plan", ID: unique, Version: 12}},
	} {
		for _, key := range keys {
			namespace.Set(t.Context(), key, []byte("value"), time.Minute)
			namespace.Get(t.Context(), key)
		}
	}
	got, want := scan(t, unique), []string{
		"g:plans:plan:" + unique + ":v12",
		"t:" + unique + ":member:a:b * é:v1",
		"t:" + unique + ":member:ada:v1",
		"t:" + unique + ":org::v2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the server knows %q, want %q", got, want)
	}
	format := regexp.MustCompile(`^(t:[0-9a-f-]{36}|g):`)
	for _, name := range got {
		if !format.MatchString(name) {
			t.Errorf("the server knows %q, want all to match %s", name, format)
		}
		if ttl, err := rawClient(t).PTTL(t.Context(), name).Result(); err != nil || ttl <= 0 || ttl > time.Minute {
			t.Errorf("%q lasts for %v, %v; want the minute that was asked for", name, ttl, err)
		}
	}
}

func TestCache_WithoutANamespaceKeepsNothing(t *testing.T) {
	t.Parallel()
	cache, acme := newCache(t, openClient(t, redis.OpenPatient, address(t))), string(newOrganizationID())
	for name, namespace := range map[string]ports.CacheNamespace{
		"no organization":                 cache.Tenant(""),
		"an organization without a UUID":  cache.Tenant(domain.OrganizationID(acme[:35])),
		"an organization with more":       cache.Tenant(domain.OrganizationID(acme + ":member")),
		"an organization in upper case":   cache.Tenant(domain.OrganizationID(strings.ToUpper("abcdef01" + acme[8:]))),
		"no global part":                  cache.Global(""),
		"a global part that is no letter": cache.Global("plans:plan"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := memberKey(string(newOrganizationID()))
			namespace.Set(t.Context(), key, []byte("value"), time.Minute)
			if value, found := namespace.Get(t.Context(), key); found {
				t.Errorf("Get = %q, %t; want none", value, found)
			}
			namespace.Delete(t.Context(), key)
			if names := scan(t, key.ID); len(names) > 0 {
				t.Errorf("the server knows %q, want nothing", names)
			}
		})
	}
}

// Whatever has put it there, a value is only read under the name that it was
// made for.
func TestCache_DoesNotTakeAnothersValue(t *testing.T) {
	t.Parallel()
	raw, cache := rawClient(t), newCache(t, openClient(t, redis.OpenPatient, address(t)))
	acme, globex := newOrganizationID(), newOrganizationID()
	key := memberKey("ada")
	cache.Tenant(acme).Set(t.Context(), key, []byte("acme's"), time.Minute)
	from, to := "t:"+string(acme)+":member:ada:v1", "t:"+string(globex)+":member:ada:v1"
	theirs, err := raw.Get(t.Context(), from).Result()
	if err != nil {
		t.Fatal(err)
	}
	for name, planted := range map[string]string{
		"another tenant's value":           theirs,
		"a value without a name":           "acme's",
		"nothing":                          "",
		"a name alone":                     to,
		"a name that goes on":              to + "0\nvalue",
		"a name that begins with another":  to[:len(to)-1] + "\nvalue",
		"a value with its name at the end": "value\n" + to,
	} {
		for _, ttl := range []time.Duration{0, time.Minute} { // 0 is forever
			if err := raw.Set(t.Context(), to, planted, ttl).Err(); err != nil {
				t.Fatal(err)
			}
			for range 2 { // not in the local level, either
				if value, found := cache.Tenant(globex).Get(t.Context(), key); found || value != nil {
					t.Errorf("%s for %v: Get = %q, %t; want none", name, ttl, value, found)
				}
			}
			if n, err := raw.Exists(t.Context(), to).Result(); n != 0 || err != nil {
				t.Errorf("%s for %v is still there, %v; want it deleted", name, ttl, err)
			}
		}
	}
	if value, found := cache.Tenant(acme).Get(t.Context(), key); !found || string(value) != "acme's" {
		t.Errorf("Get = %q, %t by its owner; want it untouched", value, found)
	}
}

// A copy that is on its way here when the value is changed must not arrive.
func TestCache_DoesNotBringBackWhatHasChanged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(context.Context, ports.CacheNamespace, ports.CacheKey)
		want   string
	}{
		{"a deletion", func(ctx context.Context, cache ports.CacheNamespace, key ports.CacheKey) { cache.Delete(ctx, key) }, ""},
		{"another value", func(ctx context.Context, cache ports.CacheNamespace, key ports.CacheKey) {
			cache.Set(ctx, key, []byte("new"), time.Minute)
		}, "new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			acme, key, proxy := newOrganizationID(), memberKey("ada"), newProxy(t)
			newCache(t, openClient(t, redis.OpenPatient, address(t))).Tenant(acme).Set(t.Context(), key, []byte("old"), time.Minute)
			client := openClient(t, redis.OpenPatient, proxy.address)
			if err := client.Ping(t.Context()); err != nil { // so that the next answer is that to Get
				t.Fatal(err)
			}
			cache := newCache(t, client).Tenant(acme)
			held, release := proxy.holdNext()
			got := make(chan string)
			go func() {
				value, _ := cache.Get(t.Context(), key)
				got <- string(value)
			}()
			<-held
			tt.change(t.Context(), cache, key)
			release()
			if value := <-got; value != "old" {
				t.Fatalf("Get = %q while the value changed, want what was on its way", value)
			}
			if value, _ := cache.Get(t.Context(), key); string(value) != tt.want {
				t.Errorf("Get = %q after the change, want %q", value, tt.want)
			}
		})
	}
}

func TestCache_CountsWhereValuesWereFound(t *testing.T) {
	t.Parallel()
	acme, key := newOrganizationID(), memberKey("ada")
	one := newCache(t, openClient(t, redis.OpenPatient, address(t)))
	another := newCache(t, openClient(t, redis.OpenPatient, address(t)))
	one.Tenant(acme).Set(t.Context(), key, []byte("value"), time.Minute)
	another.Tenant(acme).Get(t.Context(), key)
	another.Tenant(acme).Get(t.Context(), memberKey("grace"))
	another.Global(ports.GlobalPlans).Get(t.Context(), ports.CacheKey{Kind: "plan", ID: string(acme), Version: 1})
	another.Tenant(acme).Get(t.Context(), ports.CacheKey{Kind: "no kind"})
	if got, want := another.Stats(), map[string]redis.Lookups{
		"member": {Shared: 1, Missed: 1}, "plan": {Missed: 1},
	}; !maps.Equal(got, want) {
		t.Errorf("Stats = %v, want %v", got, want)
	}
	eventually(t, "a value found in this process", func() bool { // unless it was forgotten
		another.Tenant(acme).Get(t.Context(), key)
		return another.Stats()["member"].Local > 0
	})
}
