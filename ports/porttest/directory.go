package porttest

import (
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var directoryTests = []storeTest{
	{"a member is an actor, by id and by slug", testActor},
	{"a stranger cannot tell an organization from none", testActorStranger},
	{"an actor is what the membership and the organization are now", testActorNow},
	{"a user's organizations come newest first, with the user's role", testOrganizations},
	{"an id that is none names nothing", testNoID},
	{"a user's actors are all of the user's memberships", testActors},
}

// actor returns what the user is where ref leads to.
func (s *scene) actor(user domain.UserID, ref string) domain.Actor {
	s.t.Helper()
	actor, err := s.store.Directory().Actor(s.t.Context(), user, ref)
	s.must(err)
	return actor
}

func testActor(t *testing.T, s *scene) {
	for _, want := range []domain.Actor{
		{User: s.ada.ID, Organization: s.acme.id, Membership: s.acme.membership, Role: domain.RoleOwner},
		{User: s.grace.ID, Organization: s.acme.id, Membership: s.graceAtAcme, Role: domain.RoleAdmin},
		{User: s.grace.ID, Organization: s.globex.id, Membership: s.graceAtGlobex, Role: domain.RoleMember},
	} {
		slug := s.acme.slug
		if want.Organization == s.globex.id {
			slug = s.globex.slug
		}
		wantEqual(t, "Actor by id", s.actor(want.User, string(want.Organization)), want)
		wantEqual(t, "Actor by slug", s.actor(want.User, string(slug)), want)
	}
}

func testActorStranger(t *testing.T, s *scene) {
	nobody := newID[domain.UserID](s.ids)
	for _, tt := range []struct {
		name string
		user domain.UserID
		ref  string
	}{
		{"another's organization by id", s.linus.ID, string(s.globex.id)},
		{"another's organization by slug", s.linus.ID, string(s.globex.slug)},
		{"an unknown id", s.linus.ID, newID[string](s.ids)},
		{"an unknown slug", s.linus.ID, "nowhere"},
		{"an empty text", s.linus.ID, ""},
		{"a text that is no slug", s.linus.ID, "No' place\\%_"},
		{"a membership's id", s.linus.ID, string(s.linusAtAcme)},
		{"an unknown user", nobody, string(s.acme.id)},
		{"an unknown user and slug", nobody, "nowhere"},
	} {
		_, err := s.store.Directory().Actor(t.Context(), tt.user, tt.ref)
		wantError(t, "Actor for "+tt.name, err, domain.ErrNotFound)
	}
}

func testActorNow(t *testing.T, s *scene) {
	ctx := t.Context()
	s.update(s.acme, func(tx ports.Repositories) error {
		tenant := s.acme.in(tx)
		member, err := tenant.Memberships().Get(ctx, s.linusAtAcme)
		s.must(err)
		member.Role = domain.RoleAdmin
		_, err = tenant.Memberships().Save(ctx, member.Membership)
		s.must(err)
		organization, err := tenant.Organization().Get(ctx)
		s.must(err)
		organization.SuspendedAt = noon
		_, err = tenant.Organization().Save(ctx, organization)
		return err
	})
	want := domain.Actor{User: s.linus.ID, Organization: s.acme.id, Membership: s.linusAtAcme, Role: domain.RoleAdmin, Suspended: true}
	wantEqual(t, "Actor", s.actor(s.linus.ID, string(s.acme.slug)), want)
	wantItems(t, "Actors", s.actors(s.linus.ID), []domain.Actor{want})

	s.must(s.acme.in(s.store).Memberships().Remove(ctx, s.linusAtAcme))
	_, err := s.store.Directory().Actor(ctx, s.linus.ID, string(s.acme.slug))
	wantError(t, "Actor of a former member", err, domain.ErrNotFound)
	wantItems(t, "Actors of a former member", s.actors(s.linus.ID), nil)
	wantItems(t, "Organizations of a former member", s.userState(s.linus.ID).Organizations, nil)
}

func testOrganizations(t *testing.T, s *scene) {
	newest := s.company(s.grace)
	want := []domain.MemberOrganization{
		{OrganizationDetail: s.tenantState(newest).Organization, Membership: newest.membership, Role: domain.RoleOwner},
		{OrganizationDetail: s.tenantState(s.globex).Organization, Membership: s.graceAtGlobex, Role: domain.RoleMember},
		{OrganizationDetail: s.tenantState(s.acme).Organization, Membership: s.graceAtAcme, Role: domain.RoleAdmin},
	}
	wantItems(t, "Organizations", s.userState(s.grace.ID).Organizations, want)
	wantEqual(t, "the owner's name", want[1].OwnerName, s.hedy.Name)
	wantEqual(t, "the plan", want[1].Plan, domain.TierFree)
}

func testActors(t *testing.T, s *scene) {
	wantItems(t, "Actors of a member of two", s.actors(s.grace.ID), []domain.Actor{
		{User: s.grace.ID, Organization: s.acme.id, Membership: s.graceAtAcme, Role: domain.RoleAdmin},
		{User: s.grace.ID, Organization: s.globex.id, Membership: s.graceAtGlobex, Role: domain.RoleMember},
	})
	wantItems(t, "Actors of a member of none", s.actors(s.user("Eve").ID), nil)
}

func testNoID(t *testing.T, s *scene) {
	ctx, acme, before := t.Context(), s.acme.in(s.store), s.state()
	for _, id := range []string{"", "x", string(s.linusAtAcme) + "0", "' OR true --"} {
		member, workspace := s.newMembership(s.acme, s.alan.ID, domain.RoleMember), s.newWorkspace(s.acme, "New", domain.VisibilityOpen)
		member.ID, workspace.ID = domain.MembershipID(id), domain.WorkspaceID(id)
		for name, err := range map[string]error{
			"Users.Get":                  second(s.store.Users().Get(ctx, domain.UserID(id))),
			"Sessions.Remove":            s.store.Sessions().Remove(ctx, s.ada.ID, domain.SessionID(id)),
			"Memberships.Get":            second(acme.Memberships().Get(ctx, member.ID)),
			"Memberships.Save":           second(acme.Memberships().Save(ctx, member)),
			"Memberships.Remove":         acme.Memberships().Remove(ctx, member.ID),
			"Invitations.Get":            second(acme.Invitations().Get(ctx, domain.InvitationID(id))),
			"Invitations.Save":           acme.Invitations().Save(ctx, domain.Invitation{ID: domain.InvitationID(id), State: domain.InvitationPending, Inviter: s.ada.ID, CreatedAt: noon, LastSentAt: noon, ExpiresAt: noon}),
			"Directory.InvitationTo":     second(s.store.Directory().InvitationTo(ctx, guest, domain.InvitationID(id))),
			"Workspaces.Get":             second(acme.Workspaces().Get(ctx, everything, workspace.ID)),
			"Workspaces.Get by a member": second(acme.Workspaces().Get(ctx, domain.WorkspaceViewer{Membership: member.ID}, s.secret)),
			"Workspaces.Save":            second(acme.Workspaces().Save(ctx, workspace)),
			"Workspaces.Remove":          acme.Workspaces().Remove(ctx, workspace.ID),
			"Workspaces.AddMember":       acme.Workspaces().AddMember(ctx, domain.WorkspaceMember{Workspace: s.secret, Membership: member.ID, AddedBy: s.ada.ID, CreatedAt: noon}),
			"Workspaces.RemoveMember":    acme.Workspaces().RemoveMember(ctx, s.secret, member.ID),
		} {
			wantError(t, name+" of "+id, err, domain.ErrNotFound)
		}
	}
	wantSame(t, "the store", s.state(), before)
}

// second returns the error of two results.
func second[T any](_ T, err error) error { return err }
