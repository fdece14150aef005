package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var invitationStateTests = []storeTest{
	{"an invitation that is over never changes", testInvitationOver},
	{"an invitation is over since some time, or it is not", testInvitationRespondedAt},
	{"an invitation that has run out can be saved until that is noted", testInvitationRunOut},
	{"what has run out is noted, to the microsecond, and nothing else", testExpire},
	{"what an inviter has sent for some roles is taken back, and nothing else", testRevoke},
}

var invitationListTests = []storeTest{
	{"invitations are listed by the state at a time, newest first, as Get tells of them", testInvitationList},
	{"pages of invitations have each once, in order", testInvitationPaging},
}

var invitationSeatTests = []storeTest{
	{"members and pending invitations share the seats; one too many is refused, with the numbers", testInvitationSeats},
	{"whatever ends an invitation frees its seat", testInvitationSeatFreed},
	{"an invitation can be accepted where all seats are taken", testAcceptWhereFull},
	{"invitations over a lowered limit stay, and none is added", testInvitationsOverLimit},
}

// invitations lists those in a state.
func (s *scene) invitations(c company, state domain.InvitationState, at time.Time) []domain.InvitationDetail {
	s.t.Helper()
	page, err := c.in(s.store).Invitations().List(s.t.Context(), state, at, all)
	s.must(err)
	wantEqual(s.t, "more invitations", page.More, false)
	return page.Items
}

func invitationIDs(invitations []domain.InvitationDetail) []domain.InvitationID {
	return idsOf(invitations, func(i domain.InvitationDetail) domain.InvitationID { return i.ID })
}

// expire notes what has run out, which has to be so many.
func (s *scene) expire(c company, at time.Time, want int64) {
	s.t.Helper()
	n, err := c.in(s.store).Invitations().Expire(s.t.Context(), at)
	s.must(err)
	wantEqual(s.t, "expired", n, want)
}

// overs are the states that an invitation can end in.
var overs = domain.InvitationStates[1:]

func testInvitationOver(t *testing.T, s *scene) {
	for _, over := range overs {
		invitation := s.invitation(s.acme, domain.Email(over)+"@example.com", domain.RoleMember)
		s.answer(s.acme, invitation, over, noon.Add(time.Minute))
		before := s.state()
		for _, state := range domain.InvitationStates {
			err := s.acme.in(s.store).Invitations().Save(t.Context(), answered(invitation, state, noon.Add(time.Hour)))
			wantError(t, "Save of one that is "+string(over)+" as "+string(state), err, over.Err())
		}
		s.expire(s.acme, noon, 0)
		n, err := s.acme.in(s.store).Invitations().Revoke(t.Context(), invitation.Inviter, nil, noon)
		s.must(err)
		wantEqual(t, "revoked", n, 0)
		wantSame(t, "the store", s.state(), before)
	}
	wantEqual(t, "pending invitations", s.pending(s.acme), 1)
}

func testInvitationRespondedAt(t *testing.T, s *scene) {
	ctx, invitations, before := t.Context(), s.acme.in(s.store).Invitations(), s.state()
	pending := s.guestOfAcme
	pending.RespondedAt = noon
	wantAnyError(t, "Save of a pending one that is answered", invitations.Save(ctx, pending))
	for _, over := range overs {
		wantAnyError(t, "Save as "+string(over)+" since never", invitations.Save(ctx, answered(s.guestOfAcme, over, time.Time{})))
	}
	wantAnyError(t, "Save in no state", invitations.Save(ctx, answered(s.guestOfAcme, "lost", noon)))
	wantSame(t, "the store", s.state(), before)
}

func testInvitationRunOut(t *testing.T, s *scene) {
	want := s.guestOfAcme
	want.Token, want.Sent, want.LastSentAt, want.ExpiresAt = newToken(s.ids), 4, runOut.Add(time.Hour), runOut.AddDate(0, 0, 7)
	s.must(s.acme.in(s.store).Invitations().Save(t.Context(), want))
	wantEqual(t, "Get", s.getInvitation(s.acme, want.ID).Invitation, want)
	wantItems(t, "the pending ones", invitationIDs(s.invitations(s.acme, domain.InvitationPending, runOut.Add(time.Hour))), []domain.InvitationID{want.ID})
	s.expire(s.acme, want.ExpiresAt.Add(-time.Microsecond), 0)
	s.expire(s.acme, want.ExpiresAt, 1)
}

