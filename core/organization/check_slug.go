package organization

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/slug"
)

// SlugCheck says whether an address can be had.
type SlugCheck struct {
	Slug       string
	Reason     string      // "taken", "reserved", "invalid"; "" if it is available
	Suggestion domain.Slug // one that is available: itself, or one like it
}

// CheckSlug tells whether an address can be had, while somebody types it. It
// promises nothing: somebody else may be faster.
func (s *Service) CheckSlug(ctx context.Context, text string) (SlugCheck, error) {
	check := SlugCheck{Slug: text}
	taken := takenAt(s.store.Slugs(), s.clock.Now())
	suggestion, err := slug.FirstFree(ctx, s.slugs.From(text, "organization"), taken)
	if err != nil {
		return check, err
	}
	check.Suggestion = suggestion
	switch address := domain.Slug(text); {
	case !address.Valid():
		check.Reason = "invalid"
	case address.Reserved():
		check.Reason = "reserved"
	case address != suggestion:
		check.Reason = "taken"
	}
	return check, nil
}
