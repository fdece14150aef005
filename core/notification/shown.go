package notification

import (
	"strings"
	"unicode"

	"rowhouse/core/domain"
)

// maxSubject is the longest subject in characters.
const maxSubject = 120

// shown is what a mail shows of a name that somebody chose, of a person or of
// an organization: one legible line of at most domain.MaxNameLength characters,
// in which no mail program finds an address to make a link of. It puts a space
// behind each dot, @ and colon inside of a word ("evil. com", "v@ evil. com",
// "https: /evil. com", and "J. R. R. Tolkien"), which people read past, and
// leaves one of several slashes. Invisible characters or look-alikes instead
// would read better, yet programs differ in what they make of those.
func shown(name string) string {
	var b strings.Builder
	text := []rune(domain.Legible(name))
	for i, r := range text {
		if i > 0 && isSlash(r) && isSlash(text[i-1]) {
			continue
		}
		b.WriteRune(r)
		if i > 0 && i < len(text)-1 && joins(text[i-1], r, text[i+1]) {
			b.WriteByte(' ')
		}
	}
	return shorten(b.String(), domain.MaxNameLength)
}

// joins reports whether r might make one address of what is on both sides.
func joins(before, r, after rune) bool {
	if before == ' ' || after == ' ' {
		return false
	}
	switch r {
	case '.', '。', '．', '｡', '․', '﹒', '@', '＠', '﹫': // and what IDNA (UTS #46) reads as these
		return !unicode.In(after, unicode.Punct)
	case ':', '：', '﹕', '︓':
		return !unicode.IsDigit(before) || !unicode.IsDigit(after) // a time of day is none
	}
	return false
}

func isSlash(r rune) bool {
	switch r {
	case '/', '\\', '／', '＼', '⁄', '∕':
		return true
	}
	return false
}

// shorten cuts a text to n characters, an ellipsis included. Accents count with
// their letters, as they do in domain.ParseName.
func shorten(s string, n int) string {
	letters, end := 0, 0
	for i, r := range s {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			continue
		}
		if letters++; letters == n {
			end = i
		}
	}
	if letters <= n {
		return s
	}
	return strings.TrimRight(s[:end], " ") + "…"
}

// either returns name, or what to say without one.
func either(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}
