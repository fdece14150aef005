package workspace

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// UpdateInput is what Update changes; nil leaves a field as it is.
type UpdateInput struct {
	Name, Description, Visibility *string
}

// Update changes a workspace; its slug stays. It requires workspaces:manage,
// and fails with domain.ErrPreconditionFailed or domain.ErrDefaultStaysOpen.
func (s *Service) Update(ctx context.Context, actor domain.Actor, id domain.WorkspaceID, in UpdateInput, match domain.Precondition) (domain.WorkspaceDetail, error) {
	var updated domain.WorkspaceDetail
	if err := policy.Require(actor, domain.WorkspacesManage); err != nil {
		return updated, err
	}
	err := s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		workspaces := tx.Tenant(actor.Organization).Workspaces()
		detail, err := workspaces.Get(ctx, actor.Viewer(), id)
		if err != nil {
			return err
		}
		changed, err := in.apply(detail.Workspace)
		if err != nil {
			return err
		}
		if err := match.Check(detail.Version); err != nil {
			return err
		}
		if changed.IsDefault && changed.Visibility != domain.VisibilityOpen {
			return domain.ErrDefaultStaysOpen
		}
		if changed == detail.Workspace {
			updated = detail
			return nil // there is nothing to do, and the version stays
		}
		changed.UpdatedAt = s.clock.Now()
		detail.Workspace, err = workspaces.Save(ctx, changed)
		updated = detail
		return err
	})
	return updated, err
}

// apply returns the workspace with the input's changes, or everything that is
// wrong with them.
func (in UpdateInput) apply(w domain.Workspace) (domain.Workspace, error) {
	var errName, errDescription, errVisibility error
	if in.Name != nil {
		w.Name, errName = domain.ParseName("name", *in.Name)
	}
	if in.Description != nil {
		w.Description, errDescription = domain.ParseDescription("description", *in.Description)
	}
	if in.Visibility != nil {
		w.Visibility, errVisibility = domain.ParseVisibility(*in.Visibility)
	}
	return w, domain.JoinInvalid(errName, errDescription, errVisibility)
}
