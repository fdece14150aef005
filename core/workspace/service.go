// Package workspace creates, changes and removes the divisions of an
// organization, and says who is in them.
package workspace

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// Service has the use cases of this package.
type Service struct {
	store ports.Store
	clock ports.Clock
	ids   ports.IDs
	slugs *slug.Maker
}

// NewService returns a Service. All arguments are required.
func NewService(store ports.Store, clock ports.Clock, ids ports.IDs, slugs *slug.Maker) *Service {
	return &Service{store: store, clock: clock, ids: ids, slugs: slugs}
}

// Get returns a workspace that the actor sees, or domain.ErrNotFound.
func (s *Service) Get(ctx context.Context, actor domain.Actor, id domain.WorkspaceID) (domain.WorkspaceDetail, error) {
	return s.store.Tenant(actor.Organization).Workspaces().Get(ctx, actor.Viewer(), id)
}

// List returns the workspaces that the actor sees, by name; the keys of the
// page are the name and the id.
func (s *Service) List(ctx context.Context, actor domain.Actor, page domain.PageRequest) (domain.Page[domain.WorkspaceDetail], error) {
	return s.store.Tenant(actor.Organization).Workspaces().List(ctx, actor.Viewer(), page)
}
