package memory

import (
	"context"

	"rowhouse/core/domain"
)

func (r workspaces) AddMember(ctx context.Context, member domain.WorkspaceMember) error {
	workspace, membership := r.workspaceKey(member.Workspace), r.membershipKey(member.Membership)
	key := workspaceMemberKey{workspace, member.Membership}
	return r.write(ctx, func(tx *transaction) error {
		switch {
		case !tx.workspaces.has(workspace), !tx.memberships.has(membership):
			return domain.ErrNotFound
		case tx.workspaceMembers.has(key):
			return domain.ErrAlreadyMember
		}
		tx.workspaceMembers.put(tx, key, member)
		tx.workspaceMembersOf.add(tx, workspace, member.Membership)
		tx.addedTo.add(tx, membership, member.Workspace)
		return nil
	})
}

func (r workspaces) Members(ctx context.Context, id domain.WorkspaceID, page domain.PageRequest) (list domain.Page[domain.WorkspaceMemberDetail], err error) {
	workspace := r.workspaceKey(id)
	err = r.read(ctx, func(d *data) error {
		ids := d.workspaceMembersOf.of(workspace)
		end := len(ids)
		if page.After != "" {
			end, _ = d.workspaceMembersOf.search(workspace, domain.MembershipID(page.After))
		}
		list = newestFirst(ids, end, page.Limit, func(membership domain.MembershipID) (domain.WorkspaceMemberDetail, bool) {
			return domain.WorkspaceMemberDetail{
				WorkspaceMember: d.workspaceMembers[workspaceMemberKey{workspace, membership}],
				Member:          d.member(d.memberships[r.membershipKey(membership)]),
			}, true
		})
		return nil
	})
	return list, err
}

func (r workspaces) RemoveMember(ctx context.Context, id domain.WorkspaceID, membership domain.MembershipID) error {
	return r.write(ctx, func(tx *transaction) error {
		if !tx.workspaceMembers.has(workspaceMemberKey{r.workspaceKey(id), membership}) {
			return domain.ErrNotFound
		}
		tx.removeWorkspaceMember(r.id, id, membership)
		return nil
	})
}

func (tx *transaction) removeWorkspaceMember(organization domain.OrganizationID, workspace domain.WorkspaceID, membership domain.MembershipID) {
	key := owned[domain.WorkspaceID]{organization, workspace}
	tx.workspaceMembers.remove(tx, workspaceMemberKey{key, membership})
	tx.workspaceMembersOf.remove(tx, key, membership)
	tx.addedTo.remove(tx, owned[domain.MembershipID]{organization, membership}, workspace)
}
