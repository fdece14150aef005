package workspace

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// Delete removes a workspace. It requires workspaces:manage, and fails with
// domain.ErrDefaultWorkspace or domain.ErrPreconditionFailed.
func (s *Service) Delete(ctx context.Context, actor domain.Actor, id domain.WorkspaceID, match domain.Precondition) error {
	if err := policy.Require(actor, domain.WorkspacesManage); err != nil {
		return err
	}
	return s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		workspaces := tx.Tenant(actor.Organization).Workspaces()
		workspace, err := workspaces.Get(ctx, actor.Viewer(), id)
		if err != nil {
			return err
		}
		if err := match.Check(workspace.Version); err != nil {
			return err
		}
		if workspace.IsDefault {
			return domain.ErrDefaultWorkspace
		}
		return workspaces.Remove(ctx, id)
	})
}
