package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var invitationTests = []storeTest{
	{"an invitation comes back as stored, with who sent it", testInvitationRoundTrip},
	{"an unknown invitation is not found", testInvitationUnknown},
	{"nobody is invited who is a member", testInviteMember},
	{"an address has one pending invitation", testInviteTwice},
	{"an address can be invited again once the invitation is over", testInviteAgain},
	{"no two invitations have one token", testInvitationTokens},
	{"a saved invitation is replaced, whom it invites to what aside", testInvitationSave},
	{"an invitation outlives the account of who sent it", testInviterRemoved},
	{"inside an update nobody else answers what was read", testInvitationLocked},
}

// runOut is when the invitations of a scene run out.
var runOut = noon.Add(domain.InvitationLifetime)

// answered is an invitation in another state, since a time.
func answered(i domain.Invitation, state domain.InvitationState, at time.Time) domain.Invitation {
	i.State, i.RespondedAt = state, at
	if state == domain.InvitationPending {
		i.RespondedAt = time.Time{}
	}
	return i
}

// getInvitation reads an invitation.
func (s *scene) getInvitation(c company, id domain.InvitationID) domain.InvitationDetail {
	s.t.Helper()
	detail, err := c.in(s.store).Invitations().Get(s.t.Context(), id)
	s.must(err)
	return detail
}

// answer puts an invitation into another state.
func (s *scene) answer(c company, i domain.Invitation, state domain.InvitationState, at time.Time) domain.Invitation {
	s.t.Helper()
	i = answered(i, state, at)
	s.must(c.in(s.store).Invitations().Save(s.t.Context(), i))
	return i
}

// pending is how many are counted.
func (s *scene) pending(c company) int64 {
	s.t.Helper()
	organization, err := c.in(s.store).Organization().Get(s.t.Context())
	s.must(err)
	return organization.PendingInvitations
}

func testInvitationRoundTrip(t *testing.T, s *scene) {
	invitation := s.newInvitation(s.acme, "new@example.com", domain.RoleAdmin)
	invitation.Inviter = s.grace.ID
	s.must(s.acme.in(s.store).Invitations().Add(t.Context(), invitation))
	for _, want := range []domain.InvitationDetail{
		{Invitation: invitation, InviterName: "Grace"},
		{Invitation: s.guestOfAcme, InviterName: "Ada"},
	} {
		wantEqual(t, "Get", s.getInvitation(s.acme, want.ID), want)
	}
	wantEqual(t, "pending invitations", s.pending(s.acme), 2)
	wantEqual(t, "globex's pending invitations", s.pending(s.globex), 1)

	renamed := s.grace
	renamed.Name = "Grace H."
	s.must(s.store.Users().Save(t.Context(), renamed))
	wantEqual(t, "the inviter's new name", s.getInvitation(s.acme, invitation.ID).InviterName, "Grace H.")
}

