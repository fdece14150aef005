package account_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"rowhouse/core/account"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Clock.Advance(time.Hour)
	s.Must(s.service.ForgotPassword(t.Context(), "ada@example.com"))
	reset := s.link("ada@example.com")
	s.Must(s.service.ChangeEmail(t.Context(), s.phone.Caller, "mallory@example.com"))
	change := s.link("mallory@example.com")
	want := s.ada()

	token, err := s.service.ChangePassword(t.Context(), s.laptop.Caller, secret, other)
	s.Must(err)

	want.PasswordHash, want.UpdatedAt = "today:"+domain.PasswordHash(other), s.Clock.Now()
	if got := s.ada(); got != want {
		t.Errorf("user = %#v\nwant %#v", got, want)
	}
	s.wantLive(map[domain.Token]bool{token: true, s.laptop.Token: false, s.phone.Token: false, s.eve.Token: true})
	caller, err := s.service.Authenticate(t.Context(), token)
	s.Must(err)
	if caller.Session.ID != s.laptop.Caller.Session.ID {
		t.Errorf("session %s, want the present one, %s", caller.Session.ID, s.laptop.Caller.Session.ID)
	}
	coretest.WantError(t, "RequireSudo", s.service.RequireSudo(caller.Session), nil)
	s.wantMails(
		"ada@example.com: Set a new password",
		"mallory@example.com: Confirm your new e-mail address",
		"ada@example.com: A change of your e-mail address was asked for",
		"ada@example.com: Your password was changed",
	)
	coretest.WantError(t, "SignIn with the old one", s.signIn(secret), domain.ErrInvalidCredentials)
	coretest.WantError(t, "SignIn with the new one", s.signIn(other), nil)
	s.WantUnchanged("ResetPassword by an older link", domain.ErrInvalidToken, func() error {
		return s.service.ResetPassword(t.Context(), reset, "yet another password")
	})
	s.WantUnchanged("VerifyEmail by an older link to another address", domain.ErrInvalidToken, func() error {
		return s.service.VerifyEmail(t.Context(), change)
	})
}

func TestChangePasswordRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, current, next string
		want                error
		verified            int
	}{
		{"a wrong present one", other, other, field("current_password", "wrong_password"), 1},
		{"no present one", "", other, field("current_password", "wrong_password"), 1},
		{"a short new one", secret, "short", field("new_password", "too_short"), 0},
		{"a common new one", secret, "passwordpassword", field("new_password", "too_common"), 0},
		{"the own name", secret, "lovelacelovelace", field("new_password", "too_common"), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.WantUnchanged("ChangePassword", tt.want, func() error {
				token, err := s.service.ChangePassword(t.Context(), s.laptop.Caller, tt.current, tt.next)
				if token != "" {
					t.Error("ChangePassword gives a token beside the error")
				}
				return err
			})
			if len(s.hasher.verified) != tt.verified || s.hasher.hashed > 0 {
				t.Errorf("%d were verified and %d hashed, want %d and none", len(s.hasher.verified), s.hasher.hashed, tt.verified)
			}
		})
	}
	change := func(service *account.Service, ctx context.Context, s *scene) error {
		_, err := service.ChangePassword(ctx, s.laptop.Caller, secret, other)
		return err
	}
	t.Run("too many wrong ones, together with sudo", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 5 {
			_, err := s.service.Sudo(t.Context(), s.phone.Caller, other)
			coretest.WantError(t, "Sudo", err, field("password", "wrong_password"))
		}
		s.WantUnchanged("ChangePassword", domain.ErrRateLimited, func() error { return change(s.service, t.Context(), s) })
	})
	t.Run("while hashing is overloaded", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.hasher.inVerify = func() {
			s.hasher.mu.Lock()
			defer s.hasher.mu.Unlock()
			s.hasher.outage = domain.ErrOverloaded // by the time of the new one
		}
		s.WantUnchanged("ChangePassword", domain.ErrOverloaded, func() error { return change(s.service, t.Context(), s) })
		s.WantUnchanged("ChangePassword", domain.ErrOverloaded, func() error { return change(s.service, t.Context(), s) })
	})
	t.Run("in a session that has ended meanwhile", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(s.service.EndSession(t.Context(), s.phone.Caller, s.laptop.Caller.Session.ID))
		s.WantUnchanged("ChangePassword", domain.ErrNotFound, func() error { return change(s.service, t.Context(), s) })
	})
	t.Run("half of it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.wantAllOrNothing("ChangePassword", func(service *account.Service, ctx context.Context) error { return change(service, ctx, s) })
	})
	t.Run("to wait for a mail outage to end", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.withoutMail(func() error {
			_, err := s.service.ChangePassword(t.Context(), s.laptop.Caller, secret, other)
			return err
		})
		s.wantMails("ada@example.com: Your password was changed")
	})
}

