package invitation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/invitation"
	"rowhouse/core/membership"
)

var errForbiddenRole = domain.Invalid("role", "unknown_role", "")

func TestCreate_SendsAMailAndTakesASeat(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	i := s.invite(s.grace(), " Alan@Example.com ", "admin")
	if i.Email != "alan@example.com" || i.Role != domain.RoleAdmin || i.State != domain.InvitationPending ||
		i.InviterName != "Grace" || i.Inviter != s.Grace.ID || !i.ExpiresAt.Equal(s.Clock.Now().Add(7*24*time.Hour)) {
		t.Errorf("Create = %+v", i)
	}
	if got := s.stored(i.ID); got != i {
		t.Errorf("stored is %+v, want what was returned, %+v", got, i)
	}
	wantSeats(t, s, "3+1 of 5")
	token := s.token(i)
	mail := s.mails(i.Email)[0]
	if len(s.mails("")) != 1 || !strings.Contains(mail.Text, "Acme") || !strings.Contains(mail.Text, "Grace") {
		t.Errorf("the mail is %q", mail.Text)
	}
	if everything := s.Everything(); strings.Contains(everything, string(token)) {
		t.Error("the token is stored")
	}
}

func TestCreate_Refuses(t *testing.T) {
	t.Parallel()
	unverified := func(s *scene) invitation.Sender {
		sender := s.ada()
		sender.User.EmailVerifiedAt = time.Time{}
		return sender
	}
	suspended := func(s *scene) invitation.Sender {
		sender := s.ada()
		sender.Actor.Suspended = true
		return sender
	}
	for name, tt := range map[string]struct {
		sender      func(*scene) invitation.Sender
		email, role string
		want        error
	}{
		"a member who may not invite":          {(*scene).linus, "alan@example.com", "member", domain.ErrForbidden},
		"who has not proven their address":     {unverified, "alan@example.com", "member", domain.ErrEmailNotVerified},
		"in an organization that is suspended": {suspended, "alan@example.com", "member", domain.ErrOrganizationSuspended},
		"no address":                           {(*scene).ada, "alan", "member", domain.Invalid("email", "invalid_email", "")},
		"two addresses":                        {(*scene).ada, "alan@example.com,eve@example.com", "member", domain.Invalid("email", "invalid_email", "")},
		"a line break in the address":          {(*scene).ada, "alan@example.com\r\nBcc: eve@example.com", "member", domain.Invalid("email", "invalid_email", "")},
		"the KELVIN SIGN, which folds to k":    {(*scene).ada, "mi\u212Ae@example.com", "member", domain.Invalid("email", "invalid_email", "")},
		"the role of owner":                    {(*scene).ada, "alan@example.com", "owner", errForbiddenRole},
		"the role of owner in capitals":        {(*scene).ada, "alan@example.com", "OWNER", errForbiddenRole},
		"an unknown role":                      {(*scene).ada, "alan@example.com", "root", errForbiddenRole},
		"a member":                             {(*scene).ada, "LINUS@example.com", "member", domain.ErrAlreadyMember},
		"the sender":                           {(*scene).ada, "ada@example.com", "member", domain.ErrAlreadyMember},
		"who is invited already":               {(*scene).ada, "Waiting@example.com", "admin", domain.ErrAlreadyInvited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.invite(s.ada(), "waiting@example.com", "member")
			s.WantUnchanged("Create", tt.want, func() error {
				_, err := s.service.Create(t.Context(), tt.sender(s), tt.email, tt.role)
				return err
			})
		})
	}
}

func TestCreate_IsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.WantAllOrNothing("Create", func(ctx context.Context) error {
		_, err := s.service.Create(ctx, s.ada(), "alan@example.com", "member")
		return err
	})
}

