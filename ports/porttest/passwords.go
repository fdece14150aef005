package porttest

import (
	"strings"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestPasswords checks that a ports.Passwords does what its documentation
// says. It calls open once per subtest. What it does when it is busy is for
// the adapter's own tests, since the limits are its own.
func TestPasswords(t *testing.T, open func(*testing.T) ports.Passwords) {
	tests := []struct {
		name string
		test func(*testing.T, ports.Passwords)
	}{
		{"a password matches its own hash and no other", testPasswordMatches},
		{"a hash is salted", testPasswordSalt},
		{"every character counts", testPasswordCharacters},
		{"an empty hash never matches", testPasswordEmptyHash},
		{"what is no hash is an error, never a match", testPasswordNoHash},
		{"a hash tells nothing of the password", testPasswordSecrecy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, open(t))
		})
	}
}

func testPasswordMatches(t *testing.T, p ports.Passwords) {
	hashes := map[string]domain.PasswordHash{}
	for _, password := range []string{"correct horse", "battery staple"} {
		hashes[password] = hashPassword(t, p, password)
	}
	for made, hash := range hashes {
		for tried := range hashes {
			match, outdated, err := p.Verify(t.Context(), tried, hash)
			if err != nil || match != (tried == made) || outdated {
				t.Errorf("Verify %q with the hash of %q = %v, %v, %v; want %v, false, nil",
					tried, made, match, outdated, err, tried == made)
			}
		}
	}
}

func testPasswordSalt(t *testing.T, p ports.Passwords) {
	if a, b := hashPassword(t, p, "correct horse"), hashPassword(t, p, "correct horse"); a == b {
		t.Error("Hash returned the same hash twice: it has no salt")
	}
}

// testPasswordCharacters catches hashes that cut a password off, stop at a zero
// byte, or take different characters for the same.
func testPasswordCharacters(t *testing.T, p ports.Passwords) {
	long := strings.Repeat("ж", domain.MaxPasswordLength-1)
	pairs := []struct{ name, a, b string }{
		{"in the last of many characters", long + "а", long + "б"},
		{"after a zero byte", "correct\x00horse", "correct\x00house"},
		{"in case", "correct horse", "Correct horse"},
		{"in a space at the end", "correct horse", "correct horse "},
	}
	for _, tt := range pairs {
		match, _, err := p.Verify(t.Context(), tt.b, hashPassword(t, p, tt.a))
		if err != nil || match {
			t.Errorf("Verify a password that differs %s = %v, %v; want false, nil", tt.name, match, err)
		}
		match, _, err = p.Verify(t.Context(), tt.a, hashPassword(t, p, tt.a))
		if err != nil || !match {
			t.Errorf("Verify %q with its own hash = %v, %v; want true, nil", tt.a, match, err)
		}
	}
}

func testPasswordEmptyHash(t *testing.T, p ports.Passwords) {
	for _, password := range []string{"", "correct horse", strings.Repeat("\x00", 32)} {
		match, outdated, err := p.Verify(t.Context(), password, "")
		if match || outdated || err != nil {
			t.Errorf("Verify %q without a hash = %v, %v, %v; want false, false, nil", password, match, outdated, err)
		}
	}
}

func testPasswordNoHash(t *testing.T, p ports.Passwords) {
	for _, hash := range []domain.PasswordHash{"correct horse", "$", " ", "$argon2id$"} {
		match, _, err := p.Verify(t.Context(), "correct horse", hash)
		if match || err == nil {
			t.Errorf("Verify with the hash %q = %v, %v; want false and an error", string(hash), match, err)
		}
	}
}

func testPasswordSecrecy(t *testing.T, p ports.Passwords) {
	if hash := hashPassword(t, p, "correct horse"); strings.Contains(string(hash), "correct") || hash == "" {
		t.Errorf("Hash = %q, want something unlike the password", string(hash))
	}
}

func hashPassword(t *testing.T, p ports.Passwords, password string) domain.PasswordHash {
	t.Helper()
	hash, err := p.Hash(t.Context(), password)
	if err != nil {
		t.Fatalf("Hash = %v", err)
	}
	return hash
}
