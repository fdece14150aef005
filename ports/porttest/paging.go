package porttest

import (
	"fmt"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var pagingTests = []storeTest{
	{"pages of sessions have each once, in order", testSessionPaging},
	{"pages of organizations have each once, in order", testOrganizationPaging},
	{"pages of members have each once, in order", testMemberPaging},
	{"pages of workspaces have each once, in order, whatever their names", testWorkspacePaging},
	{"pages of workspaces have what the viewer sees", testWorkspaceViewerPaging},
	{"pages of a workspace's members have each once, in order", testWorkspaceMemberPaging},
	{"a page goes on where the last item was, though it is gone", testPagingAfterRemoval},
}

// walkAll checks that page by page, whatever their size, a list has exactly
// the wanted ids. key returns an item's sort key and its id.
func walkAll[T any, ID ~string](
	s *scene, what string, list func(domain.PageRequest) (domain.Page[T], error), key func(T) (after, id string), want []ID,
) {
	s.t.Helper()
	for _, limit := range []int{1, 2, 3, len(want), domain.MaxPageLimit} {
		var got []ID
		request := domain.PageRequest{Limit: limit}
		for more := true; more && len(got) <= len(want); {
			page, err := list(request)
			s.must(err)
			if len(page.Items) > limit || page.More && len(page.Items) < limit {
				s.t.Errorf("a page of %s at limit %d has %d items, more: %t", what, limit, len(page.Items), page.More)
			}
			for _, item := range page.Items {
				var id string
				request.After, id = key(item)
				request.AfterID = id
				got = append(got, ID(id))
			}
			more = page.More && len(page.Items) > 0
		}
		wantItems(s.t, fmt.Sprintf("%s by pages of %d", what, limit), got, want)

		beyond, err := list(request)
		s.must(err)
		if len(beyond.Items) > 0 || beyond.More {
			s.t.Errorf("the page of %s after the last item has %d items, more: %t; want none", what, len(beyond.Items), beyond.More)
		}
	}
}

func testSessionPaging(t *testing.T, s *scene) {
	var want []domain.SessionID
	eve := s.user("Eve")
	for range 7 {
		want = append([]domain.SessionID{s.session(eve.ID).ID}, want...)
		s.session(s.ada.ID)
	}
	walkAll(s, "sessions", func(page domain.PageRequest) (domain.Page[domain.Session], error) {
		return s.store.Sessions().List(t.Context(), eve.ID, page)
	}, func(session domain.Session) (string, string) { return string(session.ID), string(session.ID) }, want)
}

func testOrganizationPaging(t *testing.T, s *scene) {
	want := []domain.OrganizationID{s.globex.id, s.acme.id}
	for range 5 {
		want = append([]domain.OrganizationID{s.company(s.grace).id}, want...)
		s.company(s.linus)
	}
	walkAll(s, "organizations", func(page domain.PageRequest) (domain.Page[domain.MemberOrganization], error) {
		return s.store.Directory().Organizations(t.Context(), s.grace.ID, page)
	}, func(o domain.MemberOrganization) (string, string) { return string(o.ID), string(o.ID) }, want)
}

func testMemberPaging(t *testing.T, s *scene) {
	want := []domain.MembershipID{s.linusAtAcme, s.graceAtAcme, s.acme.membership}
	for range 4 {
		want = append([]domain.MembershipID{s.member(s.acme, s.user("Eve"), domain.RoleMember)}, want...)
		s.member(s.globex, s.user("Mallory"), domain.RoleMember)
	}
	walkAll(s, "members", func(page domain.PageRequest) (domain.Page[domain.Member], error) {
		return s.acme.in(s.store).Memberships().List(t.Context(), ports.MemberFilter{}, page)
	}, func(m domain.Member) (string, string) { return string(m.ID), string(m.ID) }, want)
}

// workspacePage and workspaceKey are how walkAll reads acme's workspaces.
func (s *scene) workspacePage(viewer domain.WorkspaceViewer) func(domain.PageRequest) (domain.Page[domain.WorkspaceDetail], error) {
	return func(page domain.PageRequest) (domain.Page[domain.WorkspaceDetail], error) {
		return s.acme.in(s.store).Workspaces().List(s.t.Context(), viewer, page)
	}
}

func workspaceKey(w domain.WorkspaceDetail) (string, string) { return w.Name, string(w.ID) }

func workspaceIDs(workspaces []domain.WorkspaceDetail) []domain.WorkspaceID {
	return idsOf(workspaces, func(w domain.WorkspaceDetail) domain.WorkspaceID { return w.ID })
}

func testWorkspacePaging(t *testing.T, s *scene) {
	// How they sort beyond ASCII letters is not promised, so the whole list is
	// the measure: what matters is that pages and list agree.
	for _, name := range []string{
		"twin", "TWIN", "Twin", "twin", "alpha", "Beta", "Éclair", "éclair", "Zoë", "ZOË", "Straße", "STRASSE",
		"a b", "a-b", "A_B", "ab", "10", "9", "%", "_", `\`, "'quoted'", "日本", "🦉", "İstanbul", "istanbul",
	} {
		s.workspace(s.acme, name, domain.VisibilityOpen)
		s.workspace(s.globex, name, domain.VisibilityOpen)
	}
	want := workspaceIDs(s.tenantState(s.acme).Workspaces)
	wantEqual(t, "workspaces", len(want), 28)
	walkAll(s, "workspaces", s.workspacePage(everything), workspaceKey, want)
}

func testWorkspaceViewerPaging(_ *testing.T, s *scene) {
	var want []domain.WorkspaceID
	for i := range 9 {
		visibility := domain.VisibilityRestricted
		if i%3 == 0 {
			visibility = domain.VisibilityOpen
		}
		workspace := s.workspace(s.acme, "A twin", visibility)
		if i%3 == 1 {
			s.admit(s.acme, workspace.ID, s.linusAtAcme)
		}
		if i%3 != 2 {
			want = append(want, workspace.ID)
		}
	}
	want = append(want, s.acme.workspace)
	walkAll(s, "workspaces of a member", s.workspacePage(domain.WorkspaceViewer{Membership: s.linusAtAcme}), workspaceKey, want)
}

func testWorkspaceMemberPaging(t *testing.T, s *scene) {
	want := []domain.MembershipID{s.graceAtAcme}
	for range 6 {
		id := s.member(s.acme, s.user("Eve"), domain.RoleMember)
		s.admit(s.acme, s.secret, id)
		want = append([]domain.MembershipID{id}, want...)
	}
	walkAll(s, "workspace members", func(page domain.PageRequest) (domain.Page[domain.WorkspaceMemberDetail], error) {
		return s.acme.in(s.store).Workspaces().Members(t.Context(), s.secret, page)
	}, func(m domain.WorkspaceMemberDetail) (string, string) {
		return string(m.Membership), string(m.Membership)
	}, want)
}

func testPagingAfterRemoval(t *testing.T, s *scene) {
	ctx, tenant := t.Context(), s.acme.in(s.store)
	s.must(tenant.Memberships().Remove(ctx, s.graceAtAcme))
	members, err := tenant.Memberships().List(ctx, ports.MemberFilter{}, domain.PageRequest{Limit: 2, After: string(s.graceAtAcme), AfterID: string(s.graceAtAcme)})
	s.must(err)
	wantItems(t, "members after one that is gone", membershipIDs(members.Items), []domain.MembershipID{s.acme.membership})

	gone := s.workspace(s.acme, "house", domain.VisibilityOpen)
	s.must(tenant.Workspaces().Remove(ctx, gone.ID))
	workspaces, err := tenant.Workspaces().List(ctx, everything, domain.PageRequest{Limit: 2, After: "HOUSE", AfterID: string(gone.ID)})
	s.must(err)
	wantItems(t, "workspaces after one that is gone", workspaceIDs(workspaces.Items), []domain.WorkspaceID{s.secret})
}
