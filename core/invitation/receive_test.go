package invitation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/invitation"
)

// invited is a scene in which Alan has an invitation, and its token.
func invited(t *testing.T, role string) (*scene, domain.InvitationDetail, domain.Token) {
	t.Helper()
	s := newScene(t)
	i := s.invite(s.grace(), "alan@example.com", role)
	return s, i, s.token(i)
}

func TestPreview_ShowsNoMoreThanWhoseTokenItIs(t *testing.T) {
	t.Parallel()
	s, i, token := invited(t, "admin")
	before := s.Everything()
	for range 100 { // as scanners of mail do
		for viewer, email := range map[domain.User]string{{}: "a***@example.com", s.Linus: "a***@example.com", s.Alan: "alan@example.com"} {
			got, err := s.service.Preview(t.Context(), viewer, token)
			s.Must(err)
			want := domain.InvitationPreview{
				Organization: domain.OrganizationRef{ID: s.Owner.Organization, Name: "Acme", Slug: "acme"},
				InviterName:  "Grace", Email: email, HasAccount: true, Role: domain.RoleAdmin,
				State: domain.InvitationPending, ExpiresAt: i.ExpiresAt,
			}
			if got != want {
				t.Fatalf("Preview for %q = %+v, want %+v", viewer.Name, got, want)
			}
		}
	}
	if s.Everything() != before {
		t.Error("looking at it has changed something")
	}
	stranger := s.invite(s.ada(), "nobody.yet@example.com", "member")
	got, err := s.service.Preview(t.Context(), domain.User{}, s.token(stranger))
	if err != nil || got.HasAccount {
		t.Errorf("Preview = %+v, %v; want no account", got, err)
	}
	for _, unknown := range []domain.Token{"", "x", token[1:], domain.InvitationToken(key, i.ID, 2)} {
		_, err := s.service.Preview(t.Context(), s.Alan, unknown)
		coretest.WantError(t, fmt.Sprintf("Preview(%q)", string(unknown)), err, domain.ErrNotFound)
	}
}

func TestAccept_MakesAMember(t *testing.T) {
	t.Parallel()
	s, i, token := invited(t, "admin")
	s.WantAllOrNothing("Accept", func(ctx context.Context) error {
		accepted, err := s.service.Accept(ctx, caller(s.Alan), token)
		if err == nil && (accepted.AlreadyMember || accepted.Member.Role != domain.RoleAdmin || accepted.Member.InvitedBy != s.Grace.ID ||
			accepted.Organization.Name != "Acme" || accepted.Organization.Role != domain.RoleAdmin || accepted.Organization.Members != 4) {
			t.Errorf("Accept = %+v", accepted)
		}
		return err
	})
	wantSeats(t, s, "4+0 of 5")
	if got := s.stored(i.ID); got.State != domain.InvitationAccepted || !got.RespondedAt.Equal(s.Clock.Now()) {
		t.Errorf("the invitation is %+v", got)
	}
	s.WantUnchanged("Accept again", nil, func() error {
		again, err := s.service.Accept(t.Context(), caller(s.Alan), token)
		if !again.AlreadyMember || again.Member.User != s.Alan.ID {
			t.Errorf("Accept again = %+v, want a member already", again)
		}
		return err
	})
}

