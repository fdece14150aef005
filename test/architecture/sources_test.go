package architecture_test

import (
	"bytes"
	"regexp"
	"testing"
)

// banned is what must stand in no file, and why.
type banned struct {
	why     string
	pattern *regexp.Regexp
	but     *regexp.Regexp // a match that is fine; nil if none is
}

func bannedTexts() []banned {
	return []banned{
		{
			why:     "where modules and packages come from is each machine's own setting",
			pattern: regexp.MustCompile(`(?i)\b(proxy|sum|registry|mirror|mirrors|artifactory|nexus|goproxy)[\w-]*\.[\w-]+\.(org|com|net|io|dev|internal|local|example)\b|\bGO(PROXY|NOSUMDB|SUMDB|PRIVATE)\s*[:=]|_registry\s*=|(?m)^registry\s*=`),
		},
		{
			why:     "a path of somebody's machine is of no use to anybody else",
			pattern: regexp.MustCompile(`(^|[\s"'=(:,` + "`" + `])((/home|/Users|/work|/root)/[\w.-]+|[A-Z]:\\Users\\)`),
		},
		{
			why:     "an open end says who knows about it and in which issue: TODO(name): what, see #12",
			pattern: regexp.MustCompile(`(//|#|/\*|<!--|--)\s*(TODO|FIXME|XXX|HACK)\b.*`),
			but:     regexp.MustCompile(`TODO\([\w-]+\): .*#\d+`),
		},
	}
}

func TestNoFileSaysWhatItShouldNot(t *testing.T) {
	t.Parallel()
	texts := bannedTexts()
	for _, name := range files(t) {
		content := read(t, name)
		if bytes.IndexByte(content, 0) >= 0 || below(name, "test/architecture") {
			continue // a picture or the like; and the patterns' own examples
		}
		for i, line := range bytes.Split(content, []byte("\n")) {
			for _, b := range texts {
				if b.finds(line) {
					t.Errorf("%s:%d: %s\n\t%s", name, i+1, b.why, bytes.TrimSpace(line))
				}
			}
		}
	}
}

func TestBannedTexts(t *testing.T) {
	t.Parallel()
	texts := bannedTexts()
	for line, want := range map[string]bool{
		`"resolved": "https://registry.npmjs.org/vue/-/vue-3.tgz"`: true,
		`GOPROXY=https://goproxy.example.com,direct`:               true,
		`ENV GOPROXY=direct`:        true,
		`registry=http://10.0.0.1/`: true,
		`cd /home/ada/rowhouse`:     true,
		`root := "/Users/ada/go"`:   true,
		`"C:\Users\ada"`:            true,
		`// TODO: later`:            true,
		`# FIXME this`:              true,
		`// TODO(ada): drop it with the old slugs, see #12`: false,
		`GET /users/me/sessions`:                            false,
		`https://go.dev/dl/`:                                false,
		`deny context.(Background|TODO)`:                    false,
		`mail.example.com`:                                  false,
		`a path such as app/home/view`:                      false,
	} {
		found := false
		for _, b := range texts {
			found = found || b.finds([]byte(line))
		}
		if found != want {
			t.Errorf("%s: found = %v, want %v", line, found, want)
		}
	}
}

// finds reports whether the text stands in a line.
func (b banned) finds(line []byte) bool {
	match := b.pattern.Find(line)
	return match != nil && (b.but == nil || !b.but.Match(match))
}
