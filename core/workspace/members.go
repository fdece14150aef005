package workspace

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// Members returns who was added to a workspace that the actor sees, newest
// membership first; the key of the page is the membership's id.
func (s *Service) Members(ctx context.Context, actor domain.Actor, id domain.WorkspaceID, page domain.PageRequest) (domain.Page[domain.WorkspaceMemberDetail], error) {
	workspaces := s.store.Tenant(actor.Organization).Workspaces()
	if _, err := workspaces.Get(ctx, actor.Viewer(), id); err != nil {
		return domain.Page[domain.WorkspaceMemberDetail]{}, err
	}
	return workspaces.Members(ctx, id, page)
}

// AddMember adds a member of the organization to a workspace. It requires
// workspaces:manage, and fails with domain.ErrAlreadyMember.
func (s *Service) AddMember(ctx context.Context, actor domain.Actor, id domain.WorkspaceID, membership domain.MembershipID) (domain.WorkspaceMemberDetail, error) {
	var added domain.WorkspaceMemberDetail
	if err := policy.Require(actor, domain.WorkspacesManage); err != nil {
		return added, err
	}
	err := s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		tenant := tx.Tenant(actor.Organization)
		if _, err := tenant.Workspaces().Get(ctx, actor.Viewer(), id); err != nil {
			return err
		}
		member, err := tenant.Memberships().Get(ctx, membership)
		if errors.Is(err, domain.ErrNotFound) {
			return domain.Invalid("membership_id", "unknown_member", "Choose a member of this organization.")
		}
		if err != nil {
			return err
		}
		added = domain.WorkspaceMemberDetail{
			WorkspaceMember: domain.WorkspaceMember{Workspace: id, Membership: membership, AddedBy: actor.User, CreatedAt: s.clock.Now()},
			Member:          member,
		}
		return tenant.Workspaces().AddMember(ctx, added.WorkspaceMember)
	})
	return added, err
}

// RemoveMember takes a member out of a workspace: oneself, or another, which
// requires workspaces:manage.
func (s *Service) RemoveMember(ctx context.Context, actor domain.Actor, id domain.WorkspaceID, membership domain.MembershipID) error {
	if err := policy.RequireSelfOr(actor, membership, domain.WorkspacesManage); err != nil {
		return err
	}
	workspaces := s.store.Tenant(actor.Organization).Workspaces()
	if _, err := workspaces.Get(ctx, actor.Viewer(), id); err != nil {
		return err
	}
	return workspaces.RemoveMember(ctx, id, membership)
}
