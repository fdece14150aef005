package postgres

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// workspaceRow is a workspace as a row. What storage counts by itself is only
// read.
type workspaceRow struct {
	OrganizationID domain.OrganizationID `gorm:"primaryKey"`
	ID             domain.WorkspaceID    `gorm:"primaryKey"`
	CreatedBy      domain.UserID
	Name           string
	NameKey        string
	Slug           domain.Slug
	Description    string
	Visibility     domain.Visibility
	IsDefault      bool
	MemberCount    int64 `gorm:"->"`
	Version        int64
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

// TableName implements GORM's Tabler.
func (workspaceRow) TableName() string { return "app.workspaces" }

func (r workspaceRow) workspace() domain.Workspace {
	return domain.Workspace{
		ID: r.ID, Name: r.Name, Slug: r.Slug, Description: r.Description, Visibility: r.Visibility,
		IsDefault: r.IsDefault, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
}

type workspaces struct{ *tenant }

// addWorkspace counts a workspace and adds it, in one step, and says what it
// found. The organization's row is locked before, so that nobody else counts
// at the same time.
const addWorkspace = `
WITH found AS (
    SELECT o.workspace_limit, o.workspaces_used,
        EXISTS (SELECT FROM app.workspaces WHERE organization_id = @organization AND slug = @slug) AS taken
    FROM app.organizations o WHERE o.id = @organization
), room AS (
    UPDATE app.organizations SET workspaces_used = workspaces_used + 1
    WHERE id = @organization AND EXISTS (
        SELECT FROM found WHERE NOT taken AND (workspace_limit < 0 OR workspaces_used < workspace_limit)
    )
    RETURNING id
), added AS (
    INSERT INTO app.workspaces (organization_id, id, created_by, name, name_key, slug, description, visibility, is_default, created_at, updated_at)
    SELECT room.id, @id, @creator, @name, @name_key, @slug, @description, @visibility, @is_default, @created, @updated FROM room
    RETURNING id
)
SELECT EXISTS (SELECT FROM added) AS added, taken, workspace_limit, workspaces_used FROM found`

// addedWorkspace is what addWorkspace tells.
type addedWorkspace struct {
	Added, Taken                   bool
	WorkspaceLimit, WorkspacesUsed int64
}

func (r workspaces) Add(ctx context.Context, w domain.Workspace) error {
	var found []addedWorkspace
	err := r.ownLocked(ctx).Raw(addWorkspace, map[string]any{
		"organization": r.id, "id": w.ID, "creator": w.CreatedBy, "name": w.Name, "name_key": foldKey(w.Name), "slug": w.Slug,
		"description": w.Description, "visibility": w.Visibility, "is_default": w.IsDefault, "created": w.CreatedAt, "updated": w.UpdatedAt,
	}).Scan(&found).Error
	switch {
	case err != nil:
		return translate(err)
	case len(found) == 0:
		return domain.ErrNotFound
	case found[0].Added:
		return nil
	case found[0].Taken:
		return domain.ErrWorkspaceSlugTaken
	default:
		return domain.ErrWorkspaceLimitReached.WithLimit(found[0].WorkspaceLimit, found[0].WorkspacesUsed)
	}
}

func (r workspaces) TakenSlugs(ctx context.Context, candidates []domain.Slug) ([]domain.Slug, error) {
	var taken []domain.Slug
	err := r.scoped(ctx, "workspaces").Model(&workspaceRow{}).Where("slug = ANY(?)", texts(candidates)).Pluck("slug", &taken).Error
	return taken, translate(err)
}

func (r workspaces) Save(ctx context.Context, w domain.Workspace) (domain.Workspace, error) {
	row := workspaceRow{
		OrganizationID: r.id, ID: w.ID, CreatedBy: w.CreatedBy, Name: w.Name, NameKey: foldKey(w.Name), Slug: w.Slug,
		Description: w.Description, Visibility: w.Visibility, IsDefault: w.IsDefault,
		Version: w.Version + 1, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
	saved := r.scopedWrite(ctx, "workspaces").Model(&workspaceRow{}).Select("*").Omit("organization_id", "id", "member_count").
		Where("id = ? AND version = ?", w.ID, w.Version).Updates(row)
	switch {
	case violates(saved.Error, "workspaces_slug_key"):
		return domain.Workspace{}, domain.ErrWorkspaceSlugTaken
	case saved.Error != nil:
		return domain.Workspace{}, translate(saved.Error)
	case saved.RowsAffected == 0:
		_, err := r.Get(ctx, domain.WorkspaceViewer{SeesAll: true}, w.ID)
		return domain.Workspace{}, otherVersion(err)
	}
	return row.workspace(), nil
}

// removeWorkspace removes a workspace with the places in it, and uncounts it.
const removeWorkspace = `
WITH places AS (
    DELETE FROM app.workspace_members WHERE organization_id = @organization AND workspace_id = @id
), gone AS (
    DELETE FROM app.workspaces WHERE organization_id = @organization AND id = @id RETURNING id
)
UPDATE app.organizations SET workspaces_used = workspaces_used - 1
WHERE id = @organization AND EXISTS (SELECT FROM gone)`

func (r workspaces) Remove(ctx context.Context, id domain.WorkspaceID) error {
	removed := r.ownLocked(ctx).Exec(removeWorkspace, map[string]any{"organization": r.id, "id": id})
	return foundOne(removed.RowsAffected, translate(removed.Error))
}
