package domain_test

import (
	"strings"
	"testing"

	"rowhouse/core/domain"
)

func TestTheLocalPartOfAnAddressHasAtMost64Characters(t *testing.T) {
	t.Parallel()
	if _, err := domain.ParseEmail("email", strings.Repeat("a", 64)+"@example.com"); err != nil {
		t.Errorf("64 characters: %v", err)
	}
	if _, err := domain.ParseEmail("email", strings.Repeat("a", 65)+"@example.com"); err == nil {
		t.Error("65 characters are accepted")
	}
}

// Addresses take an id or a slug, and databases read an id without hyphens,
// too.
func TestNoSlugLooksLikeAnID(t *testing.T) {
	t.Parallel()
	for slug, reserved := range map[domain.Slug]bool{
		"01a208dd-342a-7bfb-aa08-cf97c7e7945b": true,
		"01a208dd342a7bfbaa08cf97c7e7945b":     true,
		"01a208dd342a7bfbaa08cf97c7e7945g":     false,
		"01a208dd342a7bfbaa08cf97c7e7945":      false,
	} {
		if got := slug.Reserved(); got != reserved {
			t.Errorf("%s.Reserved() = %t, want %t", slug, got, reserved)
		}
	}
}
