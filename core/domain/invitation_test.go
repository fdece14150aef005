package domain_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
)

var invitationKey = domain.SecretKey("0123456789abcdef0123456789abcdef")

func newInvitation() domain.Invitation {
	return domain.NewInvitation("01890000-0000-7000-8000-000000000001", "grace@example.com", domain.RoleAdmin, "ada", invitationKey, noon)
}

func TestInvitationToken(t *testing.T) {
	t.Parallel()
	i := newInvitation()
	token := domain.InvitationToken(invitationKey, i.ID, 1)
	if len(token) != 64 || strings.Trim(string(token), "0123456789abcdef") != "" {
		t.Errorf("the token is %q, want 64 hexadecimal characters", string(token))
	}
	if i.Token != token.Hash() {
		t.Error("the invitation does not have the hash of its first token")
	}
	for name, other := range map[string]domain.Token{
		"another mail":       domain.InvitationToken(invitationKey, i.ID, 2),
		"another invitation": domain.InvitationToken(invitationKey, "01890000-0000-7000-8000-000000000002", 1),
		"another key":        domain.InvitationToken(domain.SecretKey("another key of 32 bytes or more!!"), i.ID, 1),
	} {
		if other == token {
			t.Errorf("the token of %s is the same", name)
		}
	}
}

func TestInvitation_RunsOutAfterSevenDays(t *testing.T) {
	t.Parallel()
	i := newInvitation()
	for _, tt := range []struct {
		after time.Duration
		want  domain.InvitationState
	}{
		{7*24*time.Hour - time.Microsecond, domain.InvitationPending},
		{7 * 24 * time.Hour, domain.InvitationExpired},
	} {
		if got := i.StateAt(noon.Add(tt.after)); got != tt.want {
			t.Errorf("after %v it is %s, want %s", tt.after, got, tt.want)
		}
	}
	accepted, err := i.Respond(domain.InvitationAccepted, noon.Add(time.Hour))
	if err != nil || accepted.StateAt(noon.AddDate(1, 0, 0)) != domain.InvitationAccepted || !accepted.RespondedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("Respond = %+v, %v; want accepted, for ever", accepted, err)
	}
}

func TestInvitation_NothingFollowsAnAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state domain.InvitationState
		want  error
	}{
		{domain.InvitationAccepted, domain.ErrInvitationAccepted},
		{domain.InvitationDeclined, domain.ErrInvitationDeclined},
		{domain.InvitationRevoked, domain.ErrInvitationRevoked},
		{domain.InvitationExpired, domain.ErrInvitationExpired},
	} {
		state, want := tt.state, tt.want
		i := newInvitation()
		i.State = state
		for _, to := range domain.InvitationStates {
			if after, err := i.Respond(to, noon); !errors.Is(err, want) || after != i {
				t.Errorf("Respond(%s) to one that is %s = %+v, %v; want it unchanged and %v", to, state, after, err, want)
			}
		}
		if after, err := i.Resend(invitationKey, noon.Add(time.Hour)); !errors.Is(err, want) || after != i {
			t.Errorf("Resend of one that is %s = %+v, %v; want it unchanged and %v", state, after, err, want)
		}
	}
	if err := domain.InvitationPending.Err(); err != nil {
		t.Errorf("pending: %v, want no error", err)
	}
}

func TestInvitation_IsResentOnceAMinuteAndThreeTimesADay(t *testing.T) {
	t.Parallel()
	i, now := newInvitation(), noon
	wantWait := func(want time.Duration) {
		t.Helper()
		after, err := i.Resend(invitationKey, now)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != "rate_limited" || e.RetryAfter != want || after != i {
			t.Fatalf("Resend = %+v, %v; want it unchanged, and a wait of %v", after, err, want)
		}
	}
	wantWait(time.Minute)
	for n := int64(2); n <= 4; n++ {
		now = now.Add(time.Minute - time.Second)
		wantWait(time.Second)
		now = now.Add(time.Second)
		before := i
		var err error
		if i, err = i.Resend(invitationKey, now); err != nil {
			t.Fatalf("resend %d: %v", n-1, err)
		}
		if i.Sent != n || i.Token == before.Token || i.Token != domain.InvitationToken(invitationKey, i.ID, n).Hash() ||
			!i.ExpiresAt.Equal(now.Add(7*24*time.Hour)) || !i.LastSentAt.Equal(now) || !i.CreatedAt.Equal(noon) {
			t.Fatalf("resend %d made %+v", n-1, i)
		}
	}
	now = now.Add(time.Minute)
	wantWait(24*time.Hour - time.Minute)
	now = now.Add(24*time.Hour - time.Minute)
	if _, err := i.Resend(invitationKey, now); err != nil {
		t.Errorf("Resend a day later = %v", err)
	}
}

func TestParseInvitationState(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]domain.InvitationState{
		"": domain.InvitationPending, "pending": domain.InvitationPending, "accepted": domain.InvitationAccepted,
		"declined": domain.InvitationDeclined, "revoked": domain.InvitationRevoked, "expired": domain.InvitationExpired,
	} {
		if got, err := domain.ParseInvitationState(text); err != nil || got != want {
			t.Errorf("ParseInvitationState(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"PENDING", "open", " pending"} {
		if _, err := domain.ParseInvitationState(text); !errors.Is(err, domain.Invalid("state", "unknown_state", "")) {
			t.Errorf("ParseInvitationState(%q) = %v, want unknown_state", text, err)
		}
	}
}

func TestParseInvitableRole(t *testing.T) {
	t.Parallel()
	for _, role := range []domain.Role{domain.RoleMember, domain.RoleAdmin} {
		if got, err := domain.ParseInvitableRole(string(role)); err != nil || got != role {
			t.Errorf("ParseInvitableRole(%q) = %q, %v", role, got, err)
		}
	}
	for _, text := range []string{"owner", "OWNER", "", "root"} {
		if _, err := domain.ParseInvitableRole(text); !errors.Is(err, domain.Invalid("role", "unknown_role", "")) {
			t.Errorf("ParseInvitableRole(%q) = %v, want unknown_role", text, err)
		}
	}
}