// Somebody who was demoted or removed while their request was on its way.
func TestCreate_LooksAgainAtWhatTheSenderMay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*scene) error
		want   error
	}{
		"demoted": {func(s *scene) error {
			_, err := s.members.ChangeRole(s.T.Context(), s.Owner, s.Admin.Membership, "member", nil)
			return err
		}, domain.ErrForbidden},
		"removed": {func(s *scene) error {
			return s.members.Remove(s.T.Context(), s.Owner, s.Admin.Membership, nil)
		}, domain.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			grace := s.grace()
			i := s.invite(s.ada(), "waiting@example.com", "member")
			s.Must(tt.change(s))
			s.Clock.Advance(time.Hour)
			s.WantUnchanged("Create", tt.want, func() error {
				_, err := s.service.Create(t.Context(), grace, "alan@example.com", "member")
				return err
			})
			s.WantUnchanged("Resend", tt.want, func() error {
				_, err := s.service.Resend(t.Context(), grace, i.ID)
				return err
			})
		})
	}
}

func TestCreate_MembersAndPendingInvitationsFillThePlan(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.invite(s.ada(), "one@example.com", "member")
	two := s.invite(s.ada(), "two@example.com", "member")
	wantSeats(t, s, "3+2 of 5")
	full := func(call string) {
		t.Helper()
		s.WantUnchanged(call, domain.ErrMemberLimitReached, func() error {
			_, err := s.service.Create(t.Context(), s.ada(), "three@example.com", "member")
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.Limit == nil || *e.Limit != 5 || *e.Used != 5 {
				t.Errorf("%s: %+v, want limit 5, used 5", call, err)
			}
			return err
		})
	}
	full("Create in a full organization")
	s.Must(s.service.Revoke(t.Context(), s.Owner, two.ID))
	s.invite(s.ada(), "three@example.com", "member")
	wantSeats(t, s, "3+2 of 5")

	// What has run out frees its seat, whether or not anybody swept up.
	s.Clock.Advance(7 * 24 * time.Hour)
	for n := range 2 {
		s.invite(s.ada(), fmt.Sprintf("later%d@example.com", n), "member")
	}
	wantSeats(t, s, "3+2 of 5")
	if got := s.listed("expired"); got != "one@example.com three@example.com" {
		t.Errorf("expired: %q", got)
	}
	// And its address can be invited again.
	s.setLimit(6)
	s.invite(s.ada(), "one@example.com", "member")
}

func TestCreate_OneSeatAndManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.pay()
	s.setLimit(4)
	invited := 0
	for _, err := range coretest.Together(50, func(i int) error {
		_, err := s.service.Create(t.Context(), s.ada(), fmt.Sprintf("p%d@example.com", i), "member")
		return err
	}) {
		if err == nil {
			invited++
			continue
		}
		coretest.WantError(t, "Create", err, domain.ErrMemberLimitReached)
	}
	if invited != 1 {
		t.Errorf("%d invitations for one seat", invited)
	}
	wantSeats(t, s, "3+1 of 4")
}

func TestCreate_OneAddressAndManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.pay()
	invited := 0
	for _, err := range coretest.Together(20, func(int) error {
		_, err := s.service.Create(t.Context(), s.ada(), "alan@example.com", "member")
		return err
	}) {
		if err == nil {
			invited++
			continue
		}
		coretest.WantError(t, "Create", err, domain.ErrAlreadyInvited)
	}
	if mails := len(s.mails("alan@example.com")); invited != 1 || mails != 1 {
		t.Errorf("%d invitations and %d mails to one address, want one of each", invited, mails)
	}
}

func TestCreate_OnlySoManyADay(t *testing.T) {
	t.Parallel()
	t.Run("from one organization on the free plan", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.setLimit(domain.Unlimited)
		for n := range 10 {
			s.invite(s.ada(), fmt.Sprintf("p%d@example.com", n), "member")
		}
		wantRateLimited(t, s, func() error {
			_, err := s.service.Create(t.Context(), s.ada(), "p10@example.com", "member")
			return err
		})
		s.Clock.Advance(24 * time.Hour)
		s.invite(s.ada(), "p10@example.com", "member")
	})
	t.Run("to one address, from all organizations", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for n := range 5 {
			owner := s.Found(s.Hedy, fmt.Sprintf("Company %d", n))
			s.invite(invitation.Sender{Actor: owner, User: s.Hedy}, "alan@example.com", "member")
		}
		wantRateLimited(t, s, func() error {
			_, err := s.service.Create(t.Context(), s.ada(), "alan@example.com", "member")
			return err
		})
		s.invite(s.ada(), "somebody.else@example.com", "member")
	})
	t.Run("what was refused does not count", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 30 {
			_, err := s.service.Create(t.Context(), s.ada(), "linus@example.com", "member")
			coretest.WantError(t, "Create", err, domain.ErrAlreadyMember)
		}
		s.invite(s.ada(), "alan@example.com", "member")
	})
}