func testInvitationUnknown(t *testing.T, s *scene) {
	ctx, before := t.Context(), s.state()
	unknown := s.newInvitation(s.acme, "new@example.com", domain.RoleMember)
	_, err := s.acme.in(s.store).Invitations().Get(ctx, unknown.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	wantError(t, "Save", s.acme.in(s.store).Invitations().Save(ctx, unknown), domain.ErrNotFound)
	wantAnyError(t, "Add of one that is there", s.acme.in(s.store).Invitations().Add(ctx, withEmail(s.guestOfAcme, "new@example.com")))
	nowhere := s.store.Tenant(newID[domain.OrganizationID](s.ids)).Invitations()
	wantError(t, "Add where there is no organization", nowhere.Add(ctx, unknown), domain.ErrNotFound)
	for what, end := range map[string]func() (int64, error){
		"Expire": func() (int64, error) { return nowhere.Expire(ctx, runOut) },
		"Revoke": func() (int64, error) { return nowhere.Revoke(ctx, s.ada.ID, domain.Roles, noon) },
	} {
		n, err := end()
		wantNothing(t, what+" where there is no organization", int(n), err)
	}
	wantSame(t, "the store", s.state(), before)
}

func withEmail(i domain.Invitation, email domain.Email) domain.Invitation {
	i.Email = email
	return i
}

func testInviteMember(t *testing.T, s *scene) {
	ctx, invitations, before := t.Context(), s.acme.in(s.store).Invitations(), s.state()
	for _, user := range []domain.User{s.ada, s.linus} {
		wantError(t, "Add", invitations.Add(ctx, s.newInvitation(s.acme, user.Email, domain.RoleMember)), domain.ErrAlreadyMember)
	}
	wantSame(t, "the store", s.state(), before)

	// Members of others, former ones and people without an organization are
	// none.
	s.must(s.acme.in(s.store).Memberships().Remove(ctx, s.linusAtAcme))
	for _, user := range []domain.User{s.hedy, s.linus, s.alan} {
		s.invitation(s.acme, user.Email, domain.RoleMember)
	}
}

func testInviteTwice(t *testing.T, s *scene) {
	invitations, before := s.acme.in(s.store).Invitations(), s.state()
	again := s.newInvitation(s.acme, guest, domain.RoleAdmin)
	wantError(t, "Add", invitations.Add(t.Context(), again), domain.ErrAlreadyInvited)
	// Even one that has run out, as long as nobody has noted it.
	again.CreatedAt = runOut.Add(time.Hour)
	wantError(t, "Add after the first has run out", invitations.Add(t.Context(), again), domain.ErrAlreadyInvited)
	wantSame(t, "the store", s.state(), before)
}

func testInviteAgain(t *testing.T, s *scene) {
	latest := s.guestOfAcme
	for _, over := range []func(domain.Invitation){
		func(i domain.Invitation) { s.answer(s.acme, i, domain.InvitationDeclined, noon) },
		func(i domain.Invitation) { s.answer(s.acme, i, domain.InvitationRevoked, noon) },
		func(i domain.Invitation) { s.answer(s.acme, i, domain.InvitationAccepted, noon) },
		func(domain.Invitation) { s.expire(s.acme, runOut, 1) },
	} {
		over(latest)
		latest = s.invitation(s.acme, guest, domain.RoleMember)
		wantEqual(t, "pending invitations", s.pending(s.acme), 1)
	}
	wantItems(t, "the pending one", invitationIDs(s.invitations(s.acme, domain.InvitationPending, noon)), []domain.InvitationID{latest.ID})
	wantEqual(t, "invitations", len(s.tenantState(s.acme).Invitations), 5)
}

func testInvitationTokens(t *testing.T, s *scene) {
	ctx, before := t.Context(), s.state()
	same := s.newInvitation(s.acme, "new@example.com", domain.RoleMember)
	same.Token = s.guestOfAcme.Token
	wantAnyError(t, "Add with another's token", s.acme.in(s.store).Invitations().Add(ctx, same))
	wantAnyError(t, "Add with a token of another organization", s.globex.in(s.store).Invitations().Add(ctx, same))
	stolen := s.guestOfGlobex
	stolen.Token = s.guestOfAcme.Token
	wantAnyError(t, "Save with another's token", s.globex.in(s.store).Invitations().Save(ctx, stolen))
	wantSame(t, "the store", s.state(), before)
	wantEqual(t, "where the token leads", s.byToken(s.guestOfAcme.Token), place{s.acme.id, s.guestOfAcme.ID})
}

func testInvitationSave(t *testing.T, s *scene) {
	ctx, globex := t.Context(), s.tenantState(s.globex)
	other := s.invitation(s.acme, "other@example.com", domain.RoleAdmin)
	want := s.guestOfAcme
	want.Token, want.Sent, want.Resends = newToken(s.ids), 4, 3
	want.LastSentAt, want.ExpiresAt = noon.Add(time.Hour), runOut.Add(time.Hour)
	given := want
	given.Email, given.Role, given.Inviter, given.CreatedAt = "else@example.com", domain.RoleAdmin, s.grace.ID, noon.Add(time.Minute)
	s.must(s.acme.in(s.store).Invitations().Save(ctx, given))
	wantEqual(t, "Get", s.getInvitation(s.acme, want.ID).Invitation, want)
	wantEqual(t, "pending invitations", s.pending(s.acme), 2)
	wantEqual(t, "where the new token leads", s.byToken(want.Token), place{s.acme.id, want.ID})
	_, _, err := s.store.Directory().Invitation(ctx, s.guestOfAcme.Token)
	wantError(t, "Invitation by the old token", err, domain.ErrNotFound)

	want = s.answer(s.acme, want, domain.InvitationDeclined, noon.Add(2*time.Hour))
	wantEqual(t, "Get of the answered one", s.getInvitation(s.acme, want.ID).Invitation, want)
	wantEqual(t, "Get of another", s.getInvitation(s.acme, other.ID).Invitation, other)
	wantEqual(t, "pending invitations after the answer", s.pending(s.acme), 1)
	wantEqual(t, "where its token leads", s.byToken(want.Token), place{s.acme.id, want.ID})
	wantSame(t, "globex", s.tenantState(s.globex), globex)
}

func testInviterRemoved(t *testing.T, s *scene) {
	ctx, acme := t.Context(), s.acme.in(s.store)
	invitation := s.newInvitation(s.acme, "new@example.com", domain.RoleMember)
	invitation.Inviter = s.linus.ID
	s.must(acme.Invitations().Add(ctx, invitation))
	s.must(acme.Memberships().Remove(ctx, s.linusAtAcme))
	wantEqual(t, "Get once the inviter is no member", s.getInvitation(s.acme, invitation.ID), domain.InvitationDetail{Invitation: invitation, InviterName: "Linus"})
	s.must(s.store.Users().Remove(ctx, s.linus.ID))
	wantEqual(t, "Get once the inviter is gone", s.getInvitation(s.acme, invitation.ID), domain.InvitationDetail{Invitation: invitation})
	wantEqual(t, "the received one", s.received("new@example.com", noon)[0].InviterName, "")
}

func testInvitationLocked(t *testing.T, s *scene) {
	outside := make(chan error, 1)
	s.update(s.acme, func(tx ports.Repositories) error {
		invitations := s.acme.in(tx).Invitations()
		found, err := invitations.Get(t.Context(), s.guestOfAcme.ID)
		s.must(err)
		go func() {
			outside <- s.acme.in(s.store).Invitations().Save(t.Context(), answered(s.guestOfAcme, domain.InvitationDeclined, noon))
		}()
		time.Sleep(20 * time.Millisecond) // it gets as far as it can
		return invitations.Save(t.Context(), answered(found.Invitation, domain.InvitationAccepted, noon))
	})
	wantError(t, "Save from outside", <-outside, domain.ErrInvitationAccepted)
	wantEqual(t, "the state", s.getInvitation(s.acme, s.guestOfAcme.ID).State, domain.InvitationAccepted)
}
