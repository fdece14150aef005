package domain_test

import (
	"slices"
	"strings"
	"testing"

	"rowhouse/core/domain"
)

func TestParseSlug(t *testing.T) {
	t.Parallel()
	accepted := []struct{ name, typed string }{
		{"letters", "acme"},
		{"three characters", "abc"},
		{"three characters with a hyphen", "a-b"},
		{"only digits", "123"},
		{"a digit first", "1acme"},
		{"single hyphens", "acme-rockets-and-sons"},
		{"every second character a hyphen", "a-b-c-d-e-f"},
		{"48 characters", strings.Repeat("a", 48)},
		{"48 characters with hyphens", strings.Repeat("ab-", 15) + "abc"},
		{"a reserved word with more after it", "admin-team"},
		{"a reserved word with a number", "api-2"},
		{"a reserved word inside", "my-api"},
	}
	for _, tt := range accepted {
		t.Run(tt.name+" is accepted", func(t *testing.T) {
			t.Parallel()
			if got, err := domain.ParseSlug(tt.typed); got != domain.Slug(tt.typed) || err != nil || !got.Valid() {
				t.Errorf("ParseSlug(%q) = %q, %v; want it as it is", tt.typed, got, err)
			}
		})
	}
	refused := []struct{ name, typed, code string }{
		{"nothing", "", "invalid_slug"},
		{"one character", "a", "invalid_slug"},
		{"two characters", "ab", "invalid_slug"},
		{"49 characters", strings.Repeat("a", 49), "invalid_slug"},
		{"a capital", "Acme", "invalid_slug"},
		{"only capitals", "ADMIN", "invalid_slug"},
		{"two hyphens in a row", "a--b", "invalid_slug"},
		{"a hyphen first", "-acme", "invalid_slug"},
		{"a hyphen last", "acme-", "invalid_slug"},
		{"only hyphens", "---", "invalid_slug"},
		{"an underscore", "acme_rockets", "invalid_slug"},
		{"a dot", "acme.com", "invalid_slug"},
		{"a dot first", ".well-known", "invalid_slug"},
		{"two dots", "../admin", "invalid_slug"},
		{"a slash", "acme/rockets", "invalid_slug"},
		{"a backslash", `acme\rockets`, "invalid_slug"},
		{"an escaped slash", "acme%2frockets", "invalid_slug"},
		{"a space", "acme rockets", "invalid_slug"},
		{"a space around it", " acme ", "invalid_slug"},
		{"a line feed last", "acme\n", "invalid_slug"},
		{"a zero byte", "acme\x00", "invalid_slug"},
		{"an at sign", "@acme", "invalid_slug"},
		{"a fragment", "acme#x", "invalid_slug"},
		{"a query", "acme?x", "invalid_slug"},
		{"a Cyrillic а", "\u0430cme", "invalid_slug"},
		{"a Greek omicron", "r\u03bfwhouse", "invalid_slug"},
		{"a KELVIN SIGN", "\u212aelvin", "invalid_slug"},
		{"a dotless ı", "adm\u0131n", "invalid_slug"},
		{"fullwidth letters", "ａｄｍｉｎ", "invalid_slug"},
		{"an accent", "café", "invalid_slug"},
		{"a combining accent", "cafe\u0301", "invalid_slug"},
		{"Arabic digits", "acme-\u0661\u0662", "invalid_slug"},
		{"an emoji", "acme-🚀", "invalid_slug"},
		{"a RIGHT-TO-LEFT OVERRIDE", "acme\u202eimda", "invalid_slug"},
		{"a ZERO WIDTH JOINER", "ac\u200dme", "invalid_slug"},
		{"a ZERO WIDTH SPACE", "ac\u200bme", "invalid_slug"},
		{"a SOFT HYPHEN", "ac\u00adme", "invalid_slug"},
		{"a NON-BREAKING HYPHEN", "acme\u2011rockets", "invalid_slug"},
		{"an EN DASH", "acme\u2013rockets", "invalid_slug"},
		{"invalid UTF-8", "acme\xff", "invalid_slug"},
		{"a reserved word", "admin", "reserved"},
		{"a reserved word with a hyphen", "sign-in", "reserved"},
		{"the name of the product", "rowhouse", "reserved"},
		{"what looks like an id", "0190163d-8694-739b-aea5-966c26f8ad91", "reserved"},
	}
	for _, tt := range refused {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			t.Parallel()
			got, err := domain.ParseSlug(tt.typed)
			wantField(t, "ParseSlug", err, "slug", tt.code)
			if got != "" {
				t.Errorf("ParseSlug = %q beside the error, want nothing", got)
			}
			if valid := domain.Slug(tt.typed).Valid(); valid != (tt.code == "reserved") {
				t.Errorf("Valid = %t, want %t", valid, !valid)
			}
		})
	}
}

