package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rowhouse/test/apitest"
)

func TestSlugs(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	for _, tc := range []struct {
		name, slug string
		reason     any
		suggestion string
	}{
		{"a free one", "fresh-start", nil, "fresh-start"},
		{"the shortest", "abc", nil, "abc"},
		{"the longest", strings.Repeat("a", 48), nil, strings.Repeat("a", 48)},
		{"digits alone", "2030", nil, "2030"},
		{"one that is taken", "acme", "taken", "acme-2"},
		{"a reserved one", "admin", "reserved", "admin-2"},
		{"one that the service itself uses", "livez", "reserved", "livez-2"},
		{"one that looks like an id", "01a208e6-a182-7ea7-9b62-c865be0ffdbe", "reserved", "01a208e6-a182-7ea7-9b62-c865be0ffdbe-2"},
		{"upper case", "ADMIN", "invalid", "admin-2"},
		{"upper case of a taken one", "Acme", "invalid", "acme-2"},
		{"two characters", "ab", "invalid", "ab-organization"},
		{"49 characters", strings.Repeat("a", 49), "invalid", strings.Repeat("a", 48)},
		{"a double hyphen", "a--b", "invalid", "a-b"},
		{"a hyphen in front", "-abc", "invalid", "abc"},
		{"a hyphen behind", "abc-", "invalid", "abc"},
		{"an underscore", "a_b_c", "invalid", "a-b-c"},
		{"a dot", "a.b.c", "invalid", "a-b-c"},
		{"spaces", "my new org", "invalid", "my-new-org"},
		{"accents", "école", "invalid", "ecole"},
		{"a Cyrillic а that looks like a", "аcme", "invalid", "acme-2"},
		{"full-width letters", "ａｂｃ", "invalid", "abc"},
		{"RIGHT-TO-LEFT OVERRIDE", "abc\u202edef", "invalid", "abcdef"},
		{"ZERO WIDTH JOINER", "ab\u200dcd", "invalid", "abcd"},
		{"an emoji", "🚀rocket", "invalid", "rocket"},
		{"nothing but emoji", "🚀🚀🚀", "invalid", "organization-2"},
		{"NUL", "abc\x00def", "invalid", "abc-def"},
		{"a line break", "abc\r\nSet-Cookie: x=y", "invalid", "abc-set-cookie-x-y"},
		{"a quote and SQL", "a' OR 1=1--", "invalid", "a-or-1-1"},
		{"wildcards", "a%c_", "invalid", "a-c"},
		{"a path", "../../etc/passwd", "invalid", "etc-passwd"},
		{"an encoded path", "%2e%2e", "invalid", "2e-2e"},
		{"a script", "<script>", "invalid", "script"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			member := c.Member.On(t)
			res := member.Get("/slugs/" + url.PathEscape(tc.slug)).Want(http.StatusOK)
			wantBody(t, res, M{"slug": tc.slug, "available": tc.reason == nil, "reason": tc.reason, "suggestion": tc.suggestion})
			if tc.reason == nil {
				return
			}
			// What the check refuses, founding and renaming refuse too.
			created := member.Post("/organizations", M{"name": "Other", "slug": tc.slug})
			renamed := c.Owner.On(t).Patch(c.Path(""), M{"slug": tc.slug})
			if tc.reason == "taken" {
				created.WantProblem(http.StatusConflict, "slug_taken")
				return
			}
			code := map[any]string{"invalid": "invalid_slug", "reserved": "reserved"}[tc.reason]
			if tc.name == "NUL" { // no body may hold it
				created.WantProblem(http.StatusUnprocessableEntity, "validation_failed")
				return
			}
			wantField(t, created, "slug", code)
			wantField(t, renamed, "slug", code)
		})
	}

	t.Run("bytes that are no text", func(t *testing.T) {
		t.Parallel()
		res := c.Member.On(t).Get("/slugs/a%ffb").Want(http.StatusOK)
		wantBody(t, res, M{"slug": "a%ffb", "available": false, "reason": "invalid", "suggestion": "a-ffb"})
	})

	t.Run("an old slug is taken", func(t *testing.T) {
		t.Parallel()
		c := s.Found(t, "Bolt")
		c.Owner.Patch(c.Path(""), M{"slug": "bolt-ltd"}).Want(http.StatusOK)
		wantBody(t, c.Member.Get("/slugs/bolt").Want(http.StatusOK), M{"slug": "bolt", "available": false, "reason": "taken", "suggestion": "bolt-2"})
	})

	t.Run("only who is signed in may ask", func(t *testing.T) {
		t.Parallel()
		s.Anonymous(t).Get("/slugs/acme").WantProblem(http.StatusUnauthorized, "unauthenticated")
		c.Member.On(t).Get("/slugs/").WantProblem(http.StatusNotFound, "not_found")
	})
}
