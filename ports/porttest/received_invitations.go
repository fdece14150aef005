package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

var receivedTests = []storeTest{
	{"a token leads to its invitation, whatever became of it", testInvitationByToken},
	{"an address is shown what it was invited to, newest first", testReceived},
	{"an address is shown nothing of others, and nothing that is over", testReceivedOnly},
	{"an address has an invitation of its own, whatever became of it", testInvitationTo},
	{"pages of received invitations have each once, in order", testReceivedPaging},
}

// place is where an invitation is.
type place struct {
	organization domain.OrganizationID
	id           domain.InvitationID
}

// byToken returns where the token leads.
func (s *scene) byToken(token domain.TokenHash) place {
	s.t.Helper()
	organization, id, err := s.store.Directory().Invitation(s.t.Context(), token)
	s.must(err)
	return place{organization, id}
}

// received lists what an address was invited to.
func (s *scene) received(email domain.Email, at time.Time) []domain.ReceivedInvitation {
	s.t.Helper()
	page, err := s.store.Directory().InvitationsTo(s.t.Context(), email, at, all)
	s.must(err)
	wantEqual(s.t, "more invitations", page.More, false)
	return page.Items
}

func receivedIDs(invitations []domain.ReceivedInvitation) []domain.InvitationID {
	return idsOf(invitations, func(i domain.ReceivedInvitation) domain.InvitationID { return i.ID })
}

// shown is how an invitation is shown to who got it.
func shown(c company, i domain.Invitation) domain.ReceivedInvitation {
	organization := c.newOrganization(roomy)
	return domain.ReceivedInvitation{
		InvitationDetail: domain.InvitationDetail{Invitation: i, InviterName: c.owner.Name},
		Organization:     domain.OrganizationRef{ID: c.id, Name: organization.Name, Slug: c.slug, Logo: organization.Logo},
	}
}

func testInvitationByToken(t *testing.T, s *scene) {
	ctx := t.Context()
	wantEqual(t, "acme's", s.byToken(s.guestOfAcme.Token), place{s.acme.id, s.guestOfAcme.ID})
	wantEqual(t, "globex's", s.byToken(s.guestOfGlobex.Token), place{s.globex.id, s.guestOfGlobex.ID})
	for _, over := range overs {
		invitation := s.invitation(s.acme, domain.Email(over)+"@example.com", domain.RoleMember)
		s.answer(s.acme, invitation, over, noon)
		wantEqual(t, "one that is "+string(over), s.byToken(invitation.Token), place{s.acme.id, invitation.ID})
	}
	for name, token := range map[string]domain.TokenHash{"an unknown token": newToken(s.ids), "no token": {}} {
		_, _, err := s.store.Directory().Invitation(ctx, token)
		wantError(t, "Invitation by "+name, err, domain.ErrNotFound)
	}
}

func testReceived(t *testing.T, s *scene) {
	wantItems(t, "InvitationsTo", s.received(guest, noon), []domain.ReceivedInvitation{
		shown(s.globex, s.guestOfGlobex), shown(s.acme, s.guestOfAcme),
	})

	// As it is now.
	resent := s.guestOfAcme
	resent.Token, resent.Sent, resent.LastSentAt, resent.ExpiresAt = newToken(s.ids), 4, noon.Add(time.Hour), runOut.Add(time.Hour)
	s.must(s.acme.in(s.store).Invitations().Save(t.Context(), resent))
	organization, err := s.globex.in(s.store).Organization().Get(t.Context())
	s.must(err)
	organization.Name, organization.Logo = "Globex", ""
	_, err = s.globex.in(s.store).Organization().Save(t.Context(), organization)
	s.must(err)
	renamed := shown(s.globex, s.guestOfGlobex)
	renamed.Organization.Name, renamed.Organization.Logo = "Globex", ""
	wantItems(t, "InvitationsTo after changes", s.received(guest, noon), []domain.ReceivedInvitation{renamed, shown(s.acme, resent)})
}

func testReceivedOnly(t *testing.T, s *scene) {
	third := s.company(s.linus)
	later := s.newInvitation(third, guest, domain.RoleMember)
	later.ExpiresAt = runOut.Add(time.Microsecond)
	s.must(third.in(s.store).Invitations().Add(t.Context(), later))
	for _, over := range overs {
		s.answer(third, s.invitation(third, domain.Email(over)+"@example.com", domain.RoleMember), over, noon)
		wantItems(t, "what is "+string(over), s.received(domain.Email(over)+"@example.com", noon), nil)
	}
	for _, email := range []domain.Email{"", "guest", "guest@example.co", "Guest@example.com", "guest@example.com ", "%", "' OR true --", s.ada.Email} {
		wantItems(t, "InvitationsTo "+string(email), s.received(email, noon), nil)
	}
	wantItems(t, "until the last microsecond", receivedIDs(s.received(guest, runOut.Add(-time.Microsecond))),
		[]domain.InvitationID{later.ID, s.guestOfGlobex.ID, s.guestOfAcme.ID})
	wantItems(t, "once two have run out", receivedIDs(s.received(guest, runOut)), []domain.InvitationID{later.ID})
	s.answer(s.globex, s.guestOfGlobex, domain.InvitationDeclined, noon)
	wantItems(t, "once one is declined", receivedIDs(s.received(guest, noon)), []domain.InvitationID{later.ID, s.guestOfAcme.ID})
}

func testInvitationTo(t *testing.T, s *scene) {
	ctx, directory := t.Context(), s.store.Directory()
	over := s.answer(s.acme, s.guestOfAcme, domain.InvitationRevoked, noon)
	for _, want := range []place{{s.acme.id, over.ID}, {s.globex.id, s.guestOfGlobex.ID}} {
		organization, err := directory.InvitationTo(ctx, guest, want.id)
		s.must(err)
		wantEqual(t, "InvitationTo", organization, want.organization)
	}
	others := s.invitation(s.acme, "other@example.com", domain.RoleMember)
	for name, id := range map[string]domain.InvitationID{"another's": others.ID, "an unknown one": newID[domain.InvitationID](s.ids)} {
		_, err := directory.InvitationTo(ctx, guest, id)
		wantError(t, "InvitationTo of "+name, err, domain.ErrNotFound)
	}
	_, err := directory.InvitationTo(ctx, "", s.guestOfGlobex.ID)
	wantError(t, "InvitationTo of nobody", err, domain.ErrNotFound)
}

func testReceivedPaging(t *testing.T, s *scene) {
	want := []domain.InvitationID{s.guestOfGlobex.ID, s.guestOfAcme.ID}
	for i := range 7 {
		c := s.company(s.linus)
		invitation := s.invitation(c, guest, domain.RoleMember)
		s.invitation(c, "other@example.com", domain.RoleMember)
		if i%3 == 0 {
			s.answer(c, invitation, domain.InvitationDeclined, noon)
			continue
		}
		want = append([]domain.InvitationID{invitation.ID}, want...)
	}
	walkAll(s, "received invitations", func(page domain.PageRequest) (domain.Page[domain.ReceivedInvitation], error) {
		return s.store.Directory().InvitationsTo(t.Context(), guest, noon, page)
	}, func(i domain.ReceivedInvitation) (string, string) { return string(i.ID), string(i.ID) }, want)
}
