package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rowhouse/core/account"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
)

// unverified is Grace, who has just signed up, and the link mailed to her.
func unverified(t *testing.T) (*scene, account.SignedIn, domain.Token) {
	t.Helper()
	s := newScene(t)
	signedIn := s.signUp(s.service, "grace@example.com", "Grace", account.Client{})
	return s, signedIn, s.link("grace@example.com")
}

func TestVerifyEmail(t *testing.T) {
	t.Parallel()
	t.Run("proves the address, once", func(t *testing.T) {
		t.Parallel()
		s, signedIn, link := unverified(t)
		want := signedIn.Caller.User
		s.Clock.Advance(24*time.Hour - time.Microsecond)
		s.Must(s.service.VerifyEmail(t.Context(), link))
		want.EmailVerifiedAt, want.UpdatedAt = s.Clock.Now(), s.Clock.Now()
		if got := s.stored(want.ID); got != want {
			t.Errorf("user = %#v\nwant %#v", got, want)
		}
		s.wantMails("grace@example.com: Confirm your e-mail address")
		s.wantLive(map[domain.Token]bool{signedIn.Token: true, s.eve.Token: true})
		s.WantUnchanged("VerifyEmail again", domain.ErrInvalidToken, func() error { return s.service.VerifyEmail(t.Context(), link) })
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s, _, link := unverified(t)
		s.wantAllOrNothing("VerifyEmail", func(service *account.Service, ctx context.Context) error { return service.VerifyEmail(ctx, link) })
	})
	refused := map[string]func(s *scene, signedIn account.SignedIn, link domain.Token) domain.Token{
		"a link that is too old": func(s *scene, _ account.SignedIn, link domain.Token) domain.Token {
			s.Clock.Advance(24 * time.Hour)
			return link
		},
		"a link that a newer one replaced": func(s *scene, signedIn account.SignedIn, link domain.Token) domain.Token {
			s.Must(s.service.ResendVerification(s.T.Context(), signedIn.Caller))
			return link
		},
		"a link to an address that the account has left": func(s *scene, signedIn account.SignedIn, link domain.Token) domain.Token {
			user := signedIn.Caller.User
			user.Email = "hopper@example.com"
			s.Must(s.Store.Users().Save(s.T.Context(), user))
			return link
		},
		"a link to set a password": func(s *scene, _ account.SignedIn, _ domain.Token) domain.Token {
			s.Must(s.service.ForgotPassword(s.T.Context(), "grace@example.com"))
			return s.link("grace@example.com")
		},
		"a session's token": func(_ *scene, signedIn account.SignedIn, _ domain.Token) domain.Token { return signedIn.Token },
		"no link":           func(*scene, account.SignedIn, domain.Token) domain.Token { return "" },
	}
	for name, prepare := range refused {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			s, signedIn, link := unverified(t)
			token := prepare(s, signedIn, link)
			s.WantUnchanged("VerifyEmail", domain.ErrInvalidToken, func() error { return s.service.VerifyEmail(t.Context(), token) })
		})
	}
}

func TestResendVerification(t *testing.T) {
	t.Parallel()
	t.Run("mails another link, three an hour", func(t *testing.T) {
		t.Parallel()
		s, signedIn, _ := unverified(t)
		for range 3 {
			s.Must(s.service.ResendVerification(t.Context(), signedIn.Caller))
		}
		s.WantUnchanged("ResendVerification", domain.ErrRateLimited, func() error {
			err := s.service.ResendVerification(t.Context(), signedIn.Caller)
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.RetryAfter != time.Hour {
				t.Errorf("ResendVerification = %+v, want a wait of an hour", err)
			}
			return err
		})
		s.Must(s.service.VerifyEmail(t.Context(), s.link("grace@example.com")))
		s.Clock.Advance(time.Hour)
	})
	t.Run("does nothing for an address that is proven", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 5 {
			s.WantUnchanged("ResendVerification", nil, func() error { return s.service.ResendVerification(t.Context(), s.laptop.Caller) })
		}
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s, signedIn, _ := unverified(t)
		s.wantAllOrNothing("ResendVerification", func(service *account.Service, ctx context.Context) error {
			return service.ResendVerification(ctx, signedIn.Caller)
		})
	})
}

