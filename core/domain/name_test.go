package domain_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rowhouse/core/domain"
)

func TestParseName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, typed, want string }{
		{"a plain name stays as it is", "Acme Rockets", "Acme Rockets"},
		{"space around it is dropped", " \t\u00a0\u3000Acme\u2003\n", "Acme"},
		{"space in it stays", "Acme  Rockets", "Acme  Rockets"},
		{"a single letter is enough", "A", "A"},
		{"64 characters are accepted", strings.Repeat("a", 64), strings.Repeat("a", 64)},
		{"characters count, not bytes", strings.Repeat("ж", 64), strings.Repeat("ж", 64)},
		{"characters count after composition", strings.Repeat("a\u0308", 64), strings.Repeat("ä", 64)},
		{"accents that do not compose are no characters", strings.Repeat("q\u0308", 64), strings.Repeat("q\u0308", 64)},
		{"space around it does not count", " " + strings.Repeat("a", 64) + " ", strings.Repeat("a", 64)},
		{"letters and accents are composed", "Mu\u0308ller", "Müller"},
		{"the ANGSTROM SIGN is an Å", "\u212bngstr\u00f6m", "Ångström"},
		{"Hangul is composed", "\u1112\u1161\u11ab", "한"},
		{"two accents on one letter are accepted", "Vie\u0323\u0302t", "Việt"},
		{"two accents that do not compose are accepted", "x\u0302\u0323", "x\u0323\u0302"},
		{"right-to-left script is accepted", "שלום עולם", "שלום עולם"},
		{"Arabic with a vowel sign is accepted", "مُحَمَّد", norm.NFC.String("مُحَمَّد")},
		{"Devanagari is accepted", "हिन्दी", "हिन्दी"},
		{"Thai is accepted", "ภาษาไทย", "ภาษาไทย"},
		{"Chinese is accepted", "北京", "北京"},
		{"emoji are accepted", "Rockets 🚀🇩🇪👍🏽", "Rockets 🚀🇩🇪👍🏽"},
		{"an emoji in its coloured form is accepted", "We ❤\ufe0f rows", "We ❤\ufe0f rows"},
		{"markup is only text", `<b>"Acme" & 'Sons'</b>`, `<b>"Acme" & 'Sons'</b>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := domain.ParseName("name", tt.typed); got != tt.want || err != nil {
				t.Errorf("ParseName(%+q) = %+q, %v; want %+q", tt.typed, got, err, tt.want)
			}
		})
	}
}

func TestParseNameRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, typed, code string }{
		{"nothing", "", "required"},
		{"only spaces", " \t \u00a0\u2003\u3000 ", "required"},
		{"only line ends", "\r\n\n", "required"},
		{"65 characters", strings.Repeat("a", 65), "too_long"},
		{"65 characters of several bytes", strings.Repeat("ж", 65), "too_long"},
		{"65 characters with accents that do not compose", strings.Repeat("q\u0308", 65), "too_long"},
		{"a line feed", "Acme\nRockets", "invalid_characters"},
		{"a line end of Windows", "Acme\r\nRockets", "invalid_characters"},
		{"a tab", "Acme\tRockets", "invalid_characters"},
		{"a zero byte", "Acme\x00", "invalid_characters"},
		{"an escape character", "Acme\x1b[31m", "invalid_characters"},
		{"a delete character", "Acme\x7f", "invalid_characters"},
		{"a control character of Latin-1", "Ac\u0085me", "invalid_characters"},
		{"a LINE SEPARATOR", "Acme\u2028Rockets", "invalid_characters"},
		{"a PARAGRAPH SEPARATOR", "Acme\u2029Rockets", "invalid_characters"},
		{"a RIGHT-TO-LEFT OVERRIDE", "Acme\u202egpj.exe", "invalid_characters"},
		{"a LEFT-TO-RIGHT EMBEDDING", "Acme\u202aRockets", "invalid_characters"},
		{"a RIGHT-TO-LEFT MARK", "Acme\u200f", "invalid_characters"},
		{"a FIRST STRONG ISOLATE", "Acme\u2068Rockets\u2069", "invalid_characters"},
		{"an ARABIC LETTER MARK", "Acme\u061c", "invalid_characters"},
		{"a ZERO WIDTH SPACE", "Ac\u200bme", "invalid_characters"},
		{"a ZERO WIDTH JOINER", "Ac\u200dme", "invalid_characters"},
		{"a ZERO WIDTH NON-JOINER", "Ac\u200cme", "invalid_characters"},
		{"a WORD JOINER", "Ac\u2060me", "invalid_characters"},
		{"a byte order mark", "Ac\ufeffme", "invalid_characters"},
		{"a SOFT HYPHEN", "Ac\u00adme", "invalid_characters"},
		{"a MONGOLIAN VOWEL SEPARATOR", "Ac\u180eme", "invalid_characters"},
		{"a COMBINING GRAPHEME JOINER", "Ac\u034fme", "invalid_characters"},
		{"a variation selector after a letter", "Acm\ufe0fe", "invalid_characters"},
		{"a second variation selector after an emoji", "❤\ufe0f\ufe0f", "invalid_characters"},
		{"the other variation selectors", "❤\ufe0e", "invalid_characters"},
		{"a variation selector of the supplement", "Acm\U000e0101e", "invalid_characters"},
		{"a MONGOLIAN FREE VARIATION SELECTOR", "Acm\u180be", "invalid_characters"},
		{"a KHMER VOWEL INHERENT AQ", "Acm\u17b4e", "invalid_characters"},
		{"a tag character", "Acme\U000e0041", "invalid_characters"},
		{"a HANGUL FILLER", "\u3164", "invalid_characters"},
		{"a HANGUL CHOSEONG FILLER", "\u115f", "invalid_characters"},
		{"a HANGUL JUNGSEONG FILLER", "\u1160", "invalid_characters"},
		{"a HALFWIDTH HANGUL FILLER", "\uffa0", "invalid_characters"},
		{"a BRAILLE PATTERN BLANK", "\u2800", "invalid_characters"},
		{"a character of private use", "Acme\ue000", "invalid_characters"},
		{"an unassigned character", "Acme\u0378", "invalid_characters"},
		{"a REPLACEMENT CHARACTER", "Acme\ufffd", "invalid_characters"},
		{"three accents on one letter", "Q\u0323\u0324\u0325cme", "invalid_characters"},
		{"a pile of accents", "Z" + strings.Repeat("\u0336", 20) + "algo", "invalid_characters"},
		{"a pile of enclosing marks", "Z\u20dd\u20de\u20df", "invalid_characters"},
		{"an accent on nothing", "\u0301", "invalid_characters"},
		{"an accent before the first letter", "\u0301Acme", "invalid_characters"},
		{"invalid UTF-8", "Acme\xff", "invalid_text"},
		{"half a surrogate pair", "Acme\xed\xa0\x80", "invalid_text"},
		{"an overlong encoding", "Acme\xc0\xaf", "invalid_text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := domain.ParseName("name", tt.typed)
			wantField(t, "ParseName", err, "name", tt.code)
			if got != "" {
				t.Errorf("ParseName = %+q beside the error, want nothing", got)
			}
		})
	}
}

func TestParseDescription(t *testing.T) {
	t.Parallel()
	accepted := []struct{ name, typed, want string }{
		{"nothing is accepted", "", ""},
		{"only space is nothing", " \n\t ", ""},
		{"lines stay apart", "We make rows.\n\n\tAnd columns.", "We make rows.\n\n\tAnd columns."},
		{"line ends of Windows become plain ones", "one\r\ntwo", "one\ntwo"},
		{"500 characters are accepted", strings.Repeat("ж", 500), strings.Repeat("ж", 500)},
		{"letters and accents are composed", "u\u0308", "ü"},
		{"an accent can begin again after a line end", "x\u0323\u0324\nx\u0323\u0324", "x\u0323\u0324\nx\u0323\u0324"},
	}
	for _, tt := range accepted {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := domain.ParseDescription("description", tt.typed); got != tt.want || err != nil {
				t.Errorf("ParseDescription(%q) = %q, %v; want %q", tt.typed, got, err, tt.want)
			}
		})
	}
	refused := []struct{ name, typed, code string }{
		{"501 characters are too many", strings.Repeat("a", 501), "too_long"},
		{"line ends count", strings.Repeat("a\n", 250) + "bc", "too_long"},
		{"a lone carriage return is refused", "one\rtwo", "invalid_characters"},
		{"a RIGHT-TO-LEFT OVERRIDE is refused", "one\u202etwo", "invalid_characters"},
		{"a zero byte is refused", "one\x00two", "invalid_characters"},
		{"invalid UTF-8 is refused", "one\xfftwo", "invalid_text"},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := domain.ParseDescription("description", tt.typed)
			wantField(t, "ParseDescription", err, "description", tt.code)
		})
	}
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{
		"Acme", " Acme ", "Mu\u0308ller", "\u202eemca", "a\u200db", "\u3164", "x\u0336\u0336\u0336", "❤\ufe0f", "\x00", "\xff", "a\nb", "\u0301",
		"\u1112\u1161\u11ab", "🇩🇪", strings.Repeat("a", 65), "\u212b", "\ufb1d\u05b4", "\u1924", "\u0344", "a \u0301",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := domain.ParseName("name", typed)
		if err != nil {
			if name != "" {
				t.Errorf("ParseName(%+q) = %+q beside an error", typed, name)
			}
			return
		}
		if again, err := domain.ParseName("name", name); again != name || err != nil {
			t.Errorf("ParseName(%+q) = %+q, %v; want an accepted name to stay as it is", name, again, err)
		}
		if name == "" || !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) || strings.TrimSpace(name) != name {
			t.Errorf("ParseName(%+q) = %+q, which is not in normal form", typed, name)
		}
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Bidi_Control) }) {
			t.Errorf("ParseName(%+q) = %+q, which has characters that nobody sees", typed, name)
		}
		if !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.In(r, unicode.Mn, unicode.Me, unicode.Zs) }) {
			t.Errorf("ParseName(%+q) = %+q, which has nothing to see", typed, name)
		}
	})
}

func TestLegible(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ typed, want string }{
		"a name stays as it is": {"Müller & Söhne <b>", "Müller & Söhne <b>"},
		"it is composed":        {"Mu\u0308ller", "Müller"},
		"what only a hidden character kept apart is composed": {"Mu\u200b\u0308ller", "Müller"},
		"nothing":                              {"", ""},
		"only spaces":                          {" \t\r\n\u00a0\u2003", ""},
		"several lines are one":                {"A\r\nBcc: v@x\n\n\u2028B\u0085C", "A Bcc: v@x B C"},
		"each stretch of space is one space":   {"\tAcme \u00a0\u3000 Rockets  ", "Acme Rockets"},
		"controls are dropped":                 {"Ac\x00m\x1b[31me\x7f", "Acm[31me"},
		"overrides of direction are dropped":   {"Acme \u202egpj.exe\u202c \u2066x\u2069\u200f", "Acme gpj.exe x"},
		"what is not drawn is dropped":         {"A\u200bc\u200dm\u2060e\ufeff\u00ad\u034f\u3164\u2800", "Acme"},
		"what hides a space does not make two": {"Acme \u200b Rockets", "Acme Rockets"},
		"what is no text is dropped":           {"Ac\xff\xfeme\ufffd\ue000", "Acme"},
		"an emoji keeps its colour":            {"We ❤\ufe0f rows", "We ❤\ufe0f rows"},
		"colour for anything else is dropped":  {"A\ufe0fB❤\ufe0f\ufe0f", "AB❤\ufe0f"},
		"two accents on a letter stay":         {"x\u0323\u0302", "x\u0323\u0302"},
		"piled-up accents are thinned out":     {"x" + strings.Repeat("\u0302", 10_000) + "y", "x\u0302\u0302y"},
		"an accent on nothing is dropped":      {"\u0302\u0302a", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := domain.Legible(tt.typed); got != tt.want {
				t.Errorf("Legible(%+q) = %+q, want %+q", tt.typed, got, tt.want)
			}
			if again := domain.Legible(tt.want); again != tt.want {
				t.Errorf("Legible(%+q) = %+q, want it as it is", tt.want, again)
			}
		})
	}
}

// What may be a name is legible already, but for the width of its spaces.
func FuzzLegible(f *testing.F) {
	for _, s := range []string{"Acme", " A\r\nB ", "x\u0302\u0302\u0302", "We ❤\ufe0f rows", "a\u200b\u0308\u202e", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := domain.Legible(s)
		if domain.Legible(got) != got {
			t.Errorf("Legible(%+q) = %+q, and of that %+q", s, got, domain.Legible(got))
		}
		if name, err := domain.ParseName("name", s); err == nil && strings.Join(strings.Fields(name), " ") != got {
			t.Errorf("Legible(%+q) = %+q, want the name", s, got)
		}
	})
}
