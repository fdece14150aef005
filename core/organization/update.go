package organization

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// UpdateInput is what Update changes; nil leaves a field as it is.
type UpdateInput struct {
	Name, Slug, Description, BillingEmail *string
}

// Update changes the organization. It requires organization:update, and
// billing:manage for the billing e-mail. A slug that is given up keeps leading
// here; see domain.SlugReservation.
//
// It fails with domain.ErrPreconditionFailed or domain.ErrSlugTaken.
func (s *Service) Update(ctx context.Context, actor domain.Actor, in UpdateInput, match domain.Precondition) (domain.MemberOrganization, error) {
	var updated domain.MemberOrganization
	if err := policy.Require(actor, domain.OrganizationUpdate); err != nil {
		return updated, err
	}
	if in.BillingEmail != nil {
		if err := policy.Require(actor, domain.BillingManage); err != nil {
			return updated, err
		}
	}
	if _, err := in.apply(domain.Organization{}); err != nil {
		return updated, err // before anything is locked or compared
	}
	err := s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		tenant := tx.Tenant(actor.Organization)
		before, err := tenant.Organization().Get(ctx)
		if err != nil {
			return err
		}
		if err := match.Check(before.Version); err != nil {
			return err
		}
		after, err := in.apply(before)
		if err != nil {
			return err
		}
		if after == before {
			updated, err = detail(ctx, tenant, actor)
			return err // there is nothing to do, and the version stays
		}
		after.UpdatedAt = s.clock.Now()
		if after.Slug != before.Slug {
			if err := tx.Slugs().Claim(ctx, after.ID, after.Slug, after.UpdatedAt); err != nil {
				return err
			}
		}
		if _, err := tenant.Organization().Save(ctx, after); err != nil {
			return err
		}
		updated, err = detail(ctx, tenant, actor)
		return err
	})
	return updated, err
}

// apply returns the organization with the input's changes, or everything that
// is wrong with them.
func (in UpdateInput) apply(org domain.Organization) (domain.Organization, error) {
	var errName, errSlug, errDescription, errEmail error
	if in.Name != nil {
		org.Name, errName = domain.ParseName("name", *in.Name)
	}
	if in.Slug != nil {
		org.Slug, errSlug = domain.ParseSlug(*in.Slug)
	}
	if in.Description != nil {
		org.Description, errDescription = domain.ParseDescription("description", *in.Description)
	}
	if in.BillingEmail != nil {
		org.BillingEmail, errEmail = domain.ParseEmail("billing_email", *in.BillingEmail)
	}
	return org, domain.JoinInvalid(errName, errSlug, errDescription, errEmail)
}
