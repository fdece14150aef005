package porttest

import (
	"testing"

	"rowhouse/core/domain"
)

var invitationCheckTests = []storeTest{
	{"what an invitation would fail with can be asked before, and takes nothing", testInvitationCheck},
}

func testInvitationCheck(t *testing.T, s *scene) {
	ctx, acme := t.Context(), s.acme.in(s.store)
	check := func(email domain.Email) error { return acme.Invitations().Check(ctx, email, noon) }
	before := s.state()
	wantError(t, "Check of a member", check(s.linus.Email), domain.ErrAlreadyMember)
	wantError(t, "Check of who is invited", check(s.guestOfAcme.Email), domain.ErrAlreadyInvited)
	wantError(t, "Check of anybody else", check("new@example.com"), nil)
	wantSame(t, "the store", s.state(), before)

	organization, err := acme.Organization().Get(ctx)
	s.must(err)
	organization.MemberLimit = domain.Limit(organization.Members + organization.PendingInvitations)
	_, err = acme.Organization().Save(ctx, organization)
	s.must(err)
	used := int64(organization.MemberLimit)
	err = check("new@example.com")
	wantError(t, "Check in a full organization", err, domain.ErrMemberLimitReached)
	wantEqual(t, "its limit", err.Error() == domain.ErrMemberLimitReached.WithLimit(used, used).Error(), true)
	// What has run out does not count, whether or not that is noted.
	wantError(t, "Check once one has run out", acme.Invitations().Check(ctx, "new@example.com", runOut), nil)
	wantError(t, "Check of its address", acme.Invitations().Check(ctx, s.guestOfAcme.Email, runOut), nil)
	organization, err = acme.Organization().Get(ctx)
	s.must(err)
	organization.MemberLimit = domain.Unlimited
	_, err = acme.Organization().Save(ctx, organization)
	s.must(err)
	wantError(t, "Check without a limit", check("new@example.com"), nil)
}
