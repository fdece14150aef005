package account

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Delete ends the account: its memberships, sessions and picture. It fails
// with domain.ErrOwnsOrganizations while the user owns any.
func (s *Service) Delete(ctx context.Context, caller domain.Caller) error {
	id := caller.User.ID
	var avatar domain.BlobKey
	err := s.store.Update(ctx, ports.OfUser(id), func(tx ports.Repositories) error {
		actors, err := tx.Directory().Actors(ctx, id)
		if err != nil {
			return err
		}
		for _, actor := range actors {
			if actor.Role == domain.RoleOwner {
				return domain.ErrOwnsOrganizations
			}
		}
		user, err := tx.Users().Get(ctx, id) // the picture may have changed since the request began
		if err != nil {
			return err
		}
		avatar = user.Avatar
		for _, actor := range actors {
			tenant := tx.Tenant(actor.Organization)
			if _, err := tenant.Invitations().Revoke(ctx, id, domain.Roles, s.clock.Now()); err != nil {
				return err
			}
			if err := tenant.Memberships().Remove(ctx, actor.Membership); err != nil {
				return err
			}
		}
		return tx.Users().Remove(ctx, id)
	})
	if err != nil {
		return err
	}
	return s.images.Discard(ctx, avatar)
}
