package notification_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rowhouse/core/domain"
	"rowhouse/core/notification"
)

// hostile are names that somebody might choose.
var hostile = []struct{ name, typed string }{
	{"lines", "A\r\nBcc: v@x"},
	{"markup", "<img src=x>"},
	{"a script", `<script>alert("1")</script>"'` + "`"},
	{"an entity", "&lt;b&gt; &amp; Sons &#x3c;i>"},
	{"a template", "{{.Link}} {{printf `%s` .Subject}}"},
	{"a comment", "<!-- --><![endif]-->"},
	{"an override of direction", "Acme \u202egpj.exe\u2066\u200f"},
	{"a domain", "Pay at evil.com"},
	{"an address on the web", "https://evil.com/verify-email#x"},
	{"an address without a scheme", "www.evil.com evil.com/x //evil.com"},
	{"an address of mail", "v@evil.com mailto:v@evil.com"},
	{"a domain of another script", "пример.рф 例え。テスト"},
	{"a network path", `\\evil\share`},
	{"controls", "\x00\x1b[31m\x7f\u0085\u2028"},
	{"what is no text", "\xff\xfe.\xc3"},
	{"10,000 characters", strings.Repeat("Acme ", 2_000)},
	{"10,000 dots", strings.Repeat("a.", 5_000)},
	{"10,000 accents", "x" + strings.Repeat("\u0302", 10_000)},
	{"another script", "Юлия 北京 🚀"},
	{"nothing", ""},
}

func TestNamesAreDataInEveryMail(t *testing.T) {
	t.Parallel()
	for _, p := range notification.Previews() {
		for _, h := range hostile {
			t.Run(p.Name+" with "+h.name, func(t *testing.T) {
				t.Parallel()
				about := golden()
				about.LogoURL = ""
				plain := preview(t, p, about)
				about.Name, about.Organization, about.Inviter, about.UserAgent, about.IP = h.typed, h.typed, h.typed, h.typed, h.typed
				wantHarmless(t, preview(t, p, about), plain)
			})
		}
	}
}

// wantHarmless checks a mail with hostile names against the same with others.
func wantHarmless(t *testing.T, got, plain domain.Mail) {
	t.Helper()
	if n := utf8.RuneCountInString(got.Subject); n > notification.MaxWords {
		t.Errorf("the subject %q has %d characters", got.Subject, n)
	}
	wantOneLine(t, got.Subject)
	if got.To != plain.To || !slices.Equal(got.Links, plain.Links) || !slices.Equal(hrefs(got.HTML), plain.Links) {
		t.Errorf("a mail to %s that leads to %q, %q; want to %s and %q", got.To, got.Links, hrefs(got.HTML), plain.To, plain.Links)
	}
	// No name has added an element, an attribute or a line.
	tags := regexp.MustCompile(`<[^>]*>`)
	if is, want := tags.FindAllString(got.HTML, -1), tags.FindAllString(plain.HTML, -1); !slices.Equal(is, want) {
		t.Errorf("the page has the elements\n%s\nwant\n%s", is, want)
	}
	if is, want := strings.Count(got.Text, "\n"), strings.Count(plain.Text, "\n"); is != want {
		t.Errorf("the text has %d lines, want %d:\n%s", is, want, got.Text)
	}
	body := regexp.MustCompile(`(?s)^.*</style>`).ReplaceAllString(got.HTML, "")
	for _, said := range []string{got.Subject, got.Text, html.UnescapeString(tags.ReplaceAllString(body, ""))} {
		for _, link := range plain.Links {
			said = strings.ReplaceAll(said, link, "")
		}
		if found := linkable.FindString(said); found != "" {
			t.Errorf("%q can become a link in:\n%s", found, said)
		}
		for line := range strings.Lines(said) {
			wantOneLine(t, strings.TrimSuffix(line, "\n"))
		}
	}
}
