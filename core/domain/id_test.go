package domain_test

import (
	"strings"
	"testing"

	"rowhouse/core/domain"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	const id = "0190163d-8694-739b-aea5-966c26f8ad91"
	for name, text := range map[string]string{
		"an id stays as it is":          id,
		"capitals become lower case":    strings.ToUpper(id),
		"capitals may stand beside not": "0190163D-8694-739b-AEA5-966c26f8ad91",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := domain.ParseID[domain.UserID](text); got != id || err != nil {
				t.Errorf("ParseID(%q) = %q, %v; want %q", text, got, err, id)
			}
		})
	}
	for name, text := range map[string]string{
		"nothing":                  "",
		"a slug":                   "acme",
		"a digit too few":          id[1:],
		"a digit too many":         id + "0",
		"no hyphens":               strings.ReplaceAll(id, "-", ""),
		"36 digits":                strings.Repeat("0", 36),
		"a hyphen elsewhere":       "0190163d8-694-739b-aea5-966c26f8ad91",
		"another separator":        strings.ReplaceAll(id, "-", "_"),
		"36 hyphens":               strings.Repeat("-", 36),
		"a letter beyond f":        id[:35] + "g",
		"a letter beyond F":        id[:35] + "G",
		"what stands before 0":     id[:35] + "/",
		"what stands after 9":      id[:35] + ":",
		"what stands before A":     id[:35] + "@",
		"what stands before a":     id[:35] + "`",
		"braces":                   "{" + id + "}",
		"a prefix":                 "urn:uuid:" + id,
		"a space around it":        " " + id,
		"a line end":               id + "\n",
		"a zero byte":              id[:35] + "\x00",
		"letters of several bytes": strings.Repeat("é", 18),
		"fullwidth digits":         "０" + id[3:],
	} {
		t.Run(name+" names nothing", func(t *testing.T) {
			t.Parallel()
			got, err := domain.ParseID[domain.UserID](text)
			wantError(t, "ParseID", err, domain.ErrNotFound)
			if got != "" || domain.IsUUID(text) {
				t.Errorf("ParseID(%q) = %q, IsUUID = %t; want nothing", text, got, domain.IsUUID(text))
			}
		})
	}
}
