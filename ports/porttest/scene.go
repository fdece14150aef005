package porttest

import (
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// scene is a store in use: two organizations, and a person who is a member of
// both. A test that begins with an empty store misses what its adapter does to
// the rows that are there already.
//
//	         acme                     globex
//	ada      owner
//	grace    admin, added to secret   member
//	linus    member
//	hedy                              owner
//	alan
//	guest    invited                  invited
type scene struct {
	founder

	t *testing.T

	ada, grace, linus, hedy, alan domain.User
	acme, globex                  company
	graceAtAcme, linusAtAcme,
	graceAtGlobex domain.MembershipID
	secret, plans domain.WorkspaceID // restricted, at acme and at globex

	guestOfAcme, guestOfGlobex domain.Invitation
}

// guest is the address that both have invited.
const guest domain.Email = "guest@example.com"

// roomy are limits that no test reaches by accident.
var roomy = domain.Limits{Members: 200, Workspaces: 200, APICalls: 1000, StorageBytes: 1 << 40, ComputeSeconds: 3600}

func newScene(t *testing.T, store ports.Store) *scene {
	t.Helper()
	s := &scene{t: t, founder: founder{ids: &sequence{}, store: store}}
	s.ada, s.grace, s.linus, s.hedy = s.user("Ada"), s.user("Grace"), s.user("Linus"), s.user("Hedy")
	s.alan = s.user("Alan")
	s.acme, s.globex = s.company(s.ada), s.company(s.hedy)
	s.graceAtAcme = s.member(s.acme, s.grace, domain.RoleAdmin)
	s.linusAtAcme = s.member(s.acme, s.linus, domain.RoleMember)
	s.graceAtGlobex = s.member(s.globex, s.grace, domain.RoleMember)
	s.secret = s.workspace(s.acme, "Secret", domain.VisibilityRestricted).ID
	s.plans = s.workspace(s.globex, "Plans", domain.VisibilityRestricted).ID
	s.admit(s.acme, s.secret, s.graceAtAcme)
	s.guestOfAcme = s.invitation(s.acme, guest, domain.RoleMember)
	s.guestOfGlobex = s.invitation(s.globex, guest, domain.RoleAdmin)
	for _, user := range []domain.User{s.ada, s.grace, s.linus, s.hedy, s.alan} {
		s.session(user.ID)
		s.authToken(user.ID, domain.TokenResetPassword)
	}
	return s
}

// user stores a new user.
func (s *scene) user(name string) domain.User {
	s.t.Helper()
	user, err := s.addUser(s.t.Context(), name)
	s.must(err)
	return user
}

// company stores a whole organization with room for many.
func (s *scene) company(owner domain.User) company {
	s.t.Helper()
	c, err := s.found(s.t.Context(), owner, roomy)
	s.must(err)
	return c
}

// member stores a membership.
func (s *scene) member(c company, user domain.User, role domain.Role) domain.MembershipID {
	s.t.Helper()
	membership := s.newMembership(c, user.ID, role)
	s.must(c.in(s.store).Memberships().Add(s.t.Context(), membership))
	return membership.ID
}

// workspace stores a workspace.
func (s *scene) workspace(c company, name string, visibility domain.Visibility) domain.Workspace {
	s.t.Helper()
	workspace := s.newWorkspace(c, name, visibility)
	s.must(c.in(s.store).Workspaces().Add(s.t.Context(), workspace))
	return workspace
}

// admit adds a member to a workspace.
func (s *scene) admit(c company, workspace domain.WorkspaceID, membership domain.MembershipID) domain.WorkspaceMember {
	s.t.Helper()
	member := domain.WorkspaceMember{Workspace: workspace, Membership: membership, AddedBy: c.owner.ID, CreatedAt: noon}
	s.must(c.in(s.store).Workspaces().AddMember(s.t.Context(), member))
	return member
}

// invitation stores an invitation.
func (s *scene) invitation(c company, email domain.Email, role domain.Role) domain.Invitation {
	s.t.Helper()
	invitation := s.newInvitation(c, email, role)
	s.must(c.in(s.store).Invitations().Add(s.t.Context(), invitation))
	return invitation
}

// newSession returns a session that is not stored yet. No field is empty.
func (s *scene) newSession(user domain.UserID) domain.Session {
	return domain.Session{
		ID: newID[domain.SessionID](s.ids), User: user, Token: newToken(s.ids), UserAgent: "Browser/1.0", IP: "2001:db8::1",
		CreatedAt: noon, LastSeenAt: noon.Add(5000), SudoAt: noon.Add(6000),
	}
}

// session stores a session.
func (s *scene) session(user domain.UserID) domain.Session {
	s.t.Helper()
	session := s.newSession(user)
	s.must(s.store.Sessions().Add(s.t.Context(), session))
	return session
}

// authToken stores a token.
func (s *scene) authToken(user domain.UserID, purpose domain.TokenPurpose) domain.AuthToken {
	s.t.Helper()
	token := domain.AuthToken{
		Hash: newToken(s.ids), Purpose: purpose, User: user, Email: "proof@example.com", CreatedAt: noon,
	}
	s.must(s.store.AuthTokens().Add(s.t.Context(), token))
	return token
}

// update runs fn in an update of the company.
func (s *scene) update(c company, fn func(ports.Repositories) error) {
	s.t.Helper()
	s.must(s.store.Update(s.t.Context(), c.scope(), fn))
}

// must ends the test on an error that is not what it is about.
func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("unexpected error: %v", err)
	}
}

// all asks for the first page, of the largest size.
var all = domain.PageRequest{Limit: domain.MaxPageLimit}

// everything is a viewer who sees all workspaces.
var everything = domain.WorkspaceViewer{SeesAll: true}
