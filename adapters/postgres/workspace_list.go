package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"rowhouse/core/domain"
)

// Lists of workspaces are asked for with every page of the web app, so their
// rows are scanned by hand; see docs/adr.

// workspaceColumns are what a viewer is shown of a workspace.
const workspaceColumns = `
SELECT w.id, w.created_by, w.name, w.slug, w.description, w.visibility, w.is_default, w.member_count, w.version,
    w.created_at, w.updated_at, coalesce(u.name, '')
FROM app.workspaces w LEFT JOIN app.users u ON u.id = w.created_by
WHERE w.organization_id = $1`

// seenByMember narrows workspaces to those that are open and those that the
// member was added to.
const seenByMember = `
    AND (w.visibility = 'open' OR EXISTS (
        SELECT FROM app.workspace_members p
        WHERE p.organization_id = w.organization_id AND p.workspace_id = w.id AND p.membership_id = $2))`

const (
	getWorkspace   = workspaceColumns + ` AND w.id = $2`
	getMyWorkspace = workspaceColumns + seenByMember + ` AND w.id = $3`

	listWorkspaces   = workspaceColumns + ` AND (w.name_key, w.id) > ($2, $3) ORDER BY w.name_key, w.id LIMIT $4`
	listMyWorkspaces = workspaceColumns + seenByMember + ` AND (w.name_key, w.id) > ($3, $4) ORDER BY w.name_key, w.id LIMIT $5`
)

func (r workspaces) Get(ctx context.Context, viewer domain.WorkspaceViewer, id domain.WorkspaceID) (domain.WorkspaceDetail, error) {
	query, args := getWorkspace, []any{r.id, id}
	if !viewer.SeesAll {
		query, args = getMyWorkspace, []any{r.id, viewer.Membership, id}
	}
	found, err := r.query(ctx, 1, query, args...)
	if err == nil && len(found) == 0 {
		err = domain.ErrNotFound
	}
	if err != nil {
		return domain.WorkspaceDetail{}, err
	}
	return found[0], nil
}

func (r workspaces) List(ctx context.Context, viewer domain.WorkspaceViewer, page domain.PageRequest) (domain.Page[domain.WorkspaceDetail], error) {
	after := page.AfterID
	if after == "" {
		after = firstID
	}
	query, args := listWorkspaces, []any{r.id, foldKey(page.After), after, page.Limit + 1}
	if !viewer.SeesAll {
		query, args = listMyWorkspaces, []any{r.id, viewer.Membership, foldKey(page.After), after, page.Limit + 1}
	}
	found, err := r.query(ctx, page.Limit+1, query, args...)
	return domain.PageOf(found, page.Limit), err
}

// firstID is below all ids that there are.
const firstID = "00000000-0000-0000-0000-000000000000"

// query reads up to so many workspaces, in the update where there is one.
func (r workspaces) query(ctx context.Context, most int, query string, args ...any) ([]domain.WorkspaceDetail, error) {
	found := make([]domain.WorkspaceDetail, 0, min(most, 32))
	err := r.scanOwn(ctx, func(rows scanned) (err error) {
		found, err = scanWorkspaces(found, rows)
		return err
	}, query, args...)
	return found, err
}

// scanOwn runs a statement in the tenant's session, past GORM where there is no
// update, and over the connection of that where there is one.
func (t *tenant) scanOwn(ctx context.Context, scan func(scanned) error, query string, args ...any) error {
	if !t.inUpdate {
		return translate(t.store.pool.query(ctx, session{organization: t.id}, func(rows pgx.Rows) error { return scan(rows) }, query, args...))
	}
	rows, err := t.own(ctx).Raw(query, args...).Rows() //nolint:rowserrcheck // scan checks it
	if err != nil {
		return translate(err)
	}
	defer func() { _ = rows.Close() }() // again, where it did not come so far
	if err := scan(rows); err != nil {
		return translate(err)
	}
	return translate(rows.Close())
}

// scanned are rows of pgx or of database/sql.
type scanned interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
}

// scanWorkspaces adds the workspaces in rows to those that were found.
func scanWorkspaces(found []domain.WorkspaceDetail, rows scanned) ([]domain.WorkspaceDetail, error) {
	for rows.Next() {
		found = append(found, domain.WorkspaceDetail{})
		if err := rows.Scan(workspaceFields(&found[len(found)-1])...); err != nil {
			return found, err
		}
	}
	return found, rows.Err()
}

// workspaceFields are where workspaceColumns go.
func workspaceFields(w *domain.WorkspaceDetail) []any {
	return []any{
		&w.ID, &w.CreatedBy, &w.Name, &w.Slug, &w.Description, &w.Visibility, &w.IsDefault, &w.Members, &w.Version,
		&w.CreatedAt, &w.UpdatedAt, &w.CreatedByName,
	}
}
