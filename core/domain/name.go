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

func cleanText(field, s string, limit int, multiline bool) (string, error) {
	if !utf8.ValidString(s) {
		return "", Invalid(field, "invalid_text", "This is not valid text.")
	}
	if multiline {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	letters, marks := 0, 0
	for _, r := range s {
		switch {
		case multiline && (r == '\n' || r == '\t'):
		case hidden(r):
			return "", Invalid(field, "invalid_characters", "Remove control characters and invisible characters.")
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			// Piled-up accents would draw over the lines around them.
			if marks++; marks > 2 {
				return "", Invalid(field, "invalid_characters", "Remove some of the piled-up accents.")
			}
			continue
		}
		marks = 0
		letters++
	}
	if letters > limit {
		return "", Invalid(field, "too_long", tooLong(limit))
	}
	return s, nil
}

// hidden reports whether r is drawn as nothing or changes how its neighbours
// are drawn: controls, formats (zero-width, bidirectional), separators of
// lines, private and unassigned code points, and the blank letters.
func hidden(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u2028', '\u2029', utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r)
}

func tooLong(limit int) string {
	return "Use at most " + strconv.Itoa(limit) + " characters."
}
