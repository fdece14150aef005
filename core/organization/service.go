// Package organization founds, changes, hands over and ends organizations.
package organization

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// Service has the use cases of this package, one per file.
type Service struct {
	store  ports.Store
	clock  ports.Clock
	ids    ports.IDs
	slugs  *slug.Maker
	images *image.Store
}

// NewService returns a Service. All arguments are required.
func NewService(store ports.Store, clock ports.Clock, ids ports.IDs, slugs *slug.Maker, images *image.Store) *Service {
	return &Service{store: store, clock: clock, ids: ids, slugs: slugs, images: images}
}

// detail returns the organization as the actor sees it.
func detail(ctx context.Context, tenant ports.Tenant, actor domain.Actor) (domain.MemberOrganization, error) {
	d, err := tenant.Organization().Detail(ctx)
	if err != nil {
		return domain.MemberOrganization{}, err
	}
	return domain.MemberOrganization{OrganizationDetail: d, Membership: actor.Membership, Role: actor.Role}, nil
}
