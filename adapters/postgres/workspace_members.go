package postgres

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// addWorkspaceMember adds a member of the organization to a workspace, counts
// it, and says what it found.
const addWorkspaceMember = `
WITH found AS (
    SELECT w.organization_id, w.id AS workspace_id, m.id AS membership_id
    FROM app.workspaces w JOIN app.memberships m ON m.organization_id = w.organization_id
    WHERE w.organization_id = @organization AND w.id = @workspace AND m.id = @membership
), added AS (
    INSERT INTO app.workspace_members (organization_id, workspace_id, membership_id, added_by, created_at)
    SELECT organization_id, workspace_id, membership_id, @adder, @created FROM found
    ON CONFLICT DO NOTHING
    RETURNING workspace_id
), counted AS (
    UPDATE app.workspaces SET member_count = member_count + 1
    WHERE organization_id = @organization AND id IN (SELECT workspace_id FROM added)
)
SELECT EXISTS (SELECT FROM found) AS found, EXISTS (SELECT FROM added) AS added`

func (r workspaces) AddMember(ctx context.Context, m domain.WorkspaceMember) error {
	var result struct{ Found, Added bool }
	err := r.ownWrite(ctx).Raw(addWorkspaceMember, map[string]any{
		"organization": r.id, "workspace": m.Workspace, "membership": m.Membership, "adder": m.AddedBy, "created": m.CreatedAt,
	}).Scan(&result).Error
	switch {
	case has(err, codeForeignKey): // it has just been removed
		return domain.ErrNotFound
	case err != nil:
		return translate(err)
	case !result.Found:
		return domain.ErrNotFound
	case !result.Added:
		return domain.ErrAlreadyMember
	}
	return nil
}

// workspaceMemberRow is a member's place in a workspace, with the person
// behind it.
type workspaceMemberRow struct {
	WorkspaceID domain.WorkspaceID
	AddedBy     domain.UserID
	AddedAt     time.Time
	Member      memberRow `gorm:"embedded"`
}

func (r workspaceMemberRow) detail() domain.WorkspaceMemberDetail {
	member := r.Member.member()
	return domain.WorkspaceMemberDetail{
		WorkspaceMember: domain.WorkspaceMember{Workspace: r.WorkspaceID, Membership: member.ID, AddedBy: r.AddedBy, CreatedAt: r.AddedAt},
		Member:          member,
	}
}

func (r workspaces) Members(ctx context.Context, id domain.WorkspaceID, page domain.PageRequest) (domain.Page[domain.WorkspaceMemberDetail], error) {
	var found []workspaceMemberRow
	err := memberships(r).members(ctx).
		Select("p.workspace_id, p.added_by, p.created_at AS added_at, "+memberColumns).
		Joins("JOIN app.workspace_members p ON p.organization_id = m.organization_id AND p.membership_id = m.id").
		Where("p.workspace_id = ? AND m.id < ?", id, beforeKey(page.After)).
		Order("m.id DESC").Limit(page.Limit + 1).Find(&found).Error
	return pageOf(found, page.Limit, workspaceMemberRow.detail), translate(err)
}

// removeWorkspaceMember takes a member out of a workspace and counts it down.
const removeWorkspaceMember = `
WITH gone AS (
    DELETE FROM app.workspace_members
    WHERE organization_id = @organization AND workspace_id = @workspace AND membership_id = @membership
    RETURNING workspace_id
)
UPDATE app.workspaces SET member_count = member_count - 1
WHERE organization_id = @organization AND id IN (SELECT workspace_id FROM gone)`

func (r workspaces) RemoveMember(ctx context.Context, id domain.WorkspaceID, membership domain.MembershipID) error {
	removed := r.ownWrite(ctx).Exec(removeWorkspaceMember, map[string]any{"organization": r.id, "workspace": id, "membership": membership})
	return foundOne(removed.RowsAffected, translate(removed.Error))
}
