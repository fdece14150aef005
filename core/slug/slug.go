// Package slug finds addresses for what people name.
package slug

import (
	"context"
	"errors"
	"slices"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Maker turns names in any script into slugs.
type Maker struct {
	transliterator ports.Transliterator
}

// NewMaker returns a Maker.
func NewMaker(transliterator ports.Transliterator) *Maker {
	return &Maker{transliterator: transliterator}
}

// From returns the slug that a name suggests. fallback stands in where the
// name leaves nothing.
func (m *Maker) From(name, fallback string) domain.Slug {
	return domain.Slugify(m.transliterator.ASCII(name), fallback)
}

// firstBatch is how many variants are looked at before asking again. Most
// names are free at once.
const firstBatch = 8

// ClaimFree claims the first numbered variant of base that is free and
// returns it. taken filters out those that are known to be in use; claim may
// still lose a race, which it says with an error that is lost.
func ClaimFree(
	ctx context.Context,
	base domain.Slug,
	taken func(context.Context, []domain.Slug) ([]domain.Slug, error),
	claim func(context.Context, domain.Slug) error,
	lost error,
) (domain.Slug, error) {
	for n, count := 1, firstBatch; ; n, count = n+count, count*2 {
		free, err := Free(ctx, domain.SlugVariants(base, n, count), taken)
		if err != nil {
			return "", err
		}
		for _, s := range free {
			if err := claim(ctx, s); err == nil || !errors.Is(err, lost) {
				return s, err
			}
		}
	}
}

// FirstFree returns the first numbered variant of base that is not taken.
func FirstFree(
	ctx context.Context,
	base domain.Slug,
	taken func(context.Context, []domain.Slug) ([]domain.Slug, error),
) (domain.Slug, error) {
	return ClaimFree(ctx, base, taken, func(context.Context, domain.Slug) error { return nil }, nil)
}

// Free returns the slugs that are not taken, in their order.
func Free(
	ctx context.Context,
	slugs []domain.Slug,
	taken func(context.Context, []domain.Slug) ([]domain.Slug, error),
) ([]domain.Slug, error) {
	used, err := taken(ctx, slugs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(slugs), func(s domain.Slug) bool { return slices.Contains(used, s) }), nil
}
