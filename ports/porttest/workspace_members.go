package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

var workspaceMemberTests = []storeTest{
	{"who was added is listed as stored, newest membership first", testWorkspaceMembers},
	{"nobody is added to a workspace twice", testWorkspaceMemberTwice},
	{"only members of the organization can be added, to workspaces that exist", testWorkspaceMemberUnknown},
	{"a member is taken out of one workspace only", testWorkspaceMemberRemove},
}

func testWorkspaceMembers(t *testing.T, s *scene) {
	ctx, tenant := t.Context(), s.acme.in(s.store)
	// In another order than that of the memberships, and at another time.
	grace := domain.WorkspaceMember{Workspace: s.acme.workspace, Membership: s.graceAtAcme, AddedBy: s.linus.ID, CreatedAt: noon.Add(time.Hour)}
	s.must(tenant.Workspaces().AddMember(ctx, grace))
	ada := s.admit(s.acme, s.acme.workspace, s.acme.membership)
	linus := s.admit(s.acme, s.acme.workspace, s.linusAtAcme)
	page, err := tenant.Workspaces().Members(ctx, s.acme.workspace, all)
	s.must(err)
	var want []domain.WorkspaceMemberDetail
	for _, member := range []domain.WorkspaceMember{linus, grace, ada} {
		detail, err := tenant.Memberships().Get(ctx, member.Membership)
		s.must(err)
		want = append(want, domain.WorkspaceMemberDetail{WorkspaceMember: member, Member: detail})
	}
	wantItems(t, "Members", page.Items, want)
	wantEqual(t, "the other workspace's members", len(s.tenantState(s.acme).Added[s.secret]), 1)
}

func testWorkspaceMemberTwice(t *testing.T, s *scene) {
	before := s.state()
	again := domain.WorkspaceMember{Workspace: s.secret, Membership: s.graceAtAcme, AddedBy: s.ada.ID, CreatedAt: noon.Add(time.Hour)}
	err := s.acme.in(s.store).Workspaces().AddMember(t.Context(), again)
	wantError(t, "AddMember", err, domain.ErrAlreadyMember)
	wantSame(t, "the store", s.state(), before)
}

func testWorkspaceMemberUnknown(t *testing.T, s *scene) {
	ctx, workspaces, before := t.Context(), s.acme.in(s.store).Workspaces(), s.state()
	workspace, membership := newID[domain.WorkspaceID](s.ids), newID[domain.MembershipID](s.ids)
	for _, member := range []domain.WorkspaceMember{
		{Workspace: workspace, Membership: s.linusAtAcme},
		{Workspace: s.secret, Membership: membership},
		{Workspace: workspace, Membership: membership},
	} {
		member.AddedBy, member.CreatedAt = s.ada.ID, noon
		wantError(t, "AddMember", workspaces.AddMember(ctx, member), domain.ErrNotFound)
		wantError(t, "RemoveMember", workspaces.RemoveMember(ctx, member.Workspace, member.Membership), domain.ErrNotFound)
	}
	wantError(t, "RemoveMember of who was not added", workspaces.RemoveMember(ctx, s.secret, s.linusAtAcme), domain.ErrNotFound)
	members, err := workspaces.Members(ctx, workspace, all)
	wantNothing(t, "Members", len(members.Items), err)
	wantSame(t, "the store", s.state(), before)
}

func testWorkspaceMemberRemove(t *testing.T, s *scene) {
	ctx, workspaces := t.Context(), s.acme.in(s.store).Workspaces()
	before := s.state()
	s.admit(s.acme, s.acme.workspace, s.graceAtAcme)
	s.must(workspaces.RemoveMember(ctx, s.acme.workspace, s.graceAtAcme))
	wantError(t, "RemoveMember again", workspaces.RemoveMember(ctx, s.acme.workspace, s.graceAtAcme), domain.ErrNotFound)
	wantSame(t, "the rest", s.state(), before)
	s.admit(s.acme, s.acme.workspace, s.graceAtAcme)
}
