package porttest

import (
	"slices"
	"strings"
	"testing"

	"rowhouse/core/domain"
)

var workspaceListTests = []storeTest{
	{"a restricted workspace is there for those who were added, and for who sees all", testViewer},
	{"workspaces are listed by name without regard to case", testWorkspaceOrder},
	{"workspaces of equal names are listed by id", testWorkspaceTies},
	{"a renamed workspace moves in the list", testWorkspaceRenamed},
}

// workspaceNames lists acme's workspaces as a viewer sees them.
func (s *scene) workspaceNames(viewer domain.WorkspaceViewer) []string {
	s.t.Helper()
	page, err := s.acme.in(s.store).Workspaces().List(s.t.Context(), viewer, all)
	s.must(err)
	wantEqual(s.t, "more workspaces", page.More, false)
	return idsOf(page.Items, func(w domain.WorkspaceDetail) string { return w.Name })
}

func testViewer(t *testing.T, s *scene) {
	ctx, workspaces := t.Context(), s.acme.in(s.store).Workspaces()
	plans := s.workspace(s.acme, "Plans", domain.VisibilityRestricted)
	s.admit(s.acme, plans.ID, s.linusAtAcme)
	for _, tt := range []struct {
		name   string
		viewer domain.WorkspaceViewer
		want   []string
	}{
		{"somebody who sees all", everything, []string{"General", "Plans", "Secret"}},
		{"a member who sees all", domain.WorkspaceViewer{Membership: s.linusAtAcme, SeesAll: true}, []string{"General", "Plans", "Secret"}},
		{"a member of the one", domain.WorkspaceViewer{Membership: s.graceAtAcme}, []string{"General", "Secret"}},
		{"a member of the other", domain.WorkspaceViewer{Membership: s.linusAtAcme}, []string{"General", "Plans"}},
		{"a member of none", domain.WorkspaceViewer{Membership: s.acme.membership}, []string{"General"}},
		{"another organization's member", domain.WorkspaceViewer{Membership: s.graceAtGlobex}, []string{"General"}},
	} {
		wantItems(t, "the list for "+tt.name, s.workspaceNames(tt.viewer), tt.want)
		for _, workspace := range s.tenantState(s.acme).Workspaces {
			got, err := workspaces.Get(ctx, tt.viewer, workspace.ID)
			if slices.Contains(tt.want, workspace.Name) {
				s.must(err)
				wantEqual(t, "Get for "+tt.name, got, workspace)
			} else {
				wantError(t, "Get for "+tt.name, err, domain.ErrNotFound)
			}
		}
	}

	s.must(workspaces.RemoveMember(ctx, plans.ID, s.linusAtAcme))
	wantItems(t, "the list for who was taken out", s.workspaceNames(domain.WorkspaceViewer{Membership: s.linusAtAcme}), []string{"General"})
	plans.Visibility = domain.VisibilityOpen
	_, err := workspaces.Save(ctx, plans)
	s.must(err)
	wantItems(t, "the list once it is open", s.workspaceNames(domain.WorkspaceViewer{Membership: s.acme.membership}), []string{"General", "Plans"})
}

func testWorkspaceOrder(t *testing.T, s *scene) {
	// By bytes, capitals would come first.
	for _, name := range []string{"zebra", "Apple", "mango", "banana", "Zoo", "Cherry"} {
		s.workspace(s.acme, name, domain.VisibilityOpen)
	}
	want := []string{"Apple", "banana", "Cherry", "General", "mango", "Secret", "zebra", "Zoo"}
	wantItems(t, "the list", s.workspaceNames(everything), want)
}

func testWorkspaceTies(t *testing.T, s *scene) {
	var want []domain.WorkspaceID
	for _, name := range []string{"twin", "TWIN", "Twin", "twin", "tWIN"} {
		want = append(want, s.workspace(s.acme, name, domain.VisibilityOpen).ID)
	}
	var got []domain.WorkspaceID
	for _, workspace := range s.tenantState(s.acme).Workspaces {
		if strings.EqualFold(workspace.Name, "twin") {
			got = append(got, workspace.ID)
		}
	}
	wantItems(t, "workspaces of equal names", got, want)
}

func testWorkspaceRenamed(t *testing.T, s *scene) {
	workspace := s.workspace(s.acme, "Alpha", domain.VisibilityOpen)
	wantItems(t, "the list before", s.workspaceNames(everything), []string{"Alpha", "General", "Secret"})
	workspace.Name = "omega"
	_, err := s.acme.in(s.store).Workspaces().Save(t.Context(), workspace)
	s.must(err)
	wantItems(t, "the list after", s.workspaceNames(everything), []string{"General", "omega", "Secret"})
}

func sorted(slugs []domain.Slug) []domain.Slug { return slices.Sorted(slices.Values(slugs)) }
