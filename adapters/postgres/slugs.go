package postgres

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

type slugs struct{ *repositories }

// claimSlug takes an address that is one's own, was given up long enough ago,
// or is new, and then gives up the present one. Of several at once, the others
// wait for the first to commit, and then find the address taken. Whose an
// address is, is what is asked here, so the conditions read the other way
// round; see the tests of the walls.
const claimSlug = `
WITH taken_over AS (
    UPDATE app.organization_slugs SET organization_id = @organization, given_up_at = NULL
    WHERE slug = @slug AND (@organization = organization_id OR given_up_at <= @reserved_since)
    RETURNING slug
), claimed AS (
    INSERT INTO app.organization_slugs (slug, organization_id, created_at)
    SELECT @slug, @organization, @at WHERE NOT EXISTS (SELECT FROM taken_over)
    ON CONFLICT (slug) DO NOTHING
    RETURNING slug
), given_up AS (
    UPDATE app.organization_slugs SET given_up_at = @at
    WHERE @organization = organization_id AND given_up_at IS NULL AND slug <> @slug
        AND (EXISTS (SELECT FROM taken_over) OR EXISTS (SELECT FROM claimed))
)
SELECT (SELECT count(*) FROM taken_over) + (SELECT count(*) FROM claimed)`

func (r slugs) Claim(ctx context.Context, organization domain.OrganizationID, slug domain.Slug, at time.Time) error {
	var claimed int64
	err := r.of(organization).ownWrite(ctx).Raw(claimSlug, map[string]any{
		"slug": slug, "organization": organization, "at": at, "reserved_since": at.Add(-domain.SlugReservation),
	}).Scan(&claimed).Error
	if err == nil && claimed == 0 {
		return domain.ErrSlugTaken
	}
	return translate(err)
}

func (r slugs) Release(ctx context.Context, organization domain.OrganizationID, at time.Time) error {
	return translate(r.of(organization).scopedWrite(ctx, "organization_slugs").Table("app.organization_slugs").
		Where("given_up_at IS NULL").Update("given_up_at", at).Error)
}

func (r slugs) Taken(ctx context.Context, candidates []domain.Slug, at time.Time) ([]domain.Slug, error) {
	if len(candidates) == 0 {
		return nil, nil
	}
	var taken []domain.Slug
	err := r.platform(ctx).Table("app.organization_slugs").
		Where("slug = ANY(?) AND (given_up_at IS NULL OR given_up_at > ?)", texts(candidates), at.Add(-domain.SlugReservation)).
		Pluck("slug", &taken).Error
	return taken, translate(err)
}

func (r slugs) of(id domain.OrganizationID) *tenant { return &tenant{r.repositories, id} }

// texts is a list of texts as one argument. GORM would make a list of
// arguments out of a slice, and another statement with each length.
func texts[T ~string](list []T) *[]string {
	array := make([]string, len(list))
	for i, text := range list {
		array[i] = string(text)
	}
	return &array
}
