package domain

import (
	_ "embed"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"
)

// The length of a password in characters.
const (
	MinPasswordLength = 12
	MaxPasswordLength = 128
)

// PasswordHash is a password as it is stored: an argon2id hash in PHC string
// form. It is empty for a user who has none.
type PasswordHash string

// String keeps hashes out of logs.
func (PasswordHash) String() string { return redacted }

// GoString keeps hashes out of logs.
func (PasswordHash) GoString() string { return redacted }

// LogValue keeps hashes out of logs.
func (PasswordHash) LogValue() slog.Value { return slog.StringValue(redacted) }

// commonPasswords holds, sorted and one on a line, those of the most common
// passwords that are long enough to pass the length rule.
//
//go:embed common_passwords.txt
var commonPasswords string

var commonPasswordList = strings.Fields(commonPasswords)

// CheckPassword checks a password that somebody chooses: 12 to 128 characters
// of any kind, not one of the common ones, not a plain repetition or sequence,
// and not made of the context words (the user's own name and address). field
// is its JSON name.
func CheckPassword(field, password string, context ...string) error {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return Invalid(field, "invalid_text", "This is not valid text.")
	case n < MinPasswordLength:
		return Invalid(field, "too_short", "Use at least 12 characters. A few random words are easy to remember.")
	case n > MaxPasswordLength:
		return Invalid(field, "too_long", "Use at most 128 characters.")
	}
	lower := strings.ToLower(password)
	if _, found := slices.BinarySearch(commonPasswordList, lower); found || monotonous(lower) {
		return Invalid(field, "too_common", "This password is too easy to guess. Choose another.")
	}
	if builtFrom(lower, context) {
		return Invalid(field, "too_common", "Do not build the password from your own name or address.")
	}
	return nil
}

// A password is built from a word if little is left without it.
const (
	minContextWord = 4
	minBeside      = 6
)

func builtFrom(password string, context []string) bool {
	rest := password
	longestFirst := func(a, b string) int { return len(b) - len(a) }
	for _, word := range slices.SortedFunc(slices.Values(context), longestFirst) {
		if len(word) >= minContextWord {
			rest = strings.ReplaceAll(rest, strings.ToLower(word), "")
		}
	}
	return rest != password && len(rest) < minBeside
}

// monotonous reports whether s repeats a part of at most a third of itself,
// or only ever steps by one: "abcabcabcabc", "123456789012".
func monotonous(s string) bool {
	for size := 1; size <= len(s)/3; size++ {
		if strings.HasPrefix(s[size:], s[:len(s)-size]) {
			return true
		}
	}
	up, down := true, true
	for i := 1; i < len(s); i++ {
		step := int(s[i]) - int(s[i-1])
		up = up && (step == 1 || s[i-1] == '9' && s[i] == '0')
		down = down && (step == -1 || s[i-1] == '0' && s[i] == '9')
	}
	return up || down
}
