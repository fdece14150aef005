package porttest

import (
	"context"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var membershipTests = []storeTest{
	{"a member comes back as stored, with the person behind", testMemberRoundTrip},
	{"an unknown membership is not found", testMemberUnknown},
	{"nobody is a member twice", testAlreadyMember},
	{"a removed member is out of the organization and its workspaces, and no other", testMemberRemove},
	{"the owner cannot be removed", testOwnerRemove},
	{"a former member can come back", testMemberComesBack},
}

var membershipVersionTests = []storeTest{
	{"a saved membership is replaced", testMemberSave},
	{"an old version of a membership cannot be saved", testMemberVersion},
	{"there is never a second owner", testSecondOwner},
	{"the ownership can be handed over in one update", testHandOver},
	{"an organization is never left without an owner", testNoOwner},
}

func testMemberRoundTrip(t *testing.T, s *scene) {
	ctx, memberships := t.Context(), s.acme.in(s.store).Memberships()
	plain := s.user("Plain")
	plain.Avatar = ""
	s.must(s.store.Users().Save(ctx, plain))
	membership := s.newMembership(s.acme, plain.ID, domain.RoleAdmin)
	membership.InvitedBy = s.grace.ID
	given := membership
	given.Version = 9
	s.must(memberships.Add(ctx, given))
	for _, want := range []domain.Member{
		{Membership: membership, Name: "Plain", Email: plain.Email, InvitedByName: "Grace"},
		{Membership: s.acme.newOwner(), Name: "Ada", Email: s.ada.Email, Avatar: s.ada.Avatar},
	} {
		got, err := memberships.Get(ctx, want.ID)
		s.must(err)
		wantEqual(t, "Get", got, want)
	}

	renamed := s.ada
	renamed.Name, renamed.Email, renamed.Avatar = "Ada K.", "ada.k@example.com", ""
	s.must(s.store.Users().Save(ctx, renamed))
	got, err := memberships.Get(ctx, s.acme.membership)
	s.must(err)
	wantEqual(t, "Get after renaming", got, domain.Member{Membership: s.acme.newOwner(), Name: "Ada K.", Email: "ada.k@example.com"})
}

func testMemberUnknown(t *testing.T, s *scene) {
	ctx, memberships, before := t.Context(), s.acme.in(s.store).Memberships(), s.state()
	unknown := s.newMembership(s.acme, s.hedy.ID, domain.RoleMember)
	_, err := memberships.Get(ctx, unknown.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	_, err = memberships.Save(ctx, unknown)
	wantError(t, "Save", err, domain.ErrNotFound)
	wantError(t, "Remove", memberships.Remove(ctx, unknown.ID), domain.ErrNotFound)
	wantSame(t, "the store", s.state(), before)
}

func testAlreadyMember(t *testing.T, s *scene) {
	before := s.state()
	for _, user := range []domain.User{s.ada, s.linus} {
		again := s.newMembership(s.acme, user.ID, domain.RoleMember)
		err := s.acme.in(s.store).Memberships().Add(t.Context(), again)
		wantError(t, "Add", err, domain.ErrAlreadyMember)
	}
	wantSame(t, "the store", s.state(), before)
}

func testMemberRemove(t *testing.T, s *scene) {
	ctx, tenant := t.Context(), s.acme.in(s.store)
	s.admit(s.acme, s.acme.workspace, s.graceAtAcme)
	s.admit(s.acme, s.secret, s.linusAtAcme)
	globex := s.tenantState(s.globex)
	s.must(tenant.Memberships().Remove(ctx, s.graceAtAcme))

	_, err := tenant.Memberships().Get(ctx, s.graceAtAcme)
	wantError(t, "Get", err, domain.ErrNotFound)
	wantError(t, "Remove again", tenant.Memberships().Remove(ctx, s.graceAtAcme), domain.ErrNotFound)
	state := s.tenantState(s.acme)
	wantEqual(t, "members", state.Organization.Members, 2)
	wantEqual(t, "workspaces", state.Organization.Workspaces, 2)
	wantItems(t, "the list", membershipIDs(state.Members), []domain.MembershipID{s.linusAtAcme, s.acme.membership})
	wantEqual(t, "members of the one workspace", len(state.Added[s.acme.workspace]), 0)
	wantEqual(t, "members of the other workspace", len(state.Added[s.secret]), 1)
	_, err = tenant.Workspaces().Get(ctx, domain.WorkspaceViewer{Membership: s.graceAtAcme}, s.secret)
	wantError(t, "Get of the workspace", err, domain.ErrNotFound)
	wantItems(t, "the user's actors", s.actors(s.grace.ID), []domain.Actor{s.actor(s.grace.ID, string(s.globex.id))})
	wantSame(t, "globex", s.tenantState(s.globex), globex)
}

func testOwnerRemove(t *testing.T, s *scene) {
	before := s.state()
	err := s.acme.in(s.store).Memberships().Remove(t.Context(), s.acme.membership)
	wantError(t, "Remove", err, domain.ErrOwnerImmutable)
	wantSame(t, "the store", s.state(), before)
}

func testMemberComesBack(t *testing.T, s *scene) {
	s.must(s.acme.in(s.store).Memberships().Remove(t.Context(), s.graceAtAcme))
	again := s.member(s.acme, s.grace, domain.RoleMember)
	wantEqual(t, "the actor", s.actor(s.grace.ID, string(s.acme.slug)),
		domain.Actor{User: s.grace.ID, Organization: s.acme.id, Membership: again, Role: domain.RoleMember})
	state := s.tenantState(s.acme)
	wantEqual(t, "members", state.Organization.Members, 3)
	wantEqual(t, "members of a workspace from before", len(state.Added[s.secret]), 0)
}

func testMemberSave(t *testing.T, s *scene) {
	ctx, memberships := t.Context(), s.acme.in(s.store).Memberships()
	before := s.tenantState(s.acme)
	member, err := memberships.Get(ctx, s.linusAtAcme)
	s.must(err)
	want := member.Membership
	want.Role, want.UpdatedAt = domain.RoleAdmin, noon.Add(time.Hour)
	saved, err := memberships.Save(ctx, want)
	s.must(err)
	want.Version = 2
	wantEqual(t, "Save", saved, want)
	member.Membership = want
	got, err := memberships.Get(ctx, s.linusAtAcme)
	s.must(err)
	wantEqual(t, "Get", got, member)

	saved, err = memberships.Save(ctx, saved)
	s.must(err)
	wantEqual(t, "the version after two changes", saved.Version, 3)
	after := s.tenantState(s.acme)
	wantEqual(t, "the organization", after.Organization, before.Organization)
	wantItems(t, "the other members", after.Members[1:], before.Members[1:])
}

func testMemberVersion(t *testing.T, s *scene) {
	ctx, memberships := t.Context(), s.acme.in(s.store).Memberships()
	member, err := memberships.Get(ctx, s.linusAtAcme)
	s.must(err)
	_, err = memberships.Save(ctx, member.Membership)
	s.must(err)
	before := s.state()
	for _, version := range []int64{1, 3, 0} {
		stale := member.Membership
		stale.Role, stale.Version = domain.RoleAdmin, version
		_, err = memberships.Save(ctx, stale)
		wantError(t, "Save of another version", err, domain.ErrPreconditionFailed)
	}
	wantSame(t, "the store", s.state(), before)
}

func testSecondOwner(t *testing.T, s *scene) {
	ctx, memberships, before := t.Context(), s.acme.in(s.store).Memberships(), s.state()
	member, err := memberships.Get(ctx, s.graceAtAcme)
	s.must(err)
	member.Role = domain.RoleOwner
	_, err = memberships.Save(ctx, member.Membership)
	wantError(t, "Save", err, domain.ErrAlreadyOwner)
	wantSame(t, "the store", s.state(), before)

	// The owner's own membership can be saved.
	_, err = memberships.Save(ctx, s.acme.newOwner())
	s.must(err)
}

func testHandOver(t *testing.T, s *scene) {
	s.update(s.acme, func(tx ports.Repositories) error {
		s.promoteGrace(t.Context(), tx)
		organization, err := s.acme.in(tx).Organization().Get(t.Context())
		s.must(err)
		organization.Owner = s.grace.ID
		_, err = s.acme.in(tx).Organization().Save(t.Context(), organization)
		return err
	})
	wantEqual(t, "the new owner's role", s.actor(s.grace.ID, string(s.acme.id)).Role, domain.RoleOwner)
	wantEqual(t, "the former owner's role", s.actor(s.ada.ID, string(s.acme.id)).Role, domain.RoleAdmin)
	wantEqual(t, "the owner's name", s.tenantState(s.acme).Organization.OwnerName, "Grace")
	wantEqual(t, "globex's owner's role", s.actor(s.hedy.ID, string(s.globex.id)).Role, domain.RoleOwner)
}

// promoteGrace makes Grace the owner among acme's members and Ada an admin. The
// organization itself still says Ada.
func (s *scene) promoteGrace(ctx context.Context, tx ports.Repositories) {
	s.t.Helper()
	s.must(s.changeRole(ctx, tx, s.acme.membership, domain.RoleAdmin))
	s.must(s.changeRole(ctx, tx, s.graceAtAcme, domain.RoleOwner))
}

// changeRole gives one of acme's members another role.
func (s *scene) changeRole(ctx context.Context, in ports.Repositories, id domain.MembershipID, role domain.Role) error {
	memberships := s.acme.in(in).Memberships()
	member, err := memberships.Get(ctx, id)
	if err != nil {
		return err
	}
	member.Role = role
	_, err = memberships.Save(ctx, member.Membership)
	return err
}

func testNoOwner(t *testing.T, s *scene) {
	before := s.state()
	handTo := func(in ports.Repositories, user domain.UserID) error {
		organization, err := s.acme.in(in).Organization().Get(t.Context())
		s.must(err)
		organization.Owner = user
		_, err = s.acme.in(in).Organization().Save(t.Context(), organization)
		return err
	}
	for name, change := range map[string]func(ports.Repositories) error{
		"the owner steps down": func(in ports.Repositories) error {
			return s.changeRole(t.Context(), in, s.acme.membership, domain.RoleAdmin)
		},
		"an admin is called owner":    func(in ports.Repositories) error { return handTo(in, s.grace.ID) },
		"a stranger is called owner":  func(in ports.Repositories) error { return handTo(in, s.hedy.ID) },
		"nobody's id is called owner": func(in ports.Repositories) error { return handTo(in, newID[domain.UserID](s.ids)) },
	} {
		wantError(t, name+", by a call", change(s.store), domain.ErrOwnerMissing)
		wantError(t, name+", by an update", s.store.Update(t.Context(), s.acme.scope(), change), domain.ErrOwnerMissing)
	}
	err := s.store.Update(t.Context(), s.acme.scope(), func(tx ports.Repositories) error {
		s.promoteGrace(t.Context(), tx)
		return nil // the organization still says that it is Ada's
	})
	wantError(t, "an update that forgets the organization", err, domain.ErrOwnerMissing)
	id := newID[domain.OrganizationID](s.ids)
	err = s.store.Update(t.Context(), ports.Of(id), func(tx ports.Repositories) error {
		orphan := company{id: id, slug: "orphan", owner: s.linus}.newOrganization(roomy)
		return tx.Tenant(id).Organization().Add(t.Context(), orphan)
	})
	wantError(t, "an organization without members", err, domain.ErrOwnerMissing)
	wantSame(t, "the store", s.state(), before)
}

func membershipIDs(members []domain.Member) []domain.MembershipID {
	return idsOf(members, func(m domain.Member) domain.MembershipID { return m.ID })
}