func TestChangeEmail(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	before := s.ada()

	s.Must(s.service.ChangeEmail(t.Context(), s.laptop.Caller, " Countess@Example.com"))
	if got := s.ada(); got != before {
		t.Errorf("user = %#v, want it as before until the link is used", got)
	}
	s.wantMails(
		"countess@example.com: Confirm your new e-mail address",
		"ada@example.com: A change of your e-mail address was asked for",
	)

	s.Clock.Advance(24*time.Hour - time.Microsecond)
	link := s.link("countess@example.com")
	s.Must(s.service.VerifyEmail(t.Context(), link))
	moved := before
	moved.Email, moved.EmailVerifiedAt, moved.UpdatedAt = "countess@example.com", s.Clock.Now(), s.Clock.Now()
	if got := s.ada(); got != moved {
		t.Errorf("user = %#v\nwant %#v", got, moved)
	}
	s.wantLive(map[domain.Token]bool{s.laptop.Token: true, s.phone.Token: true, s.eve.Token: true})
	s.wantMails(
		"countess@example.com: Confirm your new e-mail address",
		"ada@example.com: A change of your e-mail address was asked for",
		"ada@example.com: Your e-mail address was changed",
	)
	s.WantUnchanged("VerifyEmail again", domain.ErrInvalidToken, func() error { return s.service.VerifyEmail(t.Context(), link) })
	coretest.WantError(t, "SignIn with the old address", s.signIn(secret), domain.ErrInvalidCredentials)
	_, err := s.service.SignIn(t.Context(), "countess@example.com", secret, account.Client{})
	coretest.WantError(t, "SignIn with the new address", err, nil)
}

func TestChangeEmailRefuses(t *testing.T) {
	t.Parallel()
	change := func(s *scene, email string) error {
		return s.service.ChangeEmail(s.T.Context(), s.laptop.Caller, email)
	}
	t.Run("what is no address", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, email := range []string{"", "countess", "mi\u212ae@example.com"} {
			s.WantUnchanged("ChangeEmail", field("email", "invalid_email"), func() error { return change(s, email) })
		}
	})
	t.Run("an address that is taken, without telling", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, email := range []string{"eve@example.com", "ADA@example.com"} {
			s.WantUnchanged("ChangeEmail", nil, func() error { return change(s, email) })
		}
	})
	t.Run("more than three an hour", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, email := range []string{"a@example.com", "eve@example.com", "b@example.com"} {
			s.Must(change(s, email))
			s.sent("") // before the next one replaces the link
		}
		s.WantUnchanged("ChangeEmail", domain.ErrRateLimited, func() error { return change(s, "c@example.com") })
		s.WantUnchanged("VerifyEmail of the first", domain.ErrInvalidToken, func() error {
			return s.service.VerifyEmail(t.Context(), s.link("a@example.com"))
		})
		s.Clock.Advance(time.Hour)
		coretest.WantError(t, "ChangeEmail after an hour", change(s, "c@example.com"), nil)
	})
	t.Run("half of it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.wantAllOrNothing("ChangeEmail", func(service *account.Service, ctx context.Context) error {
			return service.ChangeEmail(ctx, s.laptop.Caller, "countess@example.com")
		})
	})
	t.Run("to wait for a mail outage to end", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.withoutMail(func() error { return change(s, "countess@example.com") })
		link := s.link("countess@example.com")
		s.withoutMail(func() error { return s.service.VerifyEmail(t.Context(), link) })
	})
	t.Run("an address that was taken meanwhile, and keeps the link", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(change(s, "grace@example.com"))
		link := s.link("grace@example.com")
		s.signUp(s.service, "grace@example.com", "Grace", account.Client{})
		s.WantUnchanged("VerifyEmail", domain.ErrEmailTaken, func() error { return s.service.VerifyEmail(t.Context(), link) })
	})
	t.Run("a link that is too old", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(change(s, "countess@example.com"))
		link := s.link("countess@example.com")
		s.Clock.Advance(24 * time.Hour)
		s.WantUnchanged("VerifyEmail", domain.ErrInvalidToken, func() error {
			return s.service.VerifyEmail(t.Context(), link)
		})
	})
	t.Run("half of the move", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(change(s, "countess@example.com"))
		link := s.link("countess@example.com")
		s.wantAllOrNothing("VerifyEmail", func(service *account.Service, ctx context.Context) error { return service.VerifyEmail(ctx, link) })
	})
}

