package memory

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

type slugs struct{ *repositories }

func (r slugs) Claim(ctx context.Context, organization domain.OrganizationID, slug domain.Slug, at time.Time) error {
	return r.write(ctx, func(tx *transaction) error {
		if tx.slugTaken(organization, slug, at) {
			return domain.ErrSlugTaken
		}
		if present, ok := tx.presentSlugOf[organization]; ok && present != slug {
			tx.addresses.put(tx, present, address{organization: organization, givenUpAt: at})
		}
		tx.addresses.put(tx, slug, address{organization: organization})
		tx.presentSlugOf.put(tx, organization, slug)
		return nil
	})
}

// Release leaves the addresses that were given up before as they are: their
// reservation has begun already.
func (r slugs) Release(ctx context.Context, organization domain.OrganizationID, at time.Time) error {
	return r.write(ctx, func(tx *transaction) error {
		if present, ok := tx.presentSlugOf[organization]; ok {
			tx.addresses.put(tx, present, address{organization: organization, givenUpAt: at})
			tx.presentSlugOf.remove(tx, organization)
		}
		return nil
	})
}

func (r slugs) Taken(ctx context.Context, slugs []domain.Slug, at time.Time) (taken []domain.Slug, err error) {
	err = r.read(ctx, func(d *data) error {
		for _, slug := range slugs {
			if d.slugTaken("", slug, at) {
				taken = append(taken, slug)
			}
		}
		return nil
	})
	return taken, err
}

// slugTaken reports whether the slug is another organization's, or still
// reserved for it.
func (d *data) slugTaken(organization domain.OrganizationID, slug domain.Slug, at time.Time) bool {
	a, ok := d.addresses[slug]
	return ok && a.organization != organization &&
		(a.givenUpAt.IsZero() || at.Sub(a.givenUpAt) < domain.SlugReservation)
}
