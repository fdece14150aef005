package notification

import (
	"bytes"
	"embed"
	"html/template"
	"net/url"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"
)

//go:embed templates
var files embed.FS

// letter is what a mail says. The words are ours; of what others wrote there
// are only names, as shown makes them.
type letter struct {
	Kind       string // names it in errors
	Subject    string
	Preview    string  // what a list of mails shows beside the subject
	Sender     *sender // the organization that it is from; nil for Rowhouse
	Heading    string
	Name       string   // whom it greets; "" if nobody knows
	Paragraphs []string // before the link
	Facts      []fact
	Action     string // what the link says; "" without one
	Link       string
	Footnote   string // after the link
	Reason     string // why it was sent, after "because"
}

// sender is an organization as the head of a mail shows it.
type sender struct {
	Name    string
	LogoURL string // "" to show Initial instead
	Initial string
}

// fact is a line of a small table.
type fact struct{ Label, Value string }

// newSender takes a name that is shown already. Of logos it shows those on the
// web, which mail programs can fetch.
func newSender(name, logoURL string) *sender {
	u, err := url.Parse(logoURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		logoURL = ""
	}
	return &sender{Name: name, LogoURL: logoURL, Initial: initial(name)}
}

// initial returns the first letter or digit of a name, or else its first
// character.
func initial(name string) string {
	first := strings.IndexFunc(name, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N) })
	for _, r := range name[max(first, 0):] {
		return string(unicode.ToUpper(r))
	}
	return ""
}

// moment writes a time as people read it, whatever their zone.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// layouts make both forms of a letter.
type layouts struct {
	html *template.Template
	text *texttemplate.Template
}

func parseLayouts() layouts {
	// Outlook on Windows knows no max-width, and reads tables that it alone is
	// told of in such comments, which the package would leave out.
	outlook := func(markup string) template.HTML {
		return template.HTML("<!--[if mso]>" + markup + "<![endif]-->") //nolint:gosec // from layout.html alone
	}
	return layouts{
		html: template.Must(template.New("layout.html").Funcs(template.FuncMap{"outlook": outlook}).ParseFS(files, "templates/layout.html")),
		text: texttemplate.Must(texttemplate.ParseFS(files, "templates/layout.txt")),
	}
}

func (ls layouts) write(l letter) (html, text string, err error) {
	var b bytes.Buffer
	if err := ls.html.Execute(&b, l); err != nil {
		return "", "", err
	}
	html = b.String()
	b.Reset()
	if err := ls.text.Execute(&b, l); err != nil {
		return "", "", err
	}
	return html, b.String(), nil
}
