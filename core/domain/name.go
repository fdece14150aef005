package domain

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The longest texts, in characters after normalisation.
const (
	MaxNameLength        = 64
	MaxDescriptionLength = 500
)

// ParseName checks a display name (of a person, organization or workspace) and
// returns it in normal form C without surrounding space. Control characters,
// direction overrides and invisible characters are refused: they let one name
// pass for another.
func ParseName(field, s string) (string, error) {
	s, err := cleanText(field, s, MaxNameLength, false)
	if err != nil {
		return "", err
	}
	if s == "" {
		return "", Invalid(field, "required", "Enter a name.")
	}
	return s, nil
}

// ParseDescription checks a free text of several lines; it may be empty.
func ParseDescription(field, s string) (string, error) {
	return cleanText(field, s, MaxDescriptionLength, true)
}

const (
	maxMarks   = 2        // the most accents on one letter
	emojiStyle = '\ufe0f' // VARIATION SELECTOR-16: the symbol before it in colour
)

func cleanText(field, s string, limit int, multiline bool) (string, error) {
	if !utf8.ValidString(s) {
		return "", Invalid(field, "invalid_text", "This is not valid text.")
	}
	if multiline {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	letters, marks := 0, maxMarks // there is nothing yet that a mark could stand on
	var before rune
	for _, r := range s {
		switch {
		case multiline && (r == '\n' || r == '\t'):
		case r == emojiStyle && unicode.Is(unicode.So, before):
			before = 0
			continue
		case hidden(r):
			return "", Invalid(field, "invalid_characters", "Remove control characters and invisible characters.")
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			// Piled-up accents would draw over the lines around them.
			if marks++; marks > maxMarks {
				return "", Invalid(field, "invalid_characters", "Remove some of the piled-up accents.")
			}
			continue
		}
		marks, before = 0, r
		letters++
	}
	if letters > limit {
		return "", Invalid(field, "too_long", tooLong(limit))
	}
	return s, nil
}

// Legible is what can be shown of a text in one line, wherever it comes from:
// in normal form C, without the characters that ParseName refuses, and with one
// space for each stretch of spaces and line breaks.
func Legible(s string) string {
	var b strings.Builder
	marks := maxMarks
	var before rune // what was written last; at the beginning, 0
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "")) {
		switch {
		case unicode.IsSpace(r):
			if before == 0 || before == ' ' {
				continue
			}
			r = ' '
		case r == emojiStyle && unicode.Is(unicode.So, before):
		case hidden(r):
			continue
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if marks++; marks > maxMarks {
				continue
			}
			b.WriteRune(r)
			continue
		}
		marks, before = 0, r
		b.WriteRune(r)
	}
	// What stood apart may compose now.
	return norm.NFC.String(strings.TrimSuffix(b.String(), " "))
}

// hidden reports whether r is drawn as nothing or changes how its neighbours
// are drawn: controls, formats (zero-width, bidirectional), separators of
// lines, private and unassigned code points, the blank letters, and what
// Unicode says is not drawn.
func hidden(r rune) bool {
	switch r {
	case '\u2800', '\u2028', '\u2029', utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r)
}

func tooLong(limit int) string {
	return "Use at most " + strconv.Itoa(limit) + " characters."
}
