package porttest

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// manyMade is how many ids or tokens are looked at.
const manyMade = 10_000

// TestClock checks that a ports.Clock does what its documentation says.
func TestClock(t *testing.T, open func(*testing.T) ports.Clock) {
	t.Helper()
	t.Run("the time is in UTC, in whole microseconds, and nothing else", func(t *testing.T) {
		t.Parallel()
		clock := open(t)
		for range 1000 {
			now := clock.Now()
			if now.IsZero() || now.Location() != time.UTC || now.Nanosecond()%int(time.Microsecond) != 0 {
				t.Fatalf("Now = %v, want UTC in whole microseconds", now)
			}
			// As it comes back from a database; a monotonic reading would not.
			if stored := time.UnixMicro(now.UnixMicro()).UTC(); now != stored {
				t.Fatalf("Now = %#v, want what can be stored: %#v", now, stored)
			}
		}
	})
}

// TestIDs checks that a ports.IDs does what its documentation says.
func TestIDs(t *testing.T, open func(*testing.T) ports.IDs) {
	t.Helper()
	t.Run("an id is a UUIDv7 in canonical form", func(t *testing.T) {
		t.Parallel()
		ids := open(t)
		for range manyMade {
			id := ids.New()
			if !domain.IsUUID(id) || id != strings.ToLower(id) || id[14] != '7' || strings.IndexByte("89ab", id[19]) < 0 {
				t.Fatalf("New = %q, want a UUIDv7 in canonical form", id)
			}
		}
	})
	t.Run("ids made later sort later", func(t *testing.T) {
		t.Parallel()
		ids := open(t)
		before := ids.New()
		for range manyMade {
			id := ids.New()
			if id <= before {
				t.Fatalf("New = %q after %q, want it to sort later", id, before)
			}
			before = id
		}
	})
	t.Run("ids made at once differ", func(t *testing.T) {
		t.Parallel()
		ids := open(t)
		wantDistinct(t, ids.New)
	})
}

// TestTokens checks that a ports.Tokens does what its documentation says, as
// far as one can see from outside: that a token cannot be guessed is not.
func TestTokens(t *testing.T, open func(*testing.T) ports.Tokens) {
	t.Helper()
	t.Run("a token is 43 characters that are safe in addresses", func(t *testing.T) {
		t.Parallel()
		tokens := open(t)
		for range manyMade {
			token := string(tokens.New())
			bits, err := base64.RawURLEncoding.Strict().DecodeString(token)
			if len(token) != 43 || err != nil || len(bits) != 32 {
				t.Fatalf("New = %q, want 256 bits as 43 characters", token)
			}
		}
	})
	t.Run("every bit of a token changes", testTokenBits(open))
	t.Run("tokens made at once differ", func(t *testing.T) {
		t.Parallel()
		tokens := open(t)
		wantDistinct(t, func() string { return string(tokens.New()) })
	})
}

// testTokenBits catches what is shorter than it looks: of a thousand tokens,
// each bit is set in about half. The bounds are over six standard deviations
// away, so that chance does not fail the test.
func testTokenBits(open func(*testing.T) ports.Tokens) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		const made = 1000
		tokens := open(t)
		var set [256]int
		for range made {
			bits, err := base64.RawURLEncoding.DecodeString(string(tokens.New()))
			if err != nil || len(bits) != 32 {
				t.Fatalf("New = %d bytes, %v; want 32", len(bits), err)
			}
			for i := range set {
				set[i] += int(bits[i/8] >> (i % 8) & 1)
			}
		}
		for i, n := range set {
			if n < made*4/10 || n > made*6/10 {
				t.Errorf("bit %d is set in %d of %d tokens, want about half", i, n, made)
			}
		}
	}
}

// wantDistinct checks that what many make at once is all different.
func wantDistinct(t *testing.T, next func() string) {
	t.Helper()
	made := madeAtOnce(next)
	seen := map[string]bool{}
	for _, s := range made {
		if seen[s] {
			t.Fatalf("%q was made twice", s)
		}
		seen[s] = true
	}
}

func madeAtOnce(next func() string) []string {
	const each = manyMade / workers
	made := make([]string, workers*each)
	atOnce(workers, func(i int) error {
		for j := range each {
			made[i*each+j] = next()
		}
		return nil
	})
	return made
}
