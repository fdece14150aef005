package domain_test

import (
	"net/mail"
	"strings"
	"testing"

	"rowhouse/core/domain"
)

// longHost is 189 bytes of a domain whose labels are as long as they can be.
var longHost = strings.Repeat("x", 63) + "." + strings.Repeat("y", 63) + "." + strings.Repeat("z", 61)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, typed, want string }{
		{"a plain address stays as it is", "ada@example.com", "ada@example.com"},
		{"capitals become lower case", "Ada.Lovelace@Example.COM", "ada.lovelace@example.com"},
		{"what follows a plus makes another address", "ada+rowhouse@example.com", "ada+rowhouse@example.com"},
		{"dots make another address", "a.d.a@example.com", "a.d.a@example.com"},
		{"space and line ends around it are dropped", " \t ada@example.com\r\n", "ada@example.com"},
		{"all that RFC 5322 lets stand in an atom is accepted", "o'brien!#$%&*+-/=?^_`{|}~@example.com", "o'brien!#$%&*+-/=?^_`{|}~@example.com"},
		{"a single character is enough before the at sign", "a@example.com", "a@example.com"},
		{"an international domain becomes ASCII", "ada@müller.example", "ada@xn--mller-kva.example"},
		{"an international domain in capitals becomes the same ASCII", "ada@MÜLLER.example", "ada@xn--mller-kva.example"},
		{"a decomposed domain becomes the same ASCII", "ada@mu\u0308ller.example", "ada@xn--mller-kva.example"},
		{"an ASCII form stays as it is", "ada@xn--mller-kva.example", "ada@xn--mller-kva.example"},
		{"sharp s is a letter of its own", "ada@faß.example", "ada@xn--fa-hia.example"},
		{"an ideographic full stop separates labels", "ada@example。com", "ada@example.com"},
		{"fullwidth letters of a domain are the plain ones", "ada@ｅｘａｍｐｌｅ.com", "ada@example.com"},
		{"the KELVIN SIGN of a domain is a k", "ada@\u212aelvin.example", "ada@kelvin.example"},
		{"a label can have 63 characters", "a@" + strings.Repeat("x", 63) + ".com", "a@" + strings.Repeat("x", 63) + ".com"},
		{"an address can have 254 bytes", strings.Repeat("a", 64) + "@" + longHost, strings.Repeat("a", 64) + "@" + longHost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := domain.ParseEmail("email", tt.typed); got != domain.Email(tt.want) || err != nil {
				t.Errorf("ParseEmail(%q) = %q, %v; want %q", tt.typed, string(got), err, tt.want)
			}
		})
	}
}

func TestParseEmailRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, typed string }{
		{"nothing", ""},
		{"only space", "  \t\n"},
		{"no at sign", "ada.example.com"},
		{"nothing before the at sign", "@example.com"},
		{"nothing after the at sign", "ada@"},
		{"only an at sign", "@"},
		{"two at signs", "ada@lovelace@example.com"},
		{"a KELVIN SIGN before the at sign", "mi\u212ae@example.com"},
		{"a long s before the at sign", "jone\u017f@example.com"},
		{"a Cyrillic а before the at sign", "\u0430da@example.com"},
		{"fullwidth letters before the at sign", "ａｄａ@example.com"},
		{"an umlaut before the at sign", "jürgen@example.com"},
		{"a zero width space before the at sign", "a\u200bda@example.com"},
		{"a domain without a dot", "ada@localhost"},
		{"a domain that begins with a dot", "ada@.example.com"},
		{"a domain that ends with a dot", "ada@example.com."},
		{"an empty label", "ada@example..com"},
		{"only dots for a domain", "ada@.."},
		{"a label that begins with a hyphen", "ada@-example.com"},
		{"a label that ends with a hyphen", "ada@example-.com"},
		{"an underscore in the domain", "ada@ex_ample.com"},
		{"a per cent sign in the domain", "ada@ex%41mple.com"},
		{"a zero width joiner in the domain", "ada@ex\u200dample.com"},
		{"a direction override in the domain", "ada@ex\u202eample.com"},
		{"an ASCII form that decodes to nothing", "ada@xn--zzzz.example"},
		{"an address of the network", "ada@[192.0.2.1]"},
		{"a port", "ada@example.com:25"},
		{"a label of 64 characters", "a@" + strings.Repeat("x", 64) + ".com"},
		{"a label that is longer than 63 characters in ASCII", "a@" + strings.Repeat("ü", 60) + ".example"},
		{"255 bytes", strings.Repeat("a", 65) + "@" + longHost},
		{"more than 254 bytes once the domain is in ASCII", strings.Repeat("a", 30) + "@" + strings.Repeat("xxxxxxxü.", 14) + "org"},
		{"a domain of more than 253 bytes once it is in ASCII", "a@" + strings.Repeat("xxxxxxxü.", 19) + "org"},
		{"255 bytes as it was typed", "a@" + strings.Repeat("ｘ", 42) + "." + strings.Repeat("ｘ", 42)},
		{"a quoted local part", `"ada"@example.com`},
		{"a quote", `a"da@example.com`},
		{"a backslash", `a\da@example.com`},
		{"a comment", "ada(lovelace)@example.com"},
		{"a display name", "Ada <ada@example.com>"},
		{"angle brackets", "<ada@example.com>"},
		{"a space before the at sign", "ada lovelace@example.com"},
		{"a space around the at sign", "ada @ example.com"},
		{"a space in the domain", "ada@exam ple.com"},
		{"two addresses with a comma", "ada@example.com,eve@example.com"},
		{"two addresses with a semicolon", "ada@example.com;eve@example.com"},
		{"two addresses with a space", "ada@example.com eve@example.com"},
		{"a header after the address", "ada@example.com\r\nBcc: eve@example.com"},
		{"a header before the at sign", "ada\r\nBcc:eve@example.com"},
		{"a line feed before the at sign", "ada\n@example.com"},
		{"a tab before the at sign", "a\tda@example.com"},
		{"a zero byte before the at sign", "a\x00da@example.com"},
		{"a zero byte in the domain", "ada@exam\x00ple.com"},
		{"a delete character", "ada\x7f@example.com"},
		{"invalid UTF-8 before the at sign", "ad\xff@example.com"},
		{"invalid UTF-8 in the domain", "ada@ex\xffample.com"},
		{"a REPLACEMENT CHARACTER in the domain", "ada@ex\ufffdample.com"},
		{"a dot first", ".ada@example.com"},
		{"a dot last before the at sign", "ada.@example.com"},
		{"two dots in a row", "ada..lovelace@example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := domain.ParseEmail("billing_email", tt.typed)
			wantField(t, "ParseEmail", err, "billing_email", "invalid_email")
			if got != "" {
				t.Errorf("ParseEmail = %q beside the error, want nothing", string(got))
			}
		})
	}
}

func TestEmailMasked(t *testing.T) {
	t.Parallel()
	for email, want := range map[domain.Email]string{
		"ada@example.com":         "a***@example.com",
		"a@example.com":           "a***@example.com",
		"ada+tag@xn--bya.example": "a***@xn--bya.example",
		"":                        "***",
		"@example.com":            "***",
		"nonsense":                "***",
	} {
		if got := email.Masked(); got != want {
			t.Errorf("Email(%q).Masked = %q, want %q", string(email), got, want)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", " Ada+x@EXAMPLE.com ", "mi\u212ae@example.com", "ada@müller.example", "a@b", "a@b.", "@", "\"a\"@b.c",
		"a@[::1]", "a@b.c\r\nBcc: d@e.f", "a@xn--zzzz.example", "a@b。c", "a,b@c.d", "a@\u202eb.c", "\xff@\xfe", "a@a.a\u3002", "a@1.2.3.4",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		email, err := domain.ParseEmail("email", typed)
		if err != nil {
			wantField(t, "ParseEmail", err, "email", "invalid_email")
			return
		}
		text := string(email)
		if again, err := domain.ParseEmail("email", text); again != email || err != nil {
			t.Errorf("ParseEmail(%q) = %q, %v; want the normal form to stay as it is", text, string(again), err)
		}
		if len(text) > domain.MaxEmailLength || strings.Count(text, "@") != 1 || strings.ToLower(text) != text {
			t.Errorf("ParseEmail(%q) = %q, which is not in normal form", typed, text)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' || r == '<' || r == '"' }) {
			t.Errorf("ParseEmail(%q) = %q, which has characters that could end a header", typed, text)
		}
		if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
			t.Errorf("ParseEmail(%q) = %q, which nobody could send mail to: %v", typed, text, err)
		}
	})
}