func TestForgotPassword(t *testing.T) {
	t.Parallel()
	t.Run("mails a link to the stored address", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(s.service.ForgotPassword(t.Context(), " ADA@example.com "))
		s.wantMails("ada@example.com: Set a new password")
		s.wantLive(map[domain.Token]bool{s.laptop.Token: true, s.phone.Token: true})
	})
	t.Run("tells nobody who has an account", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, email := range []string{"nobody@example.com", "ada+x@example.com"} {
			s.WantUnchanged("ForgotPassword", nil, func() error { return s.service.ForgotPassword(t.Context(), email) })
		}
	})
	t.Run("refuses what is no address", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, email := range []string{"", "ada", "mi\u212ae@example.com"} {
			s.WantUnchanged("ForgotPassword", field("email", "invalid_email"), func() error { return s.service.ForgotPassword(t.Context(), email) })
		}
	})
	t.Run("mails three an hour, and says nothing of it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 3 {
			s.Must(s.service.ForgotPassword(t.Context(), "ada@example.com"))
			s.link("ada@example.com") // is sent before the next one replaces it
		}
		newest := s.link("ada@example.com")
		s.WantUnchanged("ForgotPassword", nil, func() error { return s.service.ForgotPassword(t.Context(), "Ada@Example.com") })
		s.Must(s.service.ForgotPassword(t.Context(), "eve@example.com"))
		if got := len(s.sent("ada@example.com")); got != 3 {
			t.Errorf("%d mails, want 3", got)
		}
		s.Clock.Advance(29 * time.Minute)
		s.Must(s.service.ResetPassword(t.Context(), newest, other))
		s.Clock.Advance(31 * time.Minute)
		s.Must(s.service.ForgotPassword(t.Context(), "ada@example.com"))
		if got := len(s.sent("ada@example.com")); got != 5 { // one told of the change
			t.Errorf("%d mails after an hour, want 5", got)
		}
	})
	t.Run("does not tell of a mail outage", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.withoutMail(func() error { return s.service.ForgotPassword(t.Context(), "ada@example.com") })
		s.Must(s.service.ResetPassword(t.Context(), s.link("ada@example.com"), other))
	})
	t.Run("sends no link that has run out while it waited", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(s.service.ForgotPassword(t.Context(), "ada@example.com"))
		s.Clock.Advance(30 * time.Minute)
		s.wantMails()
	})
	t.Run("returns an outage of the throttle", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		outage := errors.New("outage")
		service := s.but(func(p *parts) { p.throttle = broken{outage} })
		s.WantUnchanged("ForgotPassword", outage, func() error { return service.ForgotPassword(t.Context(), "ada@example.com") })
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.wantAllOrNothing("ForgotPassword", func(service *account.Service, ctx context.Context) error {
			return service.ForgotPassword(ctx, "ada@example.com")
		})
	})
}

