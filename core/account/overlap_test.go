package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rowhouse/core/account"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// overlapping is a ports.Passwords during whose first verification something
// else happens: looking at a password takes long enough for that.
type overlapping struct {
	ports.Passwords
	meanwhile func()
}

func (p *overlapping) Verify(ctx context.Context, password string, hash domain.PasswordHash) (match, outdated bool, err error) {
	match, outdated, err = p.Passwords.Verify(ctx, password, hash)
	if meanwhile := p.meanwhile; meanwhile != nil {
		p.meanwhile = nil
		meanwhile()
	}
	return match, outdated, err
}

// resetMeanwhile builds a service in which Ada's password is reset by link
// while the old one is being looked at.
func (s *scene) resetMeanwhile() *account.Service {
	s.T.Helper()
	s.Must(s.service.ForgotPassword(s.T.Context(), "ada@example.com"))
	token := s.link("ada@example.com")
	slow := &overlapping{Passwords: s.hasher, meanwhile: func() {
		s.Must(s.service.ResetPassword(s.T.Context(), token, other))
	}}
	return s.but(func(p *parts) { p.passwords = slow })
}

func (s *scene) wantNoSessionOfAda() {
	s.T.Helper()
	page, err := s.Store.Sessions().List(s.T.Context(), s.laptop.Caller.User.ID, domain.PageRequest{Limit: 100})
	s.Must(err)
	if len(page.Items) != 0 {
		s.T.Errorf("%d sessions are left of what the reset should have ended", len(page.Items))
	}
}

// After a reset the old password opens nothing, however late its check ends.
func TestTheOldPasswordOpensNothingWhileItIsReset(t *testing.T) {
	t.Parallel()
	t.Run("sign-in", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.resetMeanwhile().SignIn(t.Context(), "ada@example.com", secret, account.Client{})
		if !errors.Is(err, domain.ErrInvalidCredentials) {
			t.Errorf("SignIn = %v, want %v", err, domain.ErrInvalidCredentials)
		}
		s.wantNoSessionOfAda()
	})
	t.Run("sudo", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.resetMeanwhile().Sudo(t.Context(), s.laptop.Caller, secret)
		if !errors.Is(err, domain.WrongPassword("password")) {
			t.Errorf("Sudo = %v, want %v", err, domain.WrongPassword("password"))
		}
		s.wantNoSessionOfAda()
	})
	t.Run("a change of the password", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.resetMeanwhile().ChangePassword(t.Context(), s.laptop.Caller, secret, "a third one altogether")
		if !errors.Is(err, domain.WrongPassword("current_password")) {
			t.Errorf("ChangePassword = %v, want %v", err, domain.WrongPassword("current_password"))
		}
		s.wantNoSessionOfAda()
		if _, err := s.service.SignIn(t.Context(), "ada@example.com", other, account.Client{}); err != nil {
			t.Errorf("SignIn with the password of the reset = %v, want it to work", err)
		}
	})
	t.Run("sudo with what was known before", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		before := s.laptop.Caller
		_, err := s.service.ChangePassword(t.Context(), s.laptop.Caller, secret, other)
		s.Must(err)
		if _, err := s.service.Sudo(t.Context(), before, secret); !errors.Is(err, domain.WrongPassword("password")) {
			t.Errorf("Sudo with the password that was changed = %v, want %v", err, domain.WrongPassword("password"))
		}
	})
}

// Whoever steals an account cannot take the way back from its owner by moving
// it twice.
func TestTheFirstAddressCanTakeTheAccountBackAfterTwoMoves(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	move := func(from domain.Caller, to domain.Email) domain.Caller {
		t.Helper()
		s.Must(s.service.ChangeEmail(t.Context(), from, string(to)))
		s.Must(s.service.VerifyEmail(t.Context(), s.link(to)))
		from.User = s.ada()
		return from
	}
	thief := move(s.laptop.Caller, "thief@example.net")
	back := s.link("ada@example.com")
	s.Clock.Advance(2 * time.Hour)
	move(thief, "thief2@example.net")

	for _, mail := range s.sent("thief@example.net") {
		if mail.Subject == s.sent("ada@example.com")[0].Subject && len(mail.Links) > 0 {
			t.Errorf("the address in between got a link that takes the account back: %v", mail.Links)
		}
	}
	s.Must(s.service.VerifyEmail(t.Context(), back))
	if got := s.ada(); got.Email != "ada@example.com" {
		t.Errorf("the address is %s, want ada@example.com", got.Email)
	}
	s.wantNoSessionOfAda()
}
