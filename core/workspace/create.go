package workspace

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// CreateInput is what Create needs to know.
type CreateInput struct {
	Name, Description string
	Visibility        string // "" for domain.VisibilityOpen
}

// Create makes a workspace, with the actor as its first member. It requires
// workspaces:manage, and fails with domain.ErrWorkspaceLimitReached.
func (s *Service) Create(ctx context.Context, actor domain.Actor, in CreateInput) (domain.WorkspaceDetail, error) {
	if err := policy.Require(actor, domain.WorkspacesManage); err != nil {
		return domain.WorkspaceDetail{}, err
	}
	workspace, err := s.parse(actor, in)
	if err != nil {
		return domain.WorkspaceDetail{}, err
	}
	var created domain.WorkspaceDetail
	err = s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		workspaces := tx.Tenant(actor.Organization).Workspaces()
		add := func(ctx context.Context, address domain.Slug) error {
			workspace.Slug = address
			return workspaces.Add(ctx, workspace)
		}
		base := s.slugs.From(workspace.Name, "workspace")
		if _, err := slug.ClaimFree(ctx, base, workspaces.TakenSlugs, add, domain.ErrWorkspaceSlugTaken); err != nil {
			return err
		}
		if err := workspaces.AddMember(ctx, domain.WorkspaceMember{
			Workspace: workspace.ID, Membership: actor.Membership, AddedBy: actor.User, CreatedAt: workspace.CreatedAt,
		}); err != nil {
			return err
		}
		created, err = workspaces.Get(ctx, actor.Viewer(), workspace.ID)
		return err
	})
	return created, err
}

func (s *Service) parse(actor domain.Actor, in CreateInput) (domain.Workspace, error) {
	name, errName := domain.ParseName("name", in.Name)
	description, errDescription := domain.ParseDescription("description", in.Description)
	visibility, errVisibility := domain.VisibilityOpen, error(nil)
	if in.Visibility != "" {
		visibility, errVisibility = domain.ParseVisibility(in.Visibility)
	}
	if err := domain.JoinInvalid(errName, errDescription, errVisibility); err != nil {
		return domain.Workspace{}, err
	}
	now := s.clock.Now()
	return domain.Workspace{
		ID: domain.WorkspaceID(s.ids.New()), Name: name, Description: description, Visibility: visibility,
		CreatedBy: actor.User, CreatedAt: now, UpdatedAt: now,
	}, nil
}
