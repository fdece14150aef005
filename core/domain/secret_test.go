package domain_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"rowhouse/core/domain"
)

const secret = "correcthorse"

func TestSecretsStayOutOfLogs(t *testing.T) {
	t.Parallel()
	user := domain.User{ID: "u1", PasswordHash: secret}
	tests := []struct {
		name   string
		secret any
	}{
		{"a key", domain.SecretKey(secret)},
		{"a token", domain.Token(secret)},
		{"a password hash", domain.PasswordHash(secret)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
				wantRedacted(t, verb, fmt.Sprintf(verb, tt.secret))
			}
			wantRedacted(t, "%+v of a struct", fmt.Sprintf("%+v", struct{ Secret any }{tt.secret}))
			var log bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
				log.Reset()
				slog.New(handler).Info("message", "secret", tt.secret)
				wantRedacted(t, fmt.Sprintf("%T", handler), log.String())
				log.Reset()
				slog.New(handler).Info("message", slog.Group("group", slog.Any("secret", tt.secret)))
				wantRedacted(t, fmt.Sprintf("%T with a group", handler), log.String())
			}
		})
	}
	t.Run("the password hash of a user", func(t *testing.T) {
		t.Parallel()
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			wantRedacted(t, verb, fmt.Sprintf(verb, user))
		}
	})
}

// wantRedacted checks that a text says that there is a secret, and not which:
// not in plain text, in hex, in base64, nor as a list of numbers.
func wantRedacted(t *testing.T, how, got string) {
	t.Helper()
	hexRedacted := strings.Contains(got, fmt.Sprintf("%x", "[redacted]"))
	if !strings.Contains(got, "[redacted]") && !hexRedacted {
		t.Errorf("%s writes %q, want it to say [redacted]", how, got)
	}
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]"), "Y29ycmVjdGhvcnNl"} {
		if strings.Contains(got, form) {
			t.Errorf("%s writes %q, which gives the secret away", how, got)
		}
	}
}

func TestMAC(t *testing.T) {
	t.Parallel()
	key := domain.SecretKey("0123456789abcdef0123456789abcdef")
	type call struct {
		key     domain.SecretKey
		purpose string
		parts   []string
	}
	of := call{key, "cursor", []string{"ab", "c"}}
	mac := of.key.MAC(of.purpose, of.parts...)

	t.Run("the same parts have the same MAC", func(t *testing.T) {
		t.Parallel()
		if again := of.key.MAC(of.purpose, of.parts...); !bytes.Equal(again, mac) {
			t.Errorf("MAC = %x, then %x", mac, again)
		}
		if !of.key.Verify(mac, of.purpose, of.parts...) {
			t.Error("Verify = false, want true")
		}
		if len(mac) != 32 {
			t.Errorf("the MAC has %d bytes, want 32", len(mac))
		}
	})
	others := []struct {
		name string
		call call
	}{
		{"another key", call{domain.SecretKey("0123456789abcdef0123456789abcdeF"), "cursor", []string{"ab", "c"}}},
		{"another purpose", call{key, "csrf", []string{"ab", "c"}}},
		{"another part", call{key, "cursor", []string{"ab", "d"}}},
		{"another order", call{key, "cursor", []string{"c", "ab"}}},
		{"the same letters split elsewhere", call{key, "cursor", []string{"a", "bc"}}},
		{"the same letters in one part", call{key, "cursor", []string{"abc"}}},
		{"an empty part more at the end", call{key, "cursor", []string{"ab", "c", ""}}},
		{"an empty part more at the start", call{key, "cursor", []string{"", "ab", "c"}}},
		{"a part less", call{key, "cursor", []string{"ab"}}},
		{"the purpose as a part", call{key, "", []string{"cursor", "ab", "c"}}},
		{"the first part in the purpose", call{key, "cursorab", []string{"c"}}},
		{"the length of the next part in a part", call{key, "cursor", []string{"ab\x00\x00\x00\x00\x00\x00\x00\x01c"}}},
	}
	for _, tt := range others {
		t.Run(tt.name+" has another MAC", func(t *testing.T) {
			t.Parallel()
			if tt.call.key.Verify(mac, tt.call.purpose, tt.call.parts...) {
				t.Error("Verify = true, want false")
			}
		})
	}
	for name, forged := range map[string][]byte{"no MAC": nil, "a short one": mac[:31], "a longer one": append(bytes.Clone(mac), 0)} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			if of.key.Verify(forged, of.purpose, of.parts...) {
				t.Error("Verify = true, want false")
			}
		})
	}
}