func wantRateLimited(t *testing.T, s *scene, fn func() error) {
	t.Helper()
	s.WantUnchanged("one more", domain.ErrRateLimited, fn)
	if e, ok := errors.AsType[*domain.Error](fn()); !ok || e.RetryAfter <= 0 || e.RetryAfter > 24*time.Hour {
		t.Errorf("one more: %+v, want a wait of up to a day", e)
	}
}

func TestCreateBatch_HasAResultForEachAddress(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	emails := []string{"one@example.com", "nonsense", "ONE@example.com", "linus@example.com", "two@example.com", "three@example.com"}
	results, err := s.service.CreateBatch(t.Context(), s.ada(), emails, "member")
	s.Must(err)
	want := []string{"", "validation_failed", "already_invited", "already_member", "", "member_limit_reached"}
	for i, result := range results {
		code := ""
		if result.Err != nil {
			code = result.Err.Code
		}
		if result.Email != emails[i] || code != want[i] || (code == "") != (result.Invitation.ID != "") {
			t.Errorf("result %d: %+v, want %s with %q", i, result, emails[i], want[i])
		}
	}
	if len(results) != len(emails) {
		t.Fatalf("%d results of %d", len(results), len(emails))
	}
	if got := s.listed(""); got != "one@example.com two@example.com" {
		t.Errorf("pending: %q", got)
	}
}

func TestCreateBatch_Refuses(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	many := make([]string, 51)
	for name, tt := range map[string]struct {
		sender invitation.Sender
		emails []string
		role   string
		want   error
	}{
		"a member":     {s.linus(), []string{"a@example.com"}, "member", domain.ErrForbidden},
		"no address":   {s.ada(), nil, "member", domain.Invalid("emails", "wrong_count", "")},
		"51 addresses": {s.ada(), many, "member", domain.Invalid("emails", "wrong_count", "")},
		"owners":       {s.ada(), []string{"a@example.com"}, "owner", errForbiddenRole},
	} {
		s.WantUnchanged(name, tt.want, func() error {
			_, err := s.service.CreateBatch(t.Context(), tt.sender, tt.emails, tt.role)
			return err
		})
	}
}

func TestResend_ReplacesTheToken(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	i := s.invite(s.ada(), "alan@example.com", "member")
	first := s.token(i)
	s.Clock.Advance(time.Minute)
	again, err := s.service.Resend(t.Context(), s.grace(), i.ID)
	s.Must(err)
	second := s.token(again)
	if second == first || !again.ExpiresAt.Equal(s.Clock.Now().Add(7*24*time.Hour)) || again.InviterName != "Ada" {
		t.Errorf("Resend = %+v; want another token, its full lifetime, and the same inviter", again)
	}
	wantSeats(t, s, "3+1 of 5")
	_, err = s.service.Preview(t.Context(), domain.User{}, first)
	coretest.WantError(t, "Preview of the old token", err, domain.ErrNotFound)
	_, err = s.service.Preview(t.Context(), domain.User{}, second)
	s.Must(err)
	if got := len(s.mails("alan@example.com")); got != 2 {
		t.Errorf("%d mails, want 2", got)
	}
}

func TestResend_SendsNoLinkThatIsDeadAlready(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	i := s.invite(s.ada(), "alan@example.com", "member")
	s.Clock.Advance(time.Minute)
	_, err := s.service.Resend(t.Context(), s.ada(), i.ID) // before the first mail went out
	s.Must(err)
	s.token(i)
	if got := len(s.mails("alan@example.com")); got != 1 {
		t.Errorf("%d mails, want only the one whose link works", got)
	}
}

