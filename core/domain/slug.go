package domain

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The length of a slug in characters.
const (
	MinSlugLength = 3
	MaxSlugLength = 48
)

// SlugReservation is how long a slug that an organization gave up stays its
// own, so that old links never lead to a stranger.
const SlugReservation = 90 * 24 * time.Hour

// Slug names an organization or a workspace in addresses: lower-case letters
// and digits of ASCII in groups joined by single hyphens, 3 to 48 characters.
type Slug string

// Reasons why a slug cannot be had.
var (
	ErrSlugTaken = &Error{Kind: KindConflict, Code: "slug_taken", Message: "This address is taken."}

	errSlugInvalid  = Invalid("slug", "invalid_slug", "Use 3 to 48 lower-case letters, digits and single hyphens between them.")
	errSlugReserved = Invalid("slug", "reserved", "This address is reserved. Choose another.")
)

// reservedSlugs are the first segments of addresses that the service or the
// web app uses or may come to use, and names that would mislead.
var reservedSlugs = []string{
	"about", "abuse", "accept", "account", "accounts", "activity", "admin", "administrator", "all", "analytics",
	"api", "app", "apps", "assets", "auth", "avatars", "billing", "blog", "callback", "cancel", "cdn", "checkout",
	"cli", "config", "console", "contact", "create", "dashboard", "delete", "demo", "dev", "developers",
	"docs", "download", "downloads", "edit", "email", "error", "export", "favicon", "features", "files", "forgot", "forgot-password",
	"graphql", "health", "healthz", "help", "home", "host", "hostmaster", "images", "img", "import", "index", "info",
	"internal", "invitation", "invitations", "invite", "invoices", "join", "js", "legal", "livez", "login", "logo",
	"logos", "logout", "mail", "mailbox", "manage", "me", "members", "metrics", "new", "news", "no-reply", "noreply",
	"null", "oauth", "oidc", "onboarding", "operator", "org", "organization", "organizations", "orgs", "owner",
	"password", "payments", "plans", "postmaster", "pricing", "privacy", "profile", "public", "readyz", "register",
	"reset", "reset-password", "robots", "root", "rowhouse", "saas", "saml", "scim", "search", "security", "session",
	"sessions", "settings", "setup", "sign-in", "sign-out", "sign-up", "signin", "signout", "signup", "sitemap",
	"slugs", "sso", "staff", "static", "status", "subscription", "subscriptions", "sudo", "support", "system", "team",
	"teams", "terms", "token", "tokens", "undefined", "usage", "user", "users", "verify", "verify-email",
	"webhook", "webhooks", "webmaster", "well-known", "workspace", "workspaces", "www",
}

// Reserved reports whether nobody can have the slug. A slug that looks like an
// id is reserved too, since addresses take both.
func (s Slug) Reserved() bool {
	_, found := slices.BinarySearch(reservedSlugs, string(s))
	return found || IsUUID(string(s)) || isBareUUID(string(s))
}

// isBareUUID reports whether s is a UUID without hyphens, which databases read
// as one.
func isBareUUID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// Valid reports whether s has the form of a slug.
func (s Slug) Valid() bool {
	if len(s) < MinSlugLength || len(s) > MaxSlugLength {
		return false
	}
	hyphen := true // before the first character, as after a hyphen, no hyphen
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-':
			if hyphen {
				return false
			}
			hyphen = true
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			hyphen = false
		default:
			return false
		}
	}
	return !hyphen
}

// ParseSlug reads a slug that somebody chose.
func ParseSlug(s string) (Slug, error) {
	slug := Slug(s)
	switch {
	case !slug.Valid():
		return "", errSlugInvalid
	case slug.Reserved():
		return "", errSlugReserved
	}
	return slug, nil
}

// Slugify makes a slug from a name that has been transliterated to ASCII.
// fallback stands in where nothing usable is left, and fills up a slug that is
// too short. The result is valid, but may be reserved or taken.
func Slugify(ascii, fallback string) Slug {
	var b strings.Builder
	gap := false
	for i := range len(ascii) {
		c := ascii[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteByte(c)
		case c == '\'':
			// "Ada's" reads better as "adas" than as "ada-s".
		default:
			gap = true
		}
	}
	slug := b.String()
	switch {
	case slug == "":
		slug = fallback
	case len(slug) < MinSlugLength:
		slug += "-" + fallback
	}
	return Slug(cut(slug, MaxSlugLength))
}

// Numbered returns the n-th variant of a slug: itself for 1, then "-2", "-3"…,
// shortened where the number needs the room.
func (s Slug) Numbered(n int) Slug {
	if n < 2 {
		return s
	}
	suffix := "-" + strconv.Itoa(n)
	return Slug(cut(string(s), MaxSlugLength-len(suffix)) + suffix)
}

func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.Trim(s, "-")
}

// SlugVariants returns the numbered variants of base from the n-th on, count of
// them, without those that are reserved.
func SlugVariants(base Slug, n, count int) []Slug {
	variants := make([]Slug, 0, count)
	for i := range count {
		if s := base.Numbered(n + i); !s.Reserved() {
			variants = append(variants, s)
		}
	}
	return variants
}
