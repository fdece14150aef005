package organization

import (
	"context"

	"rowhouse/core/domain"
)

// Resolve returns what the user is in the organization that ref names by id or
// slug, present or old. It fails with domain.ErrNotFound alike where there is
// no such organization and where the user is no member.
func (s *Service) Resolve(ctx context.Context, user domain.UserID, ref string) (domain.Actor, error) {
	if !domain.IsUUID(ref) && !domain.Slug(ref).Valid() {
		return domain.Actor{}, domain.ErrNotFound // nothing has such an address
	}
	return s.store.Directory().Actor(ctx, user, ref)
}