// forgotten is Ada who has asked for a link to set a new password.
func forgotten(t *testing.T) (*scene, domain.Token) {
	t.Helper()
	s := newScene(t)
	s.Must(s.service.ForgotPassword(t.Context(), "ada@example.com"))
	return s, s.link("ada@example.com")
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	s, link := forgotten(t)
	s.Must(s.service.ChangeEmail(t.Context(), s.phone.Caller, "mallory@example.com"))
	change := s.link("mallory@example.com")
	s.Clock.Advance(30*time.Minute - time.Microsecond)
	want := s.ada()

	s.Must(s.service.ResetPassword(t.Context(), link, other))

	want.PasswordHash, want.UpdatedAt = "today:"+domain.PasswordHash(other), s.Clock.Now()
	if got := s.ada(); got != want {
		t.Errorf("user = %#v\nwant %#v", got, want)
	}
	s.wantLive(map[domain.Token]bool{s.laptop.Token: false, s.phone.Token: false, s.eve.Token: true})
	list, err := s.service.Sessions(t.Context(), s.laptop.Caller, all)
	if len(list.Items) > 0 || err != nil {
		t.Errorf("sessions = %+v, %v; want nobody signed in", list.Items, err)
	}
	if mails := s.sent("ada@example.com"); mails[0].Subject != "Your password was changed" {
		t.Errorf("the newest mail is %q, want one that tells of it", mails[0].Subject)
	}
	coretest.WantError(t, "SignIn with the new one", s.signIn(other), nil)
	coretest.WantError(t, "SignIn with the old one", s.signIn(secret), domain.ErrInvalidCredentials)
	s.WantUnchanged("VerifyEmail by an older link to another address", domain.ErrInvalidToken, func() error {
		return s.service.VerifyEmail(t.Context(), change)
	})
	s.WantUnchanged("ResetPassword again", domain.ErrInvalidToken, func() error {
		return s.service.ResetPassword(t.Context(), link, "yet another password")
	})
}

func TestResetPasswordProvesTheAddress(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	signedIn := s.signUp(s.service, "grace@example.com", "Grace", account.Client{}) // perhaps not by Grace
	s.Must(s.service.ForgotPassword(t.Context(), "grace@example.com"))
	s.Clock.Advance(time.Minute)
	s.Must(s.service.ResetPassword(t.Context(), s.link("grace@example.com"), other))
	if got := s.stored(signedIn.Caller.User.ID).EmailVerifiedAt; !got.Equal(s.Clock.Now()) {
		t.Errorf("verified at %v, want now", got)
	}
	_, err := s.service.Authenticate(t.Context(), signedIn.Token)
	coretest.WantError(t, "Authenticate of who signed up", err, domain.ErrUnauthenticated)
}

func TestResetPasswordRefuses(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]struct {
		password, code string
		hashed         int
	}{
		"a short one":   {"short", "too_short", 0},
		"a common one":  {"passwordpassword", "too_common", 0},
		"the own name":  {"lovelacelovelace", "too_common", 1}, // known only from the link
		"a broken text": {"\xff not a password", "invalid_text", 0},
	} {
		t.Run(name+", and keeps the link", func(t *testing.T) {
			t.Parallel()
			s, link := forgotten(t)
			s.WantUnchanged("ResetPassword", field("password", next.code), func() error {
				return s.service.ResetPassword(t.Context(), link, next.password)
			})
			if s.hasher.hashed != next.hashed {
				t.Errorf("%d passwords were hashed, want %d", s.hasher.hashed, next.hashed)
			}
			coretest.WantError(t, "ResetPassword", s.service.ResetPassword(t.Context(), link, other), nil)
		})
	}
	invalid := func(name string, prepare func(*scene, domain.Token) domain.Token) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, link := forgotten(t)
			token := prepare(s, link)
			s.WantUnchanged("ResetPassword", domain.ErrInvalidToken, func() error {
				return s.service.ResetPassword(t.Context(), token, other)
			})
		})
	}
	invalid("a link that is too old", func(s *scene, link domain.Token) domain.Token {
		s.Clock.Advance(30 * time.Minute)
		return link
	})
	invalid("a link that a newer one replaced", func(s *scene, link domain.Token) domain.Token {
		s.Must(s.service.ForgotPassword(s.T.Context(), "ada@example.com"))
		return link
	})
	invalid("a link to an address that the account has left", func(s *scene, link domain.Token) domain.Token {
		user := s.ada()
		user.Email = "countess@example.com"
		s.Must(s.Store.Users().Save(s.T.Context(), user))
		return link
	})
	invalid("a link for something else", func(s *scene, _ domain.Token) domain.Token {
		s.Must(s.service.ChangeEmail(s.T.Context(), s.laptop.Caller, "countess@example.com"))
		return s.link("countess@example.com")
	})
	invalid("a session's token", func(s *scene, _ domain.Token) domain.Token { return s.laptop.Token })
	invalid("no link", func(*scene, domain.Token) domain.Token { return "" })
	invalid("what is stored of the link", func(_ *scene, link domain.Token) domain.Token {
		hash := link.Hash()
		return domain.Token(hash[:])
	})

	t.Run("a link while hashing is overloaded, and keeps it", func(t *testing.T) {
		t.Parallel()
		s, link := forgotten(t)
		s.hasher.outage = domain.ErrOverloaded
		s.WantUnchanged("ResetPassword", domain.ErrOverloaded, func() error { return s.service.ResetPassword(t.Context(), link, other) })
	})
	t.Run("half of it", func(t *testing.T) {
		t.Parallel()
		s, link := forgotten(t)
		s.wantAllOrNothing("ResetPassword", func(service *account.Service, ctx context.Context) error {
			return service.ResetPassword(ctx, link, other)
		})
	})
}

