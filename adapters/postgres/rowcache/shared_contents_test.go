package rowcache_test

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"rowhouse/adapters/memory"
)

var (
	uuidIn  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{12})`)
	emailIn = regexp.MustCompile(`[^"\s]+@[^"\s]+`)
)

// The address for bills is the organization's own, and under its key. Other than
// that, nothing in the shared cache could be used to sign in or to write to
// anybody, and nothing belongs to another tenant.
func TestShared_HoldsNoSecrets(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 1+len(sights))
	cache, signal := newHoard(), memory.NewSignal()
	a, b := start(t, d, cache, signal), start(t, d, cache, signal)
	for i, k := range sights {
		u := unit(1 + i)
		for _, who := range []string{"owner", "member", "more", "guest"} {
			if got, err := u.sessionOf(t.Context(), a, who); err != nil || got == none {
				t.Fatalf("session of %s: %q, %v", who, got, err)
			}
		}
		k.want(t, "one process", a, u, k.before)
		if err := k.change(t.Context(), b, u); err != nil {
			t.Fatal(err)
		}
		k.want(t, "another", b, u, k.after)
		_, _ = readActor(t.Context(), b, u)
		_, _ = readActorBySlug(t.Context(), b, u)
		_, _ = readDetail(t.Context(), b, u)
	}
	cache.mu.Lock()
	defer cache.mu.Unlock()
	if len(cache.put) < len(sights) {
		t.Fatalf("%d values were put into the cache, which proves little", len(cache.put))
	}
	for _, h := range cache.put {
		text := h.key.ID + " " + string(h.value)
		if h.tenant == "" || h.key.Kind != "member" && h.key.Kind != "organization" {
			t.Errorf("the cache holds %v for %q", h.key, h.tenant)
		}
		for _, found := range uuidIn.FindAllStringSubmatch(text, -1) {
			if !strings.HasSuffix(string(h.tenant), found[1]) {
				t.Errorf("the cache holds something of %s for %s: %s", found[0], h.tenant, text)
			}
		}
		for _, email := range emailIn.FindAllString(text, -1) {
			if !strings.HasPrefix(email, "billing-") {
				t.Errorf("the cache holds an address: %s", text)
			}
		}
		if strings.Contains(text, "password") {
			t.Errorf("the cache holds a password's hash: %s", text)
		}
	}
	for u := range unit(1 + len(sights)) {
		for _, who := range []string{"owner", "member", "more", "guest", "another"} {
			token := u.token(who)
			for _, secret := range []string{string(token[:]), hex.EncodeToString(token[:]), base64.StdEncoding.EncodeToString(token[:]), string(u.session("owner").ID)} {
				for _, h := range cache.put {
					if strings.Contains(h.key.ID+string(h.value), secret) {
						t.Errorf("the cache holds the session of %s of unit %d: %s", who, u, h.value)
					}
				}
			}
		}
	}
}
