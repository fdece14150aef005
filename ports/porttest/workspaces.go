package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

var workspaceTests = []storeTest{
	{"a workspace comes back as stored, with its creator and how many were added", testWorkspaceRoundTrip},
	{"an unknown workspace is not found", testWorkspaceUnknown},
	{"a workspace's slug is unique in its organization only", testWorkspaceSlug},
	{"a saved workspace is replaced", testWorkspaceSave},
	{"an old version of a workspace cannot be saved", testWorkspaceVersion},
	{"a removed workspace is gone with its members' places, and no other", testWorkspaceRemove},
}

func testWorkspaceRoundTrip(t *testing.T, s *scene) {
	ctx, workspaces := t.Context(), s.acme.in(s.store).Workspaces()
	full, plain := s.newWorkspace(s.acme, "Ünïcödé 🦉", domain.VisibilityRestricted), s.newWorkspace(s.acme, "Plain", domain.VisibilityOpen)
	full.IsDefault, full.CreatedBy = false, s.grace.ID
	plain.Description = ""
	given := full
	given.Version = 9
	s.must(workspaces.Add(ctx, given))
	s.must(workspaces.Add(ctx, plain))
	s.admit(s.acme, full.ID, s.graceAtAcme)
	s.admit(s.acme, full.ID, s.linusAtAcme)
	for _, want := range []domain.WorkspaceDetail{
		{Workspace: full, CreatedByName: "Grace", Members: 2},
		{Workspace: plain, CreatedByName: "Ada"},
		{Workspace: s.acme.newDefaultWorkspace(), CreatedByName: "Ada"},
	} {
		got, err := workspaces.Get(ctx, everything, want.ID)
		s.must(err)
		wantEqual(t, "Get", got, want)
	}
	wantEqual(t, "workspaces", s.tenantState(s.acme).Organization.Workspaces, 4)
}

func testWorkspaceUnknown(t *testing.T, s *scene) {
	ctx, workspaces, before := t.Context(), s.acme.in(s.store).Workspaces(), s.state()
	unknown := s.newWorkspace(s.acme, "Unknown", domain.VisibilityOpen)
	_, err := workspaces.Get(ctx, everything, unknown.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	_, err = workspaces.Save(ctx, unknown)
	wantError(t, "Save", err, domain.ErrNotFound)
	wantError(t, "Remove", workspaces.Remove(ctx, unknown.ID), domain.ErrNotFound)
	wantSame(t, "the store", s.state(), before)
}

func testWorkspaceSlug(t *testing.T, s *scene) {
	ctx, acme, globex := t.Context(), s.acme.in(s.store).Workspaces(), s.globex.in(s.store).Workspaces()
	first := s.workspace(s.acme, "First", domain.VisibilityOpen)
	before := s.state()
	second := s.newWorkspace(s.acme, "Second", domain.VisibilityOpen)
	second.Slug = first.Slug
	wantError(t, "Add", acme.Add(ctx, second), domain.ErrWorkspaceSlugTaken)
	wantSame(t, "the store", s.state(), before)
	_, err := acme.Get(ctx, everything, second.ID)
	wantError(t, "Get of the one refused", err, domain.ErrNotFound)

	for _, tt := range []struct {
		c    company
		want []domain.Slug
	}{{s.acme, []domain.Slug{"general", first.Slug}}, {s.globex, []domain.Slug{"general"}}} {
		taken, err := tt.c.in(s.store).Workspaces().TakenSlugs(ctx, []domain.Slug{"free", first.Slug, "general", "free-2"})
		s.must(err)
		wantItems(t, "TakenSlugs", sorted(taken), tt.want)
	}
	elsewhere := s.newWorkspace(s.globex, "Elsewhere", domain.VisibilityOpen)
	elsewhere.Slug = first.Slug
	s.must(globex.Add(ctx, elsewhere))

	s.must(acme.Remove(ctx, first.ID))
	s.must(acme.Add(ctx, second))
	taken, err := acme.TakenSlugs(ctx, nil)
	s.must(err)
	wantItems(t, "TakenSlugs of none", taken, nil)
}

func testWorkspaceSave(t *testing.T, s *scene) {
	ctx, workspaces := t.Context(), s.acme.in(s.store).Workspaces()
	want, before := s.workspace(s.acme, "Before", domain.VisibilityOpen), s.tenantState(s.globex)
	s.admit(s.acme, want.ID, s.linusAtAcme)
	want.Name, want.Description, want.Visibility, want.UpdatedAt = "After", "", domain.VisibilityRestricted, noon.Add(time.Hour)
	saved, err := workspaces.Save(ctx, want)
	s.must(err)
	want.Version = 2
	wantEqual(t, "Save", saved, want)
	got, err := workspaces.Get(ctx, everything, want.ID)
	s.must(err)
	wantEqual(t, "Get", got, domain.WorkspaceDetail{Workspace: want, CreatedByName: "Ada", Members: 1})

	saved, err = workspaces.Save(ctx, saved)
	s.must(err)
	wantEqual(t, "the version after two changes", saved.Version, 3)
	wantItems(t, "the names in the list", s.workspaceNames(everything), []string{"After", "General", "Secret"})
	wantEqual(t, "workspaces", s.tenantState(s.acme).Organization.Workspaces, 3)
	wantSame(t, "globex", s.tenantState(s.globex), before)
}

func testWorkspaceVersion(t *testing.T, s *scene) {
	ctx, workspaces, workspace := t.Context(), s.acme.in(s.store).Workspaces(), s.workspace(s.acme, "New", domain.VisibilityOpen)
	_, err := workspaces.Save(ctx, workspace)
	s.must(err)
	before := s.state()
	for _, version := range []int64{1, 3, 0} {
		stale := workspace
		stale.Name, stale.Version = "Stale", version
		_, err = workspaces.Save(ctx, stale)
		wantError(t, "Save of another version", err, domain.ErrPreconditionFailed)
	}
	wantSame(t, "the store", s.state(), before)

	// Adding a member is no change of the workspace.
	s.admit(s.acme, workspace.ID, s.linusAtAcme)
	workspace.Version = 2
	saved, err := workspaces.Save(ctx, workspace)
	s.must(err)
	wantEqual(t, "the version after adding a member", saved.Version, 3)
}

func testWorkspaceRemove(t *testing.T, s *scene) {
	ctx, workspaces, before := t.Context(), s.acme.in(s.store).Workspaces(), s.state()
	workspace := s.workspace(s.acme, "Doomed", domain.VisibilityRestricted)
	s.admit(s.acme, workspace.ID, s.linusAtAcme)
	s.admit(s.acme, workspace.ID, s.graceAtAcme)
	s.must(workspaces.Remove(ctx, workspace.ID))
	_, err := workspaces.Get(ctx, everything, workspace.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	wantError(t, "Remove again", workspaces.Remove(ctx, workspace.ID), domain.ErrNotFound)
	members, err := workspaces.Members(ctx, workspace.ID, all)
	wantNothing(t, "Members", len(members.Items), err)
	wantSame(t, "the rest", s.state(), before)
}
