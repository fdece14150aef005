package notification

import "strings"

// sign is a part of a User-Agent header, and what it says.
type sign struct{ part, name string }

// browsers and systems are searched in this order: most claim to be several.
func browsers() []sign {
	return []sign{
		{"Edg/", "Edge"},
		{"EdgA/", "Edge"},
		{"EdgiOS/", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}
}

func systems() []sign {
	return []sign{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Macintosh", "macOS"},
		{"Linux", "Linux"},
	}
}

// device says what a User-Agent header is about, such as "Firefox on Windows".
// The header is whatever the client chose to write, so none of its words are
// repeated.
func device(userAgent string) string {
	browser, system := find(browsers(), userAgent), find(systems(), userAgent)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "":
		return browser
	case system != "":
		return "Unknown program on " + system
	default:
		return "Unknown device"
	}
}

func find(signs []sign, in string) string {
	for _, s := range signs {
		if strings.Contains(in, s.part) {
			return s.name
		}
	}
	return ""
}