func TestAccept_Refuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*scene, domain.InvitationDetail, domain.Token)
		caller func(*scene) domain.User
		want   error
	}{
		"another address":                   {nil, func(s *scene) domain.User { return s.Hedy }, domain.ErrInvitationEmailOfOther},
		"an admin of the same organization": {nil, func(s *scene) domain.User { return s.Grace }, domain.ErrInvitationEmailOfOther},
		"an address that is not proven": {func(s *scene, _ domain.InvitationDetail, _ domain.Token) {
			s.Alan.EmailVerifiedAt = time.Time{}
			s.Must(s.Store.Users().Save(s.T.Context(), s.Alan))
		}, nil, domain.ErrEmailNotVerified},
		"an address that was given up meanwhile": {func(s *scene, _ domain.InvitationDetail, _ domain.Token) {
			moved := s.Alan
			moved.Email = "alan@elsewhere.example"
			s.Must(s.Store.Users().Save(s.T.Context(), moved))
		}, nil, domain.ErrInvitationEmailOfOther},
		"one that has run out": {func(s *scene, _ domain.InvitationDetail, _ domain.Token) {
			s.Clock.Advance(7 * 24 * time.Hour)
		}, nil, domain.ErrInvitationExpired},
		"one that was declined": {func(s *scene, _ domain.InvitationDetail, token domain.Token) {
			s.Must(s.service.Decline(s.T.Context(), token))
		}, nil, domain.ErrInvitationDeclined},
		"one that was taken back": {func(s *scene, i domain.InvitationDetail, _ domain.Token) {
			s.Must(s.service.Revoke(s.T.Context(), s.Owner, i.ID))
		}, nil, domain.ErrInvitationRevoked},
		"where the plan was changed for a smaller one": {func(s *scene, _ domain.InvitationDetail, _ domain.Token) {
			s.setLimit(3)
		}, nil, domain.ErrMemberLimitReached},
		"where the organization is suspended": {func(s *scene, _ domain.InvitationDetail, _ domain.Token) {
			o, err := s.Tenant(s.Owner).Organization().Get(s.T.Context())
			s.Must(err)
			o.SuspendedAt = s.Clock.Now()
			_, err = s.Tenant(s.Owner).Organization().Save(s.T.Context(), o)
			s.Must(err)
		}, nil, domain.ErrOrganizationSuspended},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, i, token := invited(t, "member")
			if tt.change != nil {
				tt.change(s, i, token)
			}
			who := s.Alan
			if tt.caller != nil {
				who = tt.caller(s)
			}
			s.WantUnchanged("Accept", tt.want, func() error {
				_, err := s.service.Accept(t.Context(), caller(who), token)
				return err
			})
		})
	}
}

// Who is over, is told what it was.
func TestWhatIsOverIsShown(t *testing.T) {
	t.Parallel()
	s, _, token := invited(t, "member")
	s.Clock.Advance(7 * 24 * time.Hour)
	for name, fn := range map[string]func() error{
		"Preview": func() error { _, err := s.service.Preview(t.Context(), domain.User{}, token); return err },
		"Accept":  func() error { _, err := s.service.Accept(t.Context(), caller(s.Alan), token); return err },
		"Decline": func() error { return s.service.Decline(t.Context(), token) },
	} {
		e, ok := errors.AsType[*domain.Error](fn())
		if !ok || e.Code != "invitation_expired" || e.Invitation == nil || e.Invitation.Organization.Name != "Acme" || e.Invitation.State != domain.InvitationExpired {
			t.Errorf("%s = %+v, want what has run out", name, e)
		}
	}
}

func TestAccept_AtTheLastMoment(t *testing.T) {
	t.Parallel()
	s, _, token := invited(t, "member")
	s.Clock.Advance(7*24*time.Hour - time.Microsecond)
	_, err := s.service.Accept(t.Context(), caller(s.Alan), token)
	s.Must(err)
}

func TestAccept_InAFullOrganizationTheSeatIsKept(t *testing.T) {
	t.Parallel()
	s, _, token := invited(t, "member")
	s.setLimit(4)
	wantSeats(t, s, "3+1 of 4")
	_, err := s.service.Accept(t.Context(), caller(s.Alan), token)
	s.Must(err)
	wantSeats(t, s, "4+0 of 4")
}

func TestAccept_ManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	s, _, token := invited(t, "member")
	made := 0
	for i, accepted := range coretest.Together(50, func(int) error {
		accepted, err := s.service.Accept(t.Context(), caller(s.Alan), token)
		if err == nil && accepted.AlreadyMember {
			return errAlready
		}
		return err
	}) {
		switch {
		case accepted == nil:
			made++
		case !errors.Is(accepted, errAlready):
			t.Errorf("acceptance %d: %v", i, accepted)
		}
	}
	if made != 1 {
		t.Errorf("%d of 50 acceptances made a member, want one", made)
	}
	wantSeats(t, s, "4+0 of 5")
}

