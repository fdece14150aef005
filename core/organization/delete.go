package organization

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// Delete ends the organization and everything in it. It requires
// organization:delete. confirm must be its slug, else it fails with
// domain.ErrConfirmationMismatch. Its addresses stay reserved for
// domain.SlugReservation, so that old links never lead to a stranger.
func (s *Service) Delete(ctx context.Context, actor domain.Actor, confirm string, match domain.Precondition) error {
	if err := policy.Require(actor, domain.OrganizationDelete); err != nil {
		return err
	}
	var logo domain.BlobKey
	err := s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		tenant := tx.Tenant(actor.Organization)
		org, err := tenant.Organization().Get(ctx)
		if err != nil {
			return err
		}
		if confirm != string(org.Slug) {
			return domain.ErrConfirmationMismatch
		}
		if err := match.Check(org.Version); err != nil {
			return err
		}
		if err := requireOwner(ctx, tenant, actor); err != nil {
			return err
		}
		logo = org.Logo
		if err := tx.Slugs().Release(ctx, org.ID, s.clock.Now()); err != nil {
			return err
		}
		return tenant.Organization().Remove(ctx)
	})
	if err != nil {
		return err
	}
	return s.images.Discard(ctx, logo)
}

// requireOwner looks again, under the lock, whether the actor is still the
// owner: another request may have handed the organization over meanwhile.
func requireOwner(ctx context.Context, tenant ports.Tenant, actor domain.Actor) error {
	own, err := tenant.Memberships().Get(ctx, actor.Membership)
	if err != nil {
		return err
	}
	if own.Role != domain.RoleOwner {
		return domain.ErrForbidden
	}
	return nil
}