// Reserved searches the list in halves, so that a word out of order would
// never be found.
func TestReservedSlugs(t *testing.T) {
	t.Parallel()
	words := domain.ReservedSlugs()
	if len(words) < 100 {
		t.Errorf("%d words, want at least 100", len(words))
	}
	for i, word := range words {
		if i > 0 && words[i-1] >= word {
			t.Errorf("%q does not sort after %q", word, words[i-1])
		}
		if word != strings.ToLower(word) {
			t.Errorf("%q is not in lower case", word)
		}
		// Shorter ones are listed for what they are; nobody can have them.
		if slug := domain.Slug(word); len(word) >= domain.MinSlugLength && !slug.Valid() {
			t.Errorf("%q could be nobody's slug", word)
		}
		if !domain.Slug(word).Reserved() {
			t.Errorf("%q is not reserved", word)
		}
	}
}

// The first segment of every address that the service or the web app answers.
// An organization of that name could not be reached, or would stand in for a
// page of ours.
func TestEveryFirstSegmentIsReserved(t *testing.T) {
	t.Parallel()
	for page, segments := range map[string][]string{
		"the API and its documentation":         {"api", "docs"},
		"files and what the web app is made of": {"files", "assets"},
		"probes":                                {"livez", "readyz", "metrics"},
		"the account pages":                     {"sign-in", "sign-up", "verify-email", "forgot-password", "reset-password", "account"},
		"invitations":                           {"invite"},
		"onboarding":                            {"new"},
		"operators":                             {"admin"},
		"the demo":                              {"demo"},
		"what G-07 names":                       {"www", "login", "sso", "well-known"},
		"the segments below the API, should they move": {
			"auth", "me", "organizations", "slugs", "workspaces", "members", "invitations", "plans", "subscription", "invoices", "usage", "saas", "webhooks",
		},
	} {
		for _, segment := range segments {
			if !domain.Slug(segment).Reserved() {
				t.Errorf("%q is not reserved, but belongs to %s", segment, page)
			}
		}
	}
}

func TestSlugify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, ascii string
		want        domain.Slug
	}{
		{"letters stay", "acme", "acme"},
		{"capitals become lower case", "ACME Rockets", "acme-rockets"},
		{"digits stay", "Area 51", "area-51"},
		{"several separators make one hyphen", "Acme  --  Rockets", "acme-rockets"},
		{"punctuation separates", "Acme, Rockets & Sons (Ltd.)", "acme-rockets-sons-ltd"},
		{"separators around it are dropped", "  --acme--  ", "acme"},
		{"apostrophes are dropped", "Ada's Rockets", "adas-rockets"},
		{"underscores separate", "acme_rockets", "acme-rockets"},
		{"dots separate", "acme.example.com", "acme-example-com"},
		{"line ends separate", "acme\r\nrockets", "acme-rockets"},
		{"what is not ASCII separates", "ac\u0430me", "ac-me"},
		{"nothing becomes the fallback", "", "organization"},
		{"only separators become the fallback", " -- !? ", "organization"},
		{"only apostrophes become the fallback", "'''", "organization"},
		{"one letter is filled up", "Q", "q-organization"},
		{"two letters are filled up", "QA", "qa-organization"},
		{"three characters are enough", "Q&A", "q-a"},
		{"a slug stays as it is", "acme-rockets-2", "acme-rockets-2"},
		{"what is too long is cut", strings.Repeat("a", 60), domain.Slug(strings.Repeat("a", 48))},
		{"a hyphen at the cut is dropped", strings.Repeat("a", 47) + " bcd", domain.Slug(strings.Repeat("a", 47))},
		{"a reserved word stays one", "Admin", "admin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := domain.Slugify(tt.ascii, "organization")
			if got != tt.want {
				t.Errorf("Slugify(%q) = %q, want %q", tt.ascii, got, tt.want)
			}
			if !got.Valid() {
				t.Errorf("Slugify(%q) = %q, which is no slug", tt.ascii, got)
			}
		})
	}
}

