package memory

import (
	"context"
	"fmt"
	"slices"

	"rowhouse/core/domain"
)

type workspaces struct{ *tenant }

func (r workspaces) Add(ctx context.Context, workspace domain.Workspace) error {
	key := r.workspaceKey(workspace.ID)
	return r.write(ctx, func(tx *transaction) error {
		organization, err := tx.organizations.get(r.id)
		switch {
		case err != nil:
			return err
		case tx.workspaces.has(key):
			return fmt.Errorf("add workspace %s: %w", workspace.ID, errExists)
		case tx.workspaceBySlug.has(r.slugKey(workspace.Slug)):
			return domain.ErrWorkspaceSlugTaken
		case !organization.WorkspaceLimit.Allows(organization.Workspaces + 1):
			return domain.ErrWorkspaceLimitReached.WithLimit(int64(organization.WorkspaceLimit), organization.Workspaces)
		}
		organization.Workspaces++
		workspace.Version = 1
		tx.organizations.put(tx, r.id, organization)
		tx.workspaces.put(tx, key, workspace)
		tx.workspaceBySlug.put(tx, r.slugKey(workspace.Slug), workspace.ID)
		tx.workspacesOf.add(tx, r.id, newWorkspaceEntry(workspace.Name, workspace.ID))
		return nil
	})
}

func (r workspaces) Get(ctx context.Context, viewer domain.WorkspaceViewer, id domain.WorkspaceID) (detail domain.WorkspaceDetail, err error) {
	key := r.workspaceKey(id)
	err = r.read(ctx, func(d *data) error {
		if !d.workspaces.has(key) || !d.sees(viewer, key) {
			return domain.ErrNotFound
		}
		detail = d.workspaceDetail(key)
		return nil
	})
	return detail, err
}

func (r workspaces) List(ctx context.Context, viewer domain.WorkspaceViewer, page domain.PageRequest) (list domain.Page[domain.WorkspaceDetail], err error) {
	err = r.read(ctx, func(d *data) error {
		entries := d.workspacesOf.of(r.id)
		if page.AfterID != "" {
			i, found := d.workspacesOf.search(r.id, newWorkspaceEntry(page.After, domain.WorkspaceID(page.AfterID)))
			if found {
				i++
			}
			entries = entries[i:]
		}
		found := make([]domain.WorkspaceDetail, 0, min(len(entries), page.Limit+1))
		for _, entry := range entries {
			if len(found) > page.Limit {
				break
			}
			if key := r.workspaceKey(entry.id); d.sees(viewer, key) {
				found = append(found, d.workspaceDetail(key))
			}
		}
		list = domain.PageOf(found, page.Limit)
		return nil
	})
	return list, err
}

func (r workspaces) TakenSlugs(ctx context.Context, slugs []domain.Slug) (taken []domain.Slug, err error) {
	err = r.read(ctx, func(d *data) error {
		for _, slug := range slugs {
			if d.workspaceBySlug.has(r.slugKey(slug)) {
				taken = append(taken, slug)
			}
		}
		return nil
	})
	return taken, err
}

func (r workspaces) Save(ctx context.Context, workspace domain.Workspace) (domain.Workspace, error) {
	key := r.workspaceKey(workspace.ID)
	err := r.write(ctx, func(tx *transaction) error {
		before, err := tx.workspaces.get(key)
		switch {
		case err != nil:
			return err
		case before.Version != workspace.Version:
			return domain.ErrPreconditionFailed
		case before.Slug != workspace.Slug && tx.workspaceBySlug.has(r.slugKey(workspace.Slug)):
			return domain.ErrWorkspaceSlugTaken
		}
		workspace.Version++
		tx.workspaceBySlug.remove(tx, r.slugKey(before.Slug))
		tx.workspaceBySlug.put(tx, r.slugKey(workspace.Slug), workspace.ID)
		tx.workspacesOf.remove(tx, r.id, newWorkspaceEntry(before.Name, before.ID))
		tx.workspacesOf.add(tx, r.id, newWorkspaceEntry(workspace.Name, workspace.ID))
		tx.workspaces.put(tx, key, workspace)
		return nil
	})
	if err != nil {
		return domain.Workspace{}, err
	}
	return workspace, nil
}

func (r workspaces) Remove(ctx context.Context, id domain.WorkspaceID) error {
	key := r.workspaceKey(id)
	return r.write(ctx, func(tx *transaction) error {
		if !tx.workspaces.has(key) {
			return domain.ErrNotFound
		}
		tx.removeWorkspace(key)
		return nil
	})
}

func (r workspaces) slugKey(slug domain.Slug) owned[domain.Slug] {
	return owned[domain.Slug]{r.id, slug}
}

func (d *data) sees(viewer domain.WorkspaceViewer, key owned[domain.WorkspaceID]) bool {
	return viewer.SeesAll || d.workspaces[key].Visibility == domain.VisibilityOpen ||
		d.workspaceMembers.has(workspaceMemberKey{key, viewer.Membership})
}

func (d *data) workspaceDetail(key owned[domain.WorkspaceID]) domain.WorkspaceDetail {
	workspace := d.workspaces[key]
	return domain.WorkspaceDetail{
		Workspace:     workspace,
		CreatedByName: d.users[workspace.CreatedBy].Name,
		Members:       int64(len(d.workspaceMembersOf.of(key))),
	}
}

func (tx *transaction) removeWorkspace(key owned[domain.WorkspaceID]) {
	for _, membership := range slices.Clone(tx.workspaceMembersOf.of(key)) {
		tx.removeWorkspaceMember(key.organization, key.id, membership)
	}
	workspace := tx.workspaces[key]
	organization := tx.organizations[key.organization]
	organization.Workspaces--
	tx.organizations.put(tx, key.organization, organization)
	tx.workspaceBySlug.remove(tx, owned[domain.Slug]{key.organization, workspace.Slug})
	tx.workspacesOf.remove(tx, key.organization, newWorkspaceEntry(workspace.Name, workspace.ID))
	tx.workspaces.remove(tx, key)
}
