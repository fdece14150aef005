package notification_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"rowhouse/core/domain"
	"rowhouse/core/notification"
)

func TestShown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ab", 32)
	for typed, want := range map[string]string{
		"":                              "",
		"Acme":                          "Acme",
		"Müller & Söhne <b>":            "Müller & Söhne <b>",
		"St. Gallen Inc.":               "St. Gallen Inc.",
		"Acme (Ltd.)":                   "Acme (Ltd.)",
		".NET @Home":                    ".NET @Home",
		"Bread @ Butter":                "Bread @ Butter",
		"AC/DC":                         "AC/DC",
		"Wait...":                       "Wait...",
		"At 10:30: tea":                 "At 10:30: tea",
		"J.R.R. Tolkien":                "J. R. R. Tolkien",
		"Node.js":                       "Node. js",
		"Pay at evil.com":               "Pay at evil. com",
		"evil.com/x":                    "evil. com/x",
		"evil.com.":                     "evil. com.",
		"www.evil.com":                  "www. evil. com",
		"evil..com":                     "evil.. com",
		"https://evil.com":              "https: /evil. com",
		"https://evil":                  "https: /evil",
		"HTTP:\\\\evil.com":             "HTTP: \\evil. com",
		"//evil.com":                    "/evil. com",
		`\\evil\share`:                  `\evil\share`,
		"http://2130706433/":            "http: /2130706433/",
		"mailto:v@evil.com":             "mailto: v@ evil. com",
		"tel:0800":                      "tel: 0800",
		"javascript:alert(1)":           "javascript: alert(1)",
		"v@x":                           "v@ x",
		"v@localhost":                   "v@ localhost",
		"1.2.3.4":                       "1. 2. 3. 4",
		"bücher.example":                "bücher. example",
		"пример.рф":                     "пример. рф",
		"例え。テスト":                        "例え。 テスト",
		"evil．com":                      "evil． com",
		"evil｡com":                      "evil｡ com",
		"evil․com":                      "evil․ com",
		"v＠evil﹒com":                    "v＠ evil﹒ com",
		"https：／／evil":                  "https： ／evil",
		"evil\u200b.\u2060com":          "evil. com",
		"evil\u202e.moc":                "evil. moc",
		"evil\n.com":                    "evil .com",
		"A\r\nBcc: v@x":                 "A Bcc: v@ x",
		"<img src=x>":                   "<img src=x>",
		"👩\u200d🔬.ws":                   "👩🔬. ws",
		long:                            long,
		long + "c":                      long[:63] + "…",
		strings.Repeat("ж", 10_000):     strings.Repeat("ж", 63) + "…",
		strings.Repeat("q\u0308", 64):   strings.Repeat("q\u0308", 64),
		strings.Repeat("q\u0308", 65):   strings.Repeat("q\u0308", 63) + "…",
		strings.Repeat("a.", 32):        strings.TrimSpace(strings.Repeat("a. ", 21)) + "…",
		strings.Repeat("a", 62) + " bc": strings.Repeat("a", 62) + "…",
	} {
		t.Run(typed[:min(len(typed), 40)], func(t *testing.T) {
			t.Parallel()
			if got := notification.Shown(typed); got != want {
				t.Errorf("Shown(%+q) = %+q, want %+q", typed, got, want)
			}
		})
	}
}

// linkable finds what mail programs make links of: dots or an @ between two
// characters of a word, and what begins like an address.
var linkable = regexp.MustCompile(`[^\s][.。．｡․﹒@＠][\pL\pN]|//|\\\\|(?i)\b(?:mailto|https?|ftp|file|tel|javascript):\S`)

func FuzzShown(f *testing.F) {
	for _, s := range []string{"Acme", "https://evil.com/x", "v@evil.com", `\\a\b`, "a\u200b.\u202ecom", "x.\u0302y", "10:30", "a:.b", "\xff.\xffc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := notification.Shown(s)
		if found := linkable.FindString(got); found != "" {
			t.Errorf("Shown(%+q) = %+q, where %q can become a link", s, got, found)
		}
		wantOneLine(t, got)
		letters := 0
		for _, r := range got {
			if !unicode.In(r, unicode.Mn, unicode.Me) {
				letters++
			}
		}
		if letters > domain.MaxNameLength {
			t.Errorf("Shown(%+q) = %+q, which has %d characters", s, got, letters)
		}
	})
}

func wantOneLine(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	}) {
		t.Errorf("%+q is not one line of visible text", s)
	}
}

func TestDevice(t *testing.T) {
	t.Parallel()
	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                           "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0":              "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":                      "Chrome on macOS",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":                      "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":    "Safari on iPhone",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.0.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15":           "Firefox on iPad",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36":                      "Chrome on Android",
		"Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":                             "Chrome on ChromeOS",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0":                        "Opera on Linux",
		"curl/8.5.0":          "curl",
		"Something (Windows)": "Unknown program on Windows",
		"Your account is locked, go to evil.com now": "Unknown device",
		"": "Unknown device",
	} {
		if got := notification.Device(userAgent); got != want {
			t.Errorf("Device(%q) = %q, want %q", userAgent, got, want)
		}
	}
}
