package organization

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// TransferOwnership makes another member the owner and the actor an admin, in
// one step. It requires organization:transfer. Of two at once one succeeds;
// the other fails with domain.ErrForbidden, since its actor owns nothing any
// more.
func (s *Service) TransferOwnership(ctx context.Context, actor domain.Actor, to domain.MembershipID) (domain.MemberOrganization, error) {
	var transferred domain.MemberOrganization
	if err := policy.Require(actor, domain.OrganizationTransfer); err != nil {
		return transferred, err
	}
	err := s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		tenant := tx.Tenant(actor.Organization)
		if err := requireOwner(ctx, tenant, actor); err != nil {
			return err
		}
		successor, err := tenant.Memberships().Get(ctx, to)
		if errors.Is(err, domain.ErrNotFound) {
			return domain.Invalid("membership_id", "unknown_member", "Choose a member of this organization.")
		}
		if err != nil {
			return err
		}
		if successor.ID == actor.Membership {
			return domain.ErrAlreadyOwner
		}
		if err := s.handOver(ctx, tenant, actor.Membership, successor); err != nil {
			return err
		}
		actor.Role = domain.RoleAdmin
		transferred, err = detail(ctx, tenant, actor)
		return err
	})
	return transferred, err
}

// handOver changes both roles and the organization's owner, and lets bills go
// to the new owner where they went to the old one. The old owner steps down
// first: there is never a second one.
func (s *Service) handOver(ctx context.Context, tenant ports.Tenant, from domain.MembershipID, to domain.Member) error {
	now := s.clock.Now()
	old, err := tenant.Memberships().Get(ctx, from)
	if err != nil {
		return err
	}
	org, err := tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	old.Role, old.UpdatedAt = domain.RoleAdmin, now
	if _, err := tenant.Memberships().Save(ctx, old.Membership); err != nil {
		return err
	}
	to.Role, to.UpdatedAt = domain.RoleOwner, now
	if _, err := tenant.Memberships().Save(ctx, to.Membership); err != nil {
		return err
	}
	org.Owner, org.UpdatedAt = to.User, now
	if org.BillingEmail == old.Email {
		org.BillingEmail = to.Email
	}
	_, err = tenant.Organization().Save(ctx, org)
	return err
}