// resetAtOnce uses one link 20 times at once, for 20 passwords, and returns
// how many succeeded.
func resetAtOnce(t *testing.T, s *scene, service *account.Service, link domain.Token) int {
	t.Helper()
	var succeeded int
	for i, err := range coretest.Together(20, func(i int) error {
		return service.ResetPassword(t.Context(), link, fmt.Sprintf("%s %d", other, i))
	}) {
		if err != nil {
			coretest.WantError(t, "ResetPassword", err, domain.ErrInvalidToken)
			continue
		}
		succeeded++
		if want := domain.PasswordHash(fmt.Sprintf("today:%s %d", other, i)); succeeded == 1 && s.ada().PasswordHash != want {
			t.Errorf("the hash is %q, want that of the one that succeeded, %q", string(s.ada().PasswordHash), string(want))
		}
	}
	return succeeded
}

func TestResetPasswordManyAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("one of 20 succeeds", func(t *testing.T) {
		t.Parallel()
		s, link := forgotten(t)
		if got := resetAtOnce(t, s, s.service, link); got != 1 {
			t.Errorf("%d succeeded, want 1", got)
		}
		var told int
		for _, mail := range s.sent("ada@example.com") {
			if mail.Subject == "Your password was changed" {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d mails tell of it, want 1", told)
		}
	})
	t.Run("a storage that looks first and removes later is noticed", func(t *testing.T) {
		t.Parallel()
		s, link := forgotten(t)
		token, err := s.Store.AuthTokens().Take(t.Context(), link.Hash(), domain.TokenResetPassword)
		s.Must(err)
		service := s.but(func(p *parts) { p.store = lookFirst{p.store, token} })
		var succeeded int
		for _, err := range coretest.Together(20, func(int) error { return service.ResetPassword(t.Context(), link, other) }) {
			if err == nil {
				succeeded++
			}
		}
		if succeeded <= 1 {
			t.Errorf("%d succeeded, want the control to let more through", succeeded)
		}
	})
}

// lookFirst is a store in which everybody has found a token before anybody
// removes it.
type lookFirst struct {
	ports.Store

	token domain.AuthToken
}

func (l lookFirst) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	return l.Store.Update(ctx, scope, func(tx ports.Repositories) error { return fn(lookFirstRepositories{tx, l.token}) })
}

type lookFirstRepositories struct {
	ports.Repositories

	token domain.AuthToken
}

func (r lookFirstRepositories) AuthTokens() ports.AuthTokens {
	return lookFirstTokens{r.Repositories.AuthTokens(), r.token}
}

type lookFirstTokens struct {
	ports.AuthTokens

	token domain.AuthToken
}

func (r lookFirstTokens) Take(context.Context, domain.TokenHash, ...domain.TokenPurpose) (domain.AuthToken, error) {
	return r.token, nil
}