// moved is Ada's account after somebody has moved it to Mallory's address, and
// the link mailed to Ada that takes it back.
func moved(t *testing.T) (*scene, domain.Token) {
	t.Helper()
	s := newScene(t)
	s.Must(s.service.ChangeEmail(t.Context(), s.phone.Caller, "mallory@example.com"))
	s.Must(s.service.VerifyEmail(t.Context(), s.link("mallory@example.com")))
	return s, s.link("ada@example.com")
}

func TestRevertEmail(t *testing.T) {
	t.Parallel()
	t.Run("takes the account back and ends every session", func(t *testing.T) {
		t.Parallel()
		s, revert := moved(t)
		s.Clock.Advance(72*time.Hour - time.Microsecond)
		_, err := s.service.SignIn(t.Context(), "mallory@example.com", secret, account.Client{})
		s.Must(err)
		s.Must(s.service.ForgotPassword(t.Context(), "mallory@example.com"))
		reset := s.link("mallory@example.com")
		caller := domain.Caller{User: s.ada(), Session: s.phone.Caller.Session}
		s.Must(s.service.ChangeEmail(t.Context(), caller, "mallory2@example.com"))
		change := s.link("mallory2@example.com")
		mails := len(s.sent(""))
		want := s.ada()

		s.Must(s.service.VerifyEmail(t.Context(), revert))

		want.Email, want.EmailVerifiedAt, want.UpdatedAt = "ada@example.com", s.Clock.Now(), s.Clock.Now()
		if got := s.ada(); got != want {
			t.Errorf("user = %#v\nwant %#v", got, want)
		}
		list, err := s.service.Sessions(t.Context(), s.laptop.Caller, all)
		if len(list.Items) > 0 || err != nil {
			t.Errorf("sessions = %+v, %v; want none", list.Items, err)
		}
		s.wantLive(map[domain.Token]bool{s.eve.Token: true})
		if got := len(s.sent("")); got != mails {
			t.Errorf("%d mails were sent, want none", got-mails)
		}
		s.WantUnchanged("VerifyEmail again", domain.ErrInvalidToken, func() error { return s.service.VerifyEmail(t.Context(), revert) })
		s.WantUnchanged("VerifyEmail to a third address", domain.ErrInvalidToken, func() error { return s.service.VerifyEmail(t.Context(), change) })
		s.WantUnchanged("ResetPassword by the other mailbox", domain.ErrInvalidToken, func() error {
			return s.service.ResetPassword(t.Context(), reset, other)
		})
	})
	t.Run("ends the links to set a password, also those to the old address", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(s.service.ForgotPassword(t.Context(), "ada@example.com"))
		reset := s.link("ada@example.com")
		s.Must(s.service.ChangeEmail(t.Context(), s.phone.Caller, "mallory@example.com"))
		s.Must(s.service.VerifyEmail(t.Context(), s.link("mallory@example.com")))
		s.Must(s.service.VerifyEmail(t.Context(), s.link("ada@example.com")))
		s.WantUnchanged("ResetPassword", domain.ErrInvalidToken, func() error { return s.service.ResetPassword(t.Context(), reset, other) })
	})
	t.Run("works for 72 hours", func(t *testing.T) {
		t.Parallel()
		s, revert := moved(t)
		s.Clock.Advance(72 * time.Hour)
		s.WantUnchanged("VerifyEmail", domain.ErrInvalidToken, func() error { return s.service.VerifyEmail(t.Context(), revert) })
	})
	t.Run("fails where somebody else has the address by now", func(t *testing.T) {
		t.Parallel()
		s, revert := moved(t)
		s.Clock.Advance(time.Hour)
		service := s.but(func(p *parts) { p.throttle = patient{} })
		_, err := service.SignUp(t.Context(), account.SignUpInput{Email: "ada@example.com", Password: secret, Name: "Ada"}, account.Client{})
		s.Must(err)
		s.WantUnchanged("VerifyEmail", domain.ErrEmailTaken, func() error { return s.service.VerifyEmail(t.Context(), revert) })
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s, revert := moved(t)
		s.wantAllOrNothing("VerifyEmail", func(service *account.Service, ctx context.Context) error { return service.VerifyEmail(ctx, revert) })
	})
}