func testExpire(t *testing.T, s *scene) {
	globex := s.tenantState(s.globex)
	later := s.newInvitation(s.acme, "later@example.com", domain.RoleMember)
	later.ExpiresAt = runOut.Add(time.Microsecond)
	s.must(s.acme.in(s.store).Invitations().Add(t.Context(), later))
	second := s.invitation(s.acme, "second@example.com", domain.RoleAdmin)
	over := s.invitation(s.acme, "over@example.com", domain.RoleMember)
	over = s.answer(s.acme, over, domain.InvitationDeclined, noon)

	s.expire(s.acme, runOut.Add(-time.Microsecond), 0)
	wantEqual(t, "pending invitations", s.pending(s.acme), 3)
	s.expire(s.acme, runOut, 2)
	wantEqual(t, "pending invitations afterwards", s.pending(s.acme), 1)
	for _, want := range []domain.Invitation{
		answered(s.guestOfAcme, domain.InvitationExpired, runOut), answered(second, domain.InvitationExpired, runOut), later, over,
	} {
		wantEqual(t, "Get", s.getInvitation(s.acme, want.ID).Invitation, want)
	}
	s.expire(s.acme, runOut, 0)
	wantSame(t, "globex", s.tenantState(s.globex), globex)
}

func testRevoke(t *testing.T, s *scene) {
	ctx, invitations, globex := t.Context(), s.acme.in(s.store).Invitations(), s.tenantState(s.globex)
	add := func(email domain.Email, inviter domain.UserID, role domain.Role) domain.Invitation {
		invitation := s.newInvitation(s.acme, email, role)
		invitation.Inviter = inviter
		s.must(invitations.Add(ctx, invitation))
		return invitation
	}
	asAdmin, asMember := add("admin@example.com", s.grace.ID, domain.RoleAdmin), add("member@example.com", s.grace.ID, domain.RoleMember)
	others := add("others@example.com", s.linus.ID, domain.RoleAdmin)
	late := s.newInvitation(s.acme, "run-out@example.com", domain.RoleAdmin)
	late.Inviter, late.ExpiresAt = s.grace.ID, noon.Add(time.Hour)
	s.must(invitations.Add(ctx, late))
	over := s.answer(s.acme, add("over@example.com", s.grace.ID, domain.RoleAdmin), domain.InvitationAccepted, noon)

	at := noon.Add(time.Hour)
	for _, tt := range []struct {
		inviter domain.UserID
		roles   []domain.Role
		want    int64
	}{
		{s.grace.ID, nil, 0},
		{s.grace.ID, []domain.Role{domain.RoleOwner}, 0},
		{s.hedy.ID, domain.Roles, 0},
		{s.grace.ID, []domain.Role{domain.RoleAdmin, domain.RoleOwner}, 1},
		{s.grace.ID, []domain.Role{domain.RoleAdmin}, 0},
	} {
		n, err := invitations.Revoke(ctx, tt.inviter, tt.roles, at)
		s.must(err)
		wantEqual(t, "revoked", n, tt.want)
	}
	for _, want := range []domain.Invitation{
		answered(asAdmin, domain.InvitationRevoked, at), asMember, others, late, over, s.guestOfAcme,
	} {
		wantEqual(t, "Get", s.getInvitation(s.acme, want.ID).Invitation, want)
	}
	wantEqual(t, "pending invitations", s.pending(s.acme), 4)
	n, err := invitations.Revoke(ctx, s.grace.ID, domain.Roles, at)
	s.must(err)
	wantEqual(t, "revoked of all roles", n, 1)
	wantSame(t, "globex", s.tenantState(s.globex), globex)
}

