package porttest

import (
	"strings"
	"testing"
	"unicode"

	"rowhouse/ports"
)

// TestTransliterator checks that a ports.Transliterator does what its
// documentation says. open is called once per subtest.
func TestTransliterator(t *testing.T, open func(*testing.T) ports.Transliterator) {
	tests := []struct {
		name string
		text string
		// The words of the result in lower case, without what lies between:
		// adapters may differ in the rest. "?" leaves them to the adapter.
		want string
	}{
		{"ASCII stays as it is", "Ada's 2nd row-house!", "ada s 2nd row house"},
		{"nothing stays nothing", "", ""},
		{"accents are dropped", "Žofie Núñez", "zofie nunez"},
		{"combining accents are dropped", "Zoe\u0308", "zoe"},
		{"ligatures are taken apart", "Straße", "strasse"},
		{"Cyrillic is read out", "Москва", "moskva"},
		{"Greek is read out", "Αθήνα", "athena"},
		{"Chinese is read out", "北京", "bei jing"},
		{"emoji become nothing", "🦊", ""},
		{"what is no text becomes nothing", "a\xffb", "ab"},
		{"every script ends in ASCII", "עברית हिन्दी ไทย 한국어 ქართული \u202e\u200d\U0010ffff", "?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := open(t).ASCII(tt.text)
			if strings.ContainsFunc(got, func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Errorf("ASCII(%q) = %q, want nothing but ASCII", tt.text, got)
			}
			if words := asciiWords(got); tt.want != "?" && words != tt.want {
				t.Errorf("ASCII(%q) = %q, whose words are %q, want %q", tt.text, got, words, tt.want)
			}
		})
	}
	t.Run("plain text comes back unchanged", func(t *testing.T) {
		t.Parallel()
		const text = "The quick brown fox (number 7) jumps: 100% \"lazy\"\ndogs~"
		if got := open(t).ASCII(text); got != text {
			t.Errorf("ASCII(%q) = %q, want the same", text, got)
		}
	})
}

// asciiWords returns the words of an ASCII text in lower case.
func asciiWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), " ")
}
