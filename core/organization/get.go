package organization

import (
	"context"

	"rowhouse/core/domain"
)

// Get returns the actor's organization.
func (s *Service) Get(ctx context.Context, actor domain.Actor) (domain.MemberOrganization, error) {
	return detail(ctx, s.store.Tenant(actor.Organization), actor)
}

// List returns the organizations that the user is a member of, newest first;
// the key of the page is the organization's id.
func (s *Service) List(ctx context.Context, user domain.UserID, page domain.PageRequest) (domain.Page[domain.MemberOrganization], error) {
	return s.store.Directory().Organizations(ctx, user, page)
}