func testInvitationList(t *testing.T, s *scene) {
	var want []domain.InvitationID // by state
	for _, over := range overs {
		invitation := s.invitation(s.acme, domain.Email(over)+"@example.com", domain.RoleMember)
		s.answer(s.acme, invitation, over, noon)
		want = append(want, invitation.ID)
	}
	newest := s.newInvitation(s.acme, "newest@example.com", domain.RoleAdmin)
	newest.ExpiresAt = runOut.Add(time.Microsecond)
	s.must(s.acme.in(s.store).Invitations().Add(t.Context(), newest))
	expired := want[len(want)-1]
	for _, tt := range []struct {
		name  string
		state domain.InvitationState
		at    time.Time
		want  []domain.InvitationID
	}{
		{"pending", domain.InvitationPending, noon, []domain.InvitationID{newest.ID, s.guestOfAcme.ID}},
		{"pending until the last microsecond", domain.InvitationPending, runOut.Add(-time.Microsecond), []domain.InvitationID{newest.ID, s.guestOfAcme.ID}},
		{"pending once one has run out", domain.InvitationPending, runOut, []domain.InvitationID{newest.ID}},
		{"pending once all have run out", domain.InvitationPending, newest.ExpiresAt, nil},
		{"expired", domain.InvitationExpired, noon, []domain.InvitationID{expired}},
		{"expired once one has run out", domain.InvitationExpired, runOut, []domain.InvitationID{expired, s.guestOfAcme.ID}},
		{"expired once all have run out", domain.InvitationExpired, newest.ExpiresAt, []domain.InvitationID{newest.ID, expired, s.guestOfAcme.ID}},
		{"accepted", domain.InvitationAccepted, newest.ExpiresAt, want[0:1]},
		{"declined", domain.InvitationDeclined, newest.ExpiresAt, want[1:2]},
		{"revoked", domain.InvitationRevoked, newest.ExpiresAt, want[2:3]},
	} {
		found := s.invitations(s.acme, tt.state, tt.at)
		wantItems(t, "List of what is "+tt.name, invitationIDs(found), tt.want)
		for _, invitation := range found {
			wantEqual(t, "a listed invitation", invitation, s.getInvitation(s.acme, invitation.ID))
		}
	}
	wantItems(t, "globex", invitationIDs(s.invitations(s.globex, domain.InvitationPending, noon)), []domain.InvitationID{s.guestOfGlobex.ID})
}

func testInvitationPaging(t *testing.T, s *scene) {
	want, expired := []domain.InvitationID{s.guestOfAcme.ID}, []domain.InvitationID(nil)
	for i := range 9 {
		invitation := s.newInvitation(s.acme, domain.Email(s.ids.New()+"@example.com"), domain.RoleMember)
		if i%3 == 0 {
			invitation.ExpiresAt = noon
			expired = append([]domain.InvitationID{invitation.ID}, expired...)
		} else {
			want = append([]domain.InvitationID{invitation.ID}, want...)
		}
		s.must(s.acme.in(s.store).Invitations().Add(t.Context(), invitation))
		s.invitation(s.globex, invitation.Email, domain.RoleMember)
	}
	for _, tt := range []struct {
		state domain.InvitationState
		want  []domain.InvitationID
	}{{domain.InvitationPending, want}, {domain.InvitationExpired, expired}} {
		walkAll(s, string(tt.state), func(page domain.PageRequest) (domain.Page[domain.InvitationDetail], error) {
			return s.acme.in(s.store).Invitations().List(t.Context(), tt.state, noon, page)
		}, func(i domain.InvitationDetail) (string, string) { return string(i.ID), string(i.ID) }, tt.want)
	}
}

// tightInvited founds an organization for three, with one member and two who
// are invited.
func (s *scene) tightInvited() (c company, first domain.Invitation) {
	s.t.Helper()
	c, err := s.found(s.t.Context(), s.linus, domain.Limits{Members: 3, Workspaces: 2})
	s.must(err)
	first = s.invitation(c, "first@example.com", domain.RoleMember)
	s.invitation(c, "second@example.com", domain.RoleMember)
	return c, first
}

func testInvitationSeats(t *testing.T, s *scene) {
	ctx := t.Context()
	c, _ := s.tightInvited()
	before := s.tenantState(c)
	refused := s.newInvitation(c, "refused@example.com", domain.RoleMember)
	wantLimit(t, "Add", c.in(s.store).Invitations().Add(ctx, refused), domain.ErrMemberLimitReached, 3, 3)
	wantSame(t, "the organization", s.tenantState(c), before)
	wantItems(t, "what the one refused has received", s.received(refused.Email, noon), nil)
	// What is wrong with the invitation itself is told first.
	again := s.newInvitation(c, "first@example.com", domain.RoleMember)
	wantError(t, "Add of an address that is invited", c.in(s.store).Invitations().Add(ctx, again), domain.ErrAlreadyInvited)
	again.Email = s.linus.Email
	wantError(t, "Add of a member's address", c.in(s.store).Invitations().Add(ctx, again), domain.ErrAlreadyMember)
	wantSame(t, "the organization", s.tenantState(c), before)

	unlimited, err := s.found(ctx, s.linus, domain.Limits{Members: domain.Unlimited, Workspaces: 1})
	s.must(err)
	for i := range 5 {
		s.invitation(unlimited, domain.Email(string(rune('a'+i))+"@example.com"), domain.RoleMember)
	}
	wantEqual(t, "pending invitations without a limit", s.pending(unlimited), 5)
}