func TestResend_ManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	i := s.invite(s.ada(), "alan@example.com", "member")
	s.Clock.Advance(time.Minute)
	sent := 0
	for _, err := range coretest.Together(20, func(int) error {
		_, err := s.service.Resend(t.Context(), s.ada(), i.ID)
		return err
	}) {
		if err == nil {
			sent++
			continue
		}
		coretest.WantError(t, "Resend", err, domain.ErrRateLimited)
	}
	if sent != 1 || s.stored(i.ID).Sent != 2 {
		t.Errorf("sent %d times again, and counted %d mails; want once, and 2", sent, s.stored(i.ID).Sent)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	i := s.invite(s.ada(), "alan@example.com", "member")
	token := s.token(i)
	s.WantUnchanged("Revoke by a member", domain.ErrForbidden, func() error { return s.service.Revoke(t.Context(), s.Member, i.ID) })
	s.WantUnchanged("Revoke by another organization", domain.ErrNotFound, func() error { return s.service.Revoke(t.Context(), s.Globex, i.ID) })
	s.Must(s.service.Revoke(t.Context(), s.Admin, i.ID))
	wantSeats(t, s, "3+0 of 5")
	s.WantUnchanged("Revoke again", nil, func() error { return s.service.Revoke(t.Context(), s.Admin, i.ID) })
	_, err := s.service.Accept(t.Context(), caller(s.Alan), token)
	coretest.WantError(t, "Accept", err, domain.ErrInvitationRevoked)
}

func TestInvitationsOfWhoIsNoAdminAnyMore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*scene, *membership.Service) error
		revoked string
	}{
		"demoted: those for a higher role": {func(s *scene, m *membership.Service) error {
			_, err := m.ChangeRole(s.T.Context(), s.Owner, s.Admin.Membership, "member", nil)
			return err
		}, "admin@example.com"},
		"removed: all": {func(s *scene, m *membership.Service) error {
			return m.Remove(s.T.Context(), s.Owner, s.Admin.Membership, nil)
		}, "admin@example.com member@example.com"},
		"left: all": {func(s *scene, m *membership.Service) error {
			return m.Remove(s.T.Context(), s.Admin, s.Admin.Membership, nil)
		}, "admin@example.com member@example.com"},
		"promoted: none": {func(s *scene, m *membership.Service) error {
			_, err := m.ChangeRole(s.T.Context(), s.Owner, s.Member.Membership, "admin", nil)
			return err
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.setLimit(10)
			s.invite(s.ada(), "of.ada@example.com", "admin")
			admin := s.invite(s.grace(), "admin@example.com", "admin")
			s.invite(s.grace(), "member@example.com", "member")
			s.Must(tt.change(s, s.members))
			if got := s.listed("revoked"); got != tt.revoked {
				t.Errorf("revoked: %q, want %q", got, tt.revoked)
			}
			if tt.revoked != "" {
				_, err := s.service.Preview(t.Context(), domain.User{}, domain.InvitationToken(key, admin.ID, 1))
				coretest.WantError(t, "Preview", err, domain.ErrInvitationRevoked)
			}
		})
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	i := s.invite(s.ada(), "one@example.com", "member")
	s.invite(s.ada(), "two@example.com", "member")
	s.Must(s.service.Revoke(t.Context(), s.Owner, i.ID))
	for state, want := range map[string]string{"": "two@example.com", "pending": "two@example.com", "revoked": "one@example.com", "accepted": "", "expired": ""} {
		if got := s.listed(state); got != want {
			t.Errorf("List(%q) = %q, want %q", state, got, want)
		}
	}
	s.Clock.Advance(7 * 24 * time.Hour)
	if pending, expired := s.listed(""), s.listed("expired"); pending != "" || expired != "two@example.com" {
		t.Errorf("after a week %q is pending and %q expired, want the one that was", pending, expired)
	}
	page := domain.PageRequest{Limit: 10}
	_, err := s.service.List(t.Context(), s.Member, "", page)
	coretest.WantError(t, "List by a member", err, domain.ErrForbidden)
	_, err = s.service.List(t.Context(), s.Owner, "open", page)
	coretest.WantError(t, "List of an unknown state", err, domain.Invalid("state", "unknown_state", ""))
	foreign, err := s.service.List(t.Context(), s.Globex, "revoked", page)
	s.Must(err)
	if len(foreign.Items) != 0 {
		t.Errorf("Globex sees %+v", foreign.Items)
	}
	suspended := s.Owner
	suspended.Suspended = true
	_, err = s.service.List(t.Context(), suspended, "", page)
	coretest.WantError(t, "List of an organization that is suspended", err, nil)
}
