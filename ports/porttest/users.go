package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var userTests = []storeTest{
	{"a user comes back as stored, by id and by address", testUserRoundTrip},
	{"an unknown user is not found", testUserUnknown},
	{"an address belongs to one user", testEmailTaken},
	{"a saved user is replaced whole, and the old address is free", testUserSave},
	{"a removed user is gone with sessions and links, and nobody else", testUserRemove},
	{"a user who is a member cannot be removed", testUserRemoveMember},
	{"what a removed user did stays, without a name", testUserRemoveNames},
}

func testUserRoundTrip(t *testing.T, s *scene) {
	ctx := t.Context()
	full, plain := s.newUser("Ünïcödé 🦉"), s.newUser("Plain")
	plain.Avatar, plain.PasswordHash, plain.EmailVerifiedAt, plain.IsOperator = "", "", time.Time{}, false
	for _, want := range []domain.User{full, plain} {
		s.must(s.store.Users().Add(ctx, want))
		got, err := s.store.Users().Get(ctx, want.ID)
		s.must(err)
		wantEqual(t, "Get", got, want)
		got, err = s.store.Users().ByEmail(ctx, want.Email)
		s.must(err)
		wantEqual(t, "ByEmail", got, want)
	}
}

func testUserUnknown(t *testing.T, s *scene) {
	ctx, nobody := t.Context(), s.newUser("Nobody")
	_, err := s.store.Users().Get(ctx, nobody.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	_, err = s.store.Users().ByEmail(ctx, nobody.Email)
	wantError(t, "ByEmail", err, domain.ErrNotFound)
	wantError(t, "Save", s.store.Users().Save(ctx, nobody), domain.ErrNotFound)
	wantError(t, "Remove", s.store.Users().Remove(ctx, nobody.ID), domain.ErrNotFound)
	_, err = s.store.Users().Get(ctx, nobody.ID)
	wantError(t, "Get after Save", err, domain.ErrNotFound)
}

func testEmailTaken(t *testing.T, s *scene) {
	ctx, eve := t.Context(), s.newUser("Eve")
	eve.Email = s.ada.Email
	wantError(t, "Add", s.store.Users().Add(ctx, eve), domain.ErrEmailTaken)
	_, err := s.store.Users().Get(ctx, eve.ID)
	wantError(t, "Get of the one refused", err, domain.ErrNotFound)

	changed := s.grace
	changed.Name, changed.Email = "Eve", s.ada.Email
	wantError(t, "Save", s.store.Users().Save(ctx, changed), domain.ErrEmailTaken)
	for _, want := range []domain.User{s.ada, s.grace} {
		wantEqual(t, "the user afterwards", s.userState(want.ID).User, want)
	}
}

func testUserSave(t *testing.T, s *scene) {
	ctx := t.Context()
	want := domain.User{ID: s.ada.ID, Name: "Ada K.", Email: "ada.k@example.com", CreatedAt: noon.Add(1000), UpdatedAt: noon.Add(time.Hour)}
	s.must(s.store.Users().Save(ctx, want))
	wantEqual(t, "the user", s.userState(want.ID).User, want)
	_, err := s.store.Users().ByEmail(ctx, s.ada.Email)
	wantError(t, "ByEmail of the old address", err, domain.ErrNotFound)

	heir := s.newUser("Heir")
	heir.Email = s.ada.Email
	s.must(s.store.Users().Add(ctx, heir))
	wantEqual(t, "the heir of the address", s.userState(heir.ID).User, heir)
	wantEqual(t, "the other user", s.userState(s.grace.ID).User, s.grace)

	// Saving the same address again is not a conflict with oneself.
	want.Name = "Ada King"
	s.must(s.store.Users().Save(ctx, want))
	wantEqual(t, "the user saved twice", s.userState(want.ID).User, want)
}

func testUserRemove(t *testing.T, s *scene) {
	ctx, eve := t.Context(), s.user("Eve")
	session := s.session(eve.ID)
	var links []domain.AuthToken
	for _, purpose := range []domain.TokenPurpose{domain.TokenVerifyEmail, domain.TokenChangeEmail, domain.TokenRevertEmail, domain.TokenResetPassword} {
		links = append(links, s.authToken(eve.ID, purpose))
	}
	before := s.state()
	s.must(s.store.Users().Remove(ctx, eve.ID))

	_, err := s.store.Users().Get(ctx, eve.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	_, err = s.store.Users().ByEmail(ctx, eve.Email)
	wantError(t, "ByEmail", err, domain.ErrNotFound)
	_, _, err = s.store.Sessions().ByToken(ctx, session.Token)
	wantError(t, "ByToken", err, domain.ErrNotFound)
	for _, link := range links {
		_, err = s.store.AuthTokens().Take(ctx, link.Hash, link.Purpose)
		wantError(t, "Take of "+string(link.Purpose), err, domain.ErrInvalidToken)
	}
	wantSame(t, "everybody else", s.state(), before)

	again := s.newUser("Eve")
	again.Email = eve.Email
	s.must(s.store.Users().Add(ctx, again))
	wantEqual(t, "sessions of the namesake", len(s.userState(again.ID).Sessions), 0)
}

func testUserRemoveMember(t *testing.T, s *scene) {
	before := s.state()
	wantAnyError(t, "Remove of a member", s.store.Users().Remove(t.Context(), s.linus.ID))
	wantSame(t, "the store", s.state(), before)

	s.update(s.acme, func(tx ports.Repositories) error {
		return first(
			func() error { return s.acme.in(tx).Memberships().Remove(t.Context(), s.linusAtAcme) },
			func() error { return tx.Users().Remove(t.Context(), s.linus.ID) },
		)
	})
}

func testUserRemoveNames(t *testing.T, s *scene) {
	ctx, acme := t.Context(), s.acme.in(s.store)
	invited := s.newMembership(s.acme, s.user("Invited").ID, domain.RoleMember)
	invited.InvitedBy = s.grace.ID
	s.must(acme.Memberships().Add(ctx, invited))
	made := s.newWorkspace(s.acme, "Made by Grace", domain.VisibilityOpen)
	made.CreatedBy = s.grace.ID
	s.must(acme.Workspaces().Add(ctx, made))
	s.must(acme.Workspaces().AddMember(ctx, domain.WorkspaceMember{Workspace: made.ID, Membership: invited.ID, AddedBy: s.grace.ID, CreatedAt: noon}))

	s.must(s.store.Update(ctx, ports.OfUser(s.grace.ID), func(tx ports.Repositories) error {
		return first(
			func() error { return s.acme.in(tx).Memberships().Remove(ctx, s.graceAtAcme) },
			func() error { return s.globex.in(tx).Memberships().Remove(ctx, s.graceAtGlobex) },
			func() error { return tx.Users().Remove(ctx, s.grace.ID) },
		)
	}))

	member, err := acme.Memberships().Get(ctx, invited.ID)
	s.must(err)
	wantEqual(t, "the name of the inviter who is gone", member.InvitedByName, "")
	workspace, err := acme.Workspaces().Get(ctx, everything, made.ID)
	s.must(err)
	wantEqual(t, "the name of the creator who is gone", workspace.CreatedByName, "")
	added, err := acme.Workspaces().Members(ctx, made.ID, all)
	s.must(err)
	wantEqual(t, "members who were added by who is gone", len(added.Items), 1)
}