func testInvitationSeatFreed(t *testing.T, s *scene) {
	ctx := t.Context()
	c, err := s.found(ctx, s.linus, domain.Limits{Members: 2, Workspaces: 2})
	s.must(err)
	invitations := c.in(s.store).Invitations()
	for _, tt := range []struct {
		name string
		free func(domain.Invitation)
	}{
		{"declining", func(i domain.Invitation) { s.answer(c, i, domain.InvitationDeclined, noon) }},
		{"revoking", func(i domain.Invitation) { s.answer(c, i, domain.InvitationRevoked, noon) }},
		{"expiring", func(domain.Invitation) { s.expire(c, runOut, 1) }},
		{"taking back", func(domain.Invitation) {
			n, err := invitations.Revoke(ctx, s.linus.ID, domain.Roles, noon)
			s.must(err)
			wantEqual(t, "revoked", n, 1)
		}},
		{"accepting", func(i domain.Invitation) { s.answer(c, i, domain.InvitationAccepted, noon) }},
	} {
		last := s.invitation(c, "last@example.com", domain.RoleMember)
		refused := s.newInvitation(c, "refused@example.com", domain.RoleMember)
		wantLimit(t, "Add before "+tt.name, invitations.Add(ctx, refused), domain.ErrMemberLimitReached, 2, 2)
		tt.free(last)
		wantEqual(t, "pending invitations after "+tt.name, s.pending(c), 0)
	}
}

func testAcceptWhereFull(t *testing.T, s *scene) {
	ctx := t.Context()
	c, first := s.tightInvited()
	before := s.tenantState(c)
	accept := func(end error) error {
		return s.store.Update(ctx, ports.Scope{Organization: c.id, User: s.alan.ID}, func(tx ports.Repositories) error {
			tenant := c.in(tx)
			found, err := tenant.Invitations().Get(ctx, first.ID)
			s.must(err)
			s.must(tenant.Invitations().Save(ctx, answered(found.Invitation, domain.InvitationAccepted, noon)))
			s.must(tenant.Memberships().Add(ctx, s.newMembership(c, s.alan.ID, found.Role)))
			return end
		})
	}
	wantError(t, "Update", accept(errBoom), errBoom)
	wantSame(t, "the organization after a failed update", s.tenantState(c), before)
	s.must(accept(nil))
	after := s.tenantState(c).Organization
	wantEqual(t, "members", after.Members, 2)
	wantEqual(t, "pending invitations", after.PendingInvitations, 1)
	refused := s.newInvitation(c, "refused@example.com", domain.RoleMember)
	wantLimit(t, "Add", c.in(s.store).Invitations().Add(ctx, refused), domain.ErrMemberLimitReached, 3, 3)
	wantError(t, "Save of the accepted one", c.in(s.store).Invitations().Save(ctx, answered(first, domain.InvitationAccepted, noon)), domain.ErrInvitationAccepted)
}

func testInvitationsOverLimit(t *testing.T, s *scene) {
	ctx, tenant := t.Context(), s.acme.in(s.store)
	organization, err := tenant.Organization().Get(ctx)
	s.must(err)
	organization.MemberLimit = 2
	_, err = tenant.Organization().Save(ctx, organization)
	s.must(err)
	before := s.tenantState(s.acme)
	refused := s.newInvitation(s.acme, "refused@example.com", domain.RoleMember)
	wantLimit(t, "Add", tenant.Invitations().Add(ctx, refused), domain.ErrMemberLimitReached, 2, 4)
	wantSame(t, "the organization", s.tenantState(s.acme), before)
	s.invitation(s.globex, "refused@example.com", domain.RoleMember) // which has room as before
}
