package organization

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/metering"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// SetLogo replaces the logo by an uploaded image. It requires
// organization:update, and counts towards the organization's storage. See
// ports.Images for what it refuses.
func (s *Service) SetLogo(ctx context.Context, actor domain.Actor, upload []byte) (domain.MemberOrganization, error) {
	if err := policy.Require(actor, domain.OrganizationUpdate); err != nil {
		return domain.MemberOrganization{}, err
	}
	key := domain.NewOrganizationBlobKey(actor.Organization, s.ids.New())
	size, err := s.images.Keep(ctx, key, upload)
	if err != nil {
		return domain.MemberOrganization{}, err
	}
	return s.replaceLogo(ctx, actor, key, size)
}

// RemoveLogo takes the logo away. It requires organization:update.
func (s *Service) RemoveLogo(ctx context.Context, actor domain.Actor) (domain.MemberOrganization, error) {
	if err := policy.Require(actor, domain.OrganizationUpdate); err != nil {
		return domain.MemberOrganization{}, err
	}
	return s.replaceLogo(ctx, actor, "", 0)
}

// replaceLogo points the organization at another file and drops the one that
// is no longer used: the old one, or the new one if this fails.
func (s *Service) replaceLogo(ctx context.Context, actor domain.Actor, key domain.BlobKey, size int64) (domain.MemberOrganization, error) {
	var replaced domain.MemberOrganization
	var old domain.BlobKey
	err := s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		tenant := tx.Tenant(actor.Organization)
		org, err := tenant.Organization().Get(ctx)
		if err != nil {
			return err
		}
		now, oldSize := s.clock.Now(), org.LogoBytes
		old = org.Logo
		org.Logo, org.LogoBytes, org.UpdatedAt = key, size, now
		if _, err := tenant.Organization().Save(ctx, org); err != nil {
			return err
		}
		if err := metering.AdjustStorage(ctx, tenant, size-oldSize, now); err != nil {
			return err
		}
		replaced, err = detail(ctx, tenant, actor)
		return err
	})
	unused := old
	if err != nil { // of the commit too, so that it is known here only
		unused = key
	}
	if discardErr := s.images.Discard(ctx, unused); err == nil {
		err = discardErr
	}
	return replaced, err
}
