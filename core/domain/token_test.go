package domain_test

import (
	"encoding/hex"
	"testing"
	"time"

	"rowhouse/core/domain"
)

func TestAuthTokenLive(t *testing.T) {
	t.Parallel()
	for purpose, lifetime := range map[domain.TokenPurpose]time.Duration{
		domain.TokenVerifyEmail:   24 * time.Hour,
		domain.TokenChangeEmail:   24 * time.Hour,
		domain.TokenRevertEmail:   72 * time.Hour,
		domain.TokenResetPassword: 30 * time.Minute,
	} {
		t.Run(string(purpose), func(t *testing.T) {
			t.Parallel()
			if got := purpose.Lifetime(); got != lifetime {
				t.Errorf("Lifetime = %v, want %v", got, lifetime)
			}
			token := domain.AuthToken{Purpose: purpose, CreatedAt: noon}
			for _, after := range []time.Duration{0, lifetime - time.Microsecond} {
				if !token.Live(noon.Add(after)) {
					t.Errorf("Live after %v = false, want true", after)
				}
			}
			for _, after := range []time.Duration{lifetime, lifetime + time.Microsecond} {
				if token.Live(noon.Add(after)) {
					t.Errorf("Live after %v = true, want false", after)
				}
			}
		})
	}
}

func TestTokenHash(t *testing.T) {
	t.Parallel()
	// The SHA-256 of "abc" (FIPS 180-2, appendix B.1).
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	hash := domain.Token("abc").Hash()
	if got := hex.EncodeToString(hash[:]); got != want {
		t.Errorf("Hash = %s, want %s", got, want)
	}
	if domain.Token("abc").Hash() == domain.Token("abd").Hash() {
		t.Error("two tokens have one hash")
	}
}
