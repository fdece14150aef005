package domain_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"rowhouse/core/domain"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()

	context := []string{"Ada Lovelace", "ada", "lovelace", "lovelace@example.com"}
	tests := []struct {
		name     string
		password string
		want     string // the code, "" for a password that is accepted
	}{
		{"eleven characters are too few", "tr0ub4dor&3", "too_short"},
		{"twelve characters are enough", "tr0ub4dor&3x", ""},
		{"no characters are too few", "", "too_short"},
		{"128 characters are accepted", words(128), ""},
		{"129 characters are too many", words(129), "too_long"},
		{"characters count, not bytes: eleven are too few", "äöüßéèêçñøå", "too_short"},
		{"characters count, not bytes: twelve are enough", "äöüßéèêçñøåł", ""},
		{"characters count, not bytes: 128 are accepted", strings.Repeat("ж", 127) + "б", ""},
		{"characters count, not bytes: 129 are too many", strings.Repeat("ж", 128) + "б", "too_long"},
		{"spaces count", "a b c d e fg", ""},
		{"emoji are characters", "🦊🐙🦀🐝🐢🦉🐳🦔🐌🦚🐘🐿", ""},
		{"any kind of character will do", "only lower case words", ""},

		{"a common password is refused", "administrator", "too_common"},
		{"a common password is refused in any case", "PassWordPassWord", "too_common"},
		{"a common password with the year is refused", "Password2026!", "too_common"},
		{"the name of the product is refused", "Rowhouse2026", "too_common"},
		{"a common password with more after it is accepted", "administrator of the row", ""},

		{"one character repeated is refused", "zzzzzzzzzzzz", "too_common"},
		{"one character of several bytes repeated is refused", strings.Repeat("ß", 12), "too_common"},
		{"a repeated part is refused", "x7Qx7Qx7Qx7Q", "too_common"},
		{"a repeated part that breaks off is refused", "x7Qpx7Qpx7Qpx7", "too_common"},
		{"digits upwards are refused", "345678901234", "too_common"},
		{"digits downwards are refused", "432109876543", "too_common"},
		{"letters upwards are refused", "ghijklmnopqr", "too_common"},
		{"letters downwards are refused", "zyxwvutsrqpo", "too_common"},
		{"a sequence that breaks off is accepted", "ghijklmnop!r", ""},

		{"the own name and little more is refused", "ada lovelace!!", "too_common"},
		{"the own address is refused", "LOVELACE@example.com", "too_common"},
		{"the own name with the year is refused", "Lovelace2026", "too_common"},
		{"the own name twice is refused", "lovelaceLovelace", "too_common"},
		{"the own name within something longer is accepted", "lovelace likes rows", ""},
		{"a short own name does not count", "adaXadaYadaZada!", ""},

		{"a zero byte is refused", "tr0ub4dor&3\x00xyz", "invalid_text"},
		{"invalid UTF-8 is refused", "tr0ub4dor&3\xffxyz", "invalid_text"},
		{"invalid UTF-8 is refused before the length", "\xff", "invalid_text"},
		{"half a surrogate pair is refused", "tr0ub4dor&3\xed\xa0\x80", "invalid_text"},
		{"other control characters are accepted", "tr0ub4dor\t&3x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := domain.CheckPassword("new_password", tt.password, context...)
			if tt.want == "" {
				if err != nil {
					t.Fatalf("CheckPassword = %v, want nil", err)
				}
				return
			}
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || len(e.Fields) != 1 {
				t.Fatalf("CheckPassword = %v, want an error about one field", err)
			}
			if f := e.Fields[0]; f.Code != tt.want || f.Field != "new_password" {
				t.Errorf("CheckPassword = %s of %s, want %s of new_password", f.Code, f.Field, tt.want)
			}
		})
	}
}

func TestCheckPasswordIgnoresEmptyContext(t *testing.T) {
	t.Parallel()
	if err := domain.CheckPassword("password", "tr0ub4dor&3x", "", " "); err != nil {
		t.Errorf("CheckPassword = %v, want nil", err)
	}
}

// CheckPassword searches the list in halves and in lower case, so that an
// entry out of order or in capitals would never be found.
func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("common_passwords.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutSuffix(string(file), "\n")
	if !ok {
		t.Error("the last line does not end")
	}
	list := strings.Split(text, "\n")
	if len(list) < 10_000 {
		t.Errorf("%d passwords, want at least 10000", len(list))
	}
	for i, p := range list {
		if i > 0 && list[i-1] >= p {
			t.Errorf("line %d: %q does not sort after %q", i+1, p, list[i-1])
		}
		if n := utf8.RuneCountInString(p); n < domain.MinPasswordLength || n > domain.MaxPasswordLength {
			t.Errorf("line %d: %q has %d characters: other rules refuse it already", i+1, p, n)
		}
		if p != strings.ToLower(p) {
			t.Errorf("line %d: %q is not in lower case", i+1, p)
		}
		if strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("line %d: %q is not printable ASCII", i+1, p)
		}
		if domain.CheckPassword("password", p) == nil {
			t.Errorf("line %d: %q is accepted", i+1, p)
		}
	}
}

// words returns n characters that are no repetition.
func words(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteByte(byte('!' + i*i%89))
	}
	return b.String()
}