var errAlready = errors.New("a member already")

func TestAccept_OfWhoIsAMemberAlready(t *testing.T) {
	t.Parallel()
	s, i, token := invited(t, "admin")
	s.Join(s.Owner, s.Alan, domain.RoleMember) // by another way
	accepted, err := s.service.Accept(t.Context(), caller(s.Alan), token)
	s.Must(err)
	if !accepted.AlreadyMember || accepted.Member.Role != domain.RoleMember || s.stored(i.ID).State != domain.InvitationAccepted {
		t.Errorf("Accept = %+v; want the membership as it was, and the invitation answered", accepted)
	}
	wantSeats(t, s, "4+0 of 5")
}

func TestDecline(t *testing.T) {
	t.Parallel()
	s, i, token := invited(t, "member")
	s.WantAllOrNothing("Decline", func(ctx context.Context) error { return s.service.Decline(ctx, token) })
	wantSeats(t, s, "3+0 of 5")
	if got := s.stored(i.ID).State; got != domain.InvitationDeclined {
		t.Errorf("the invitation is %s", got)
	}
	s.WantUnchanged("Decline again", nil, func() error { return s.service.Decline(t.Context(), token) })
	s.WantUnchanged("Decline without a token", domain.ErrNotFound, func() error { return s.service.Decline(t.Context(), "") })
	again := s.invite(s.ada(), "alan@example.com", "member") // is allowed
	_, err := s.service.Accept(t.Context(), caller(s.Alan), s.token(again))
	s.Must(err)
}

func TestReceived(t *testing.T) {
	t.Parallel()
	s, i, _ := invited(t, "member")
	other := s.invite(invitation.Sender{Actor: s.Globex, User: s.Hedy}, "alan@example.com", "admin")
	s.invite(s.ada(), "somebody.else@example.com", "member")
	list := func(user domain.User) (names []string) {
		page, err := s.service.Received(t.Context(), caller(user), domain.PageRequest{Limit: 10})
		s.Must(err)
		for _, received := range page.Items {
			names = append(names, received.Organization.Name+" by "+received.InviterName)
		}
		return names
	}
	if got := fmt.Sprint(list(s.Alan)); got != "[Globex by Hedy Acme by Grace]" {
		t.Errorf("Alan's invitations: %s", got)
	}
	unproven := s.Alan
	unproven.EmailVerifiedAt = time.Time{}
	for name, user := range map[string]domain.User{"somebody else": s.Hedy, "who has not proven the address": unproven} {
		if got := list(user); len(got) != 0 {
			t.Errorf("%s sees %v", name, got)
		}
	}

	s.WantUnchanged("AcceptOwn of another's", domain.ErrNotFound, func() error {
		_, err := s.service.AcceptOwn(t.Context(), caller(s.Hedy), i.ID)
		return err
	})
	s.WantUnchanged("DeclineOwn of another's", domain.ErrNotFound, func() error { return s.service.DeclineOwn(t.Context(), caller(s.Hedy), i.ID) })
	s.WantUnchanged("AcceptOwn without a proven address", domain.ErrEmailNotVerified, func() error {
		_, err := s.service.AcceptOwn(t.Context(), caller(unproven), i.ID)
		return err
	})
	accepted, err := s.service.AcceptOwn(t.Context(), caller(s.Alan), i.ID)
	s.Must(err)
	if accepted.Organization.Name != "Acme" {
		t.Errorf("AcceptOwn = %+v", accepted)
	}
	s.Must(s.service.DeclineOwn(t.Context(), caller(s.Alan), other.ID))
	if got := list(s.Alan); len(got) != 0 {
		t.Errorf("Alan's invitations after both are answered: %v", got)
	}
	_, err = s.service.AcceptOwn(t.Context(), caller(s.Alan), other.ID)
	coretest.WantError(t, "AcceptOwn of what was declined", err, domain.ErrInvitationDeclined)
}