func TestSlugNumbered(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 48)
	tests := []struct {
		name string
		slug domain.Slug
		n    int
		want domain.Slug
	}{
		{"the first has no number", "acme", 1, "acme"},
		{"the second is -2", "acme", 2, "acme-2"},
		{"the tenth is -10", "acme", 10, "acme-10"},
		{"numbers below one are the first", "acme", 0, "acme"},
		{"a number at the end stays", "acme-2", 2, "acme-2-2"},
		{"46 characters leave room for one digit", domain.Slug(long[:46]), 9, domain.Slug(long[:46] + "-9")},
		{"46 characters are cut for two", domain.Slug(long[:46]), 10, domain.Slug(long[:45] + "-10")},
		{"48 characters are cut", domain.Slug(long), 2, domain.Slug(long[:46] + "-2")},
		{"a hyphen at the cut is dropped", domain.Slug(long[:45] + "-bc"), 2, domain.Slug(long[:45] + "-2")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.slug.Numbered(tt.n); got != tt.want || !got.Valid() {
				t.Errorf("Slug(%q).Numbered(%d) = %q (valid: %t), want %q", tt.slug, tt.n, got, got.Valid(), tt.want)
			}
		})
	}
}

func TestSlugVariants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		base     domain.Slug
		n, count int
		want     []domain.Slug
	}{
		{"from the first on", "acme", 1, 3, []domain.Slug{"acme", "acme-2", "acme-3"}},
		{"from a later one on", "acme", 9, 3, []domain.Slug{"acme-9", "acme-10", "acme-11"}},
		{"none", "acme", 1, 0, nil},
		{"without a reserved word", "admin", 1, 3, []domain.Slug{"admin-2", "admin-3"}},
		{"without what looks like an id", "0190163d-8694-739b-aea5-966c26f8ad91", 1, 2, []domain.Slug{"0190163d-8694-739b-aea5-966c26f8ad91-2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := domain.SlugVariants(tt.base, tt.n, tt.count); !slices.Equal(got, tt.want) {
				t.Errorf("SlugVariants(%q, %d, %d) = %q, want %q", tt.base, tt.n, tt.count, got, tt.want)
			}
		})
	}
}

func FuzzSlugify(f *testing.F) {
	for _, seed := range []string{
		"Acme Rockets", "", "'", "a", "--", "a'", "admin", "\xff", "\u202e", strings.Repeat("ab ", 40), strings.Repeat("-", 60),
		strings.Repeat("a", 47) + "-b", "0190163d-8694-739b-aea5-966c26f8ad91",
	} {
		f.Add(seed, 2)
	}
	f.Add(strings.Repeat("a b", 30), 1<<62)
	f.Fuzz(func(t *testing.T, ascii string, n int) {
		for _, fallback := range []string{"organization", "workspace"} {
			slug := domain.Slugify(ascii, fallback)
			if !slug.Valid() {
				t.Errorf("Slugify(%q, %q) = %q, which is no slug", ascii, fallback, slug)
			}
			if again := domain.Slugify(string(slug), fallback); again != slug {
				t.Errorf("Slugify(%q) = %q, want a slug to stay as it is", slug, again)
			}
			if numbered := slug.Numbered(n); !numbered.Valid() {
				t.Errorf("Slug(%q).Numbered(%d) = %q, which is no slug", slug, n, numbered)
			}
			for _, variant := range domain.SlugVariants(slug, max(n, 1)%1000, 10) {
				if got, err := domain.ParseSlug(string(variant)); got != variant || err != nil {
					t.Errorf("SlugVariants(%q) has %q, which nobody can have: %v", slug, variant, err)
				}
			}
		}
	})
}
