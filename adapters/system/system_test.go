package system_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rowhouse/adapters/system"
	"rowhouse/core/domain"
)

func TestClock(t *testing.T) {
	t.Parallel()
	var clock system.Clock
	before := time.Now().Truncate(time.Microsecond)
	now := clock.Now()
	if now.Before(before) || now.After(time.Now()) {
		t.Errorf("Now = %v, want the present", now)
	}
	// PostgreSQL and JSON know no monotonic reading: times that differ in it
	// only would not be equal after a round trip.
	if now != now.Round(0) {
		t.Errorf("Now = %v, which has a monotonic reading", now)
	}
}

func TestClockIsCutToMicroseconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1_999 * time.Nanosecond) // on the clock of the test: takes no time
		now := system.Clock{}.Now()
		if got := now.Nanosecond(); got != 1_000 {
			t.Errorf("Now has %d ns, want 1000", got)
		}
		if now.Location() != time.UTC {
			t.Errorf("Now is in %v, want UTC", now.Location())
		}
	})
}

func TestIDs(t *testing.T) {
	t.Parallel()
	var ids system.IDs
	last := ""
	for range 10_000 {
		id := ids.New()
		if !domain.IsUUID(id) || id != strings.ToLower(id) || id[14] != '7' || !strings.Contains("89ab", id[19:20]) {
			t.Fatalf("New = %q, want a UUIDv7 in lower case", id)
		}
		if id <= last {
			t.Fatalf("New = %q after %q, want one that sorts later", id, last)
		}
		last = id
	}
}

func TestIDsMadeAtOnceDiffer(t *testing.T) {
	t.Parallel()
	var ids system.IDs
	made := make([][]string, 8)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			for range 1_000 {
				made[i] = append(made[i], ids.New())
			}
		})
	}
	all.Wait()
	sorted := slices.Sorted(slices.Values(slices.Concat(made...)))
	if distinct := len(slices.Compact(sorted)); distinct != 8_000 {
		t.Errorf("of 8000 ids, %d are distinct", distinct)
	}
	for _, own := range made {
		if !slices.IsSorted(own) {
			t.Error("ids made one after the other are not in order")
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	var tokens system.Tokens
	seen := map[domain.Token]bool{}
	var ones [256]int
	const n = 4_000
	for range n {
		token := tokens.New()
		secret, err := base64.RawURLEncoding.DecodeString(string(token))
		if err != nil || len(secret) != 32 || len(token) != 43 {
			t.Fatalf("New = %d bytes in %d characters, %v; want 32 in 43", len(secret), len(token), err)
		}
		if seen[token] {
			t.Fatal("New returned the same token twice")
		}
		seen[token] = true
		for bit := range ones {
			ones[bit] += int(secret[bit/8] >> (bit % 8) & 1)
		}
	}
	for bit, count := range ones {
		// Ten standard deviations: chance does not get there.
		if count < n/2-320 || count > n/2+320 {
			t.Errorf("bit %d is set in %d of %d tokens: it is not random", bit, count, n)
		}
	}
}
