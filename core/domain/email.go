package domain

import (
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// MaxEmailLength is the longest address in bytes (RFC 5321, section 4.5.3.1).
const MaxEmailLength = 254

// maxLocalPart is the longest part before the @ in bytes (RFC 5321, section
// 4.5.3.1).
const maxLocalPart = 64

// Email is an address in its one normal form: ASCII, lower case, the domain in
// its IDNA form. Equal mailboxes have equal values, and it is what mail is
// sent to.
type Email string

// ParseEmail normalises an address that somebody typed. Local parts outside of
// ASCII are refused: some of their letters fold to ASCII ones (KELVIN SIGN to
// k), which would let a stranger register somebody else's address. field is
// the JSON name of where it was typed.
func ParseEmail(field, s string) (Email, error) {
	s = strings.TrimSpace(s)
	bad := Invalid(field, "invalid_email", "Enter an e-mail address like name@example.com.")
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > MaxEmailLength || !utf8.ValidString(s) {
		return "", bad
	}
	local, host := s[:at], s[at+1:]
	if len(local) > maxLocalPart {
		return "", bad
	}
	for i := range len(local) {
		if c := local[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),:;<>@[\]`, c) >= 0 {
			return "", bad
		}
	}
	host, err := idna.Lookup.ToASCII(host)
	if err != nil || !strings.Contains(host, ".") || len(host) > 253 || slices.ContainsFunc(strings.Split(host, "."), tooLongLabel) {
		return "", bad
	}
	normal := strings.ToLower(local) + "@" + host
	if a, err := mail.ParseAddress(normal); err != nil || a.Address != normal || len(normal) > MaxEmailLength {
		return "", bad
	}
	return Email(normal), nil
}

// tooLongLabel reports whether no domain can have the label (RFC 1035, section
// 2.3.4).
func tooLongLabel(label string) bool { return len(label) > 63 }

// Masked hides most of the local part: "a***@example.com".
func (e Email) Masked() string {
	at := strings.LastIndexByte(string(e), '@')
	if at < 1 {
		return "***"
	}
	return string(e[:1]) + "***" + string(e[at:])
}
