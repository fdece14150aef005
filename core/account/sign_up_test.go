package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rowhouse/core/account"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
)

var grace = account.SignUpInput{Email: " Grace@Example.com ", Password: secret, Name: " Grace Hopper "}

func TestSignUp(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	client := account.Client{UserAgent: "Browser/1.0", IP: "192.0.2.7"}
	now := s.Clock.Now()

	got, err := s.service.SignUp(t.Context(), grace, client)
	s.Must(err)

	want := domain.User{
		ID: got.Caller.User.ID, Email: "grace@example.com", Name: "Grace Hopper", PasswordHash: "today:" + secret,
		CreatedAt: now, UpdatedAt: now,
	}
	if got.Caller.User != want || s.stored(want.ID) != want || !domain.IsUUID(string(want.ID)) {
		t.Errorf("SignUp = %#v\nwant %#v", got.Caller.User, want)
	}
	session := domain.Session{
		ID: got.Caller.Session.ID, User: want.ID, Token: got.Token.Hash(), UserAgent: "Browser/1.0", IP: "192.0.2.7",
		CreatedAt: now, LastSeenAt: now, SudoAt: now,
	}
	if got.Caller.Session != session || !domain.IsUUID(string(session.ID)) || got.Token == "" || got.Device == "" {
		t.Errorf("session = %+v\nwant %+v", got.Caller.Session, session)
	}
	if caller, err := s.service.Authenticate(t.Context(), got.Token); caller != got.Caller || err != nil {
		t.Errorf("Authenticate = %+v, %v\nwant %+v", caller, err, got.Caller)
	}
	s.wantMails("grace@example.com: Confirm your e-mail address")
	s.Must(s.service.VerifyEmail(t.Context(), s.link("grace@example.com")))
	if !s.stored(want.ID).EmailVerified() {
		t.Error("the mailed link does not prove the address")
	}
	if s.hasher.hashed != 1 || len(s.hasher.verified) > 0 {
		t.Errorf("%d passwords hashed and %d verified, want one and none", s.hasher.hashed, len(s.hasher.verified))
	}
}

func TestSignUpVerifiedAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	got, err := s.but(func(p *parts) { p.config.VerifyAtOnce = true }).SignUp(t.Context(), grace, account.Client{})
	s.Must(err)
	if user := s.stored(got.Caller.User.ID); !user.EmailVerifiedAt.Equal(s.Clock.Now()) || got.Caller.User != user {
		t.Errorf("user = %+v, want it verified", user)
	}
	s.wantMails()
}

func TestSignUpRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   account.SignUpInput
		want error
	}{
		{"an address that is taken", account.SignUpInput{Email: "ada@example.com", Password: secret, Name: "Ada"}, domain.ErrEmailTaken},
		{"an address that is taken, in capitals", account.SignUpInput{Email: "ADA@EXAMPLE.COM", Password: secret, Name: "Ada"}, domain.ErrEmailTaken},
		{"no address", account.SignUpInput{Password: secret, Name: "Grace"}, field("email", "invalid_email")},
		{"a letter that folds to another", account.SignUpInput{Email: "MI\u212aE@example.com", Password: secret, Name: "Mike"}, field("email", "invalid_email")},
		{"no name", account.SignUpInput{Email: "grace@example.com", Password: secret}, field("name", "required")},
		{"no password", account.SignUpInput{Email: "grace@example.com", Name: "Grace"}, field("password", "too_short")},
		{"a short password", account.SignUpInput{Email: "grace@example.com", Password: "tr0ub4dor&3", Name: "Grace"}, field("password", "too_short")},
		{"a password that is too long", account.SignUpInput{Email: "grace@example.com", Password: strings.Repeat("ab c", 33), Name: "Grace"}, field("password", "too_long")},
		{"a common password", account.SignUpInput{Email: "grace@example.com", Password: "passwordpassword", Name: "Grace"}, field("password", "too_common")},
		{"the own name for a password", account.SignUpInput{Email: "g@example.com", Password: "hopperhopper!", Name: "Grace Hopper"}, field("password", "too_common")},
		{"the own address for a password", account.SignUpInput{Email: "admiralhopper@example.com", Password: "admiralhopper", Name: "Grace"}, field("password", "too_common")},
		{"all that is wrong at once", account.SignUpInput{Email: "x", Password: "x"}, domain.JoinInvalid(
			field("email", "invalid_email"), field("password", "too_short"), field("name", "required"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.WantUnchanged("SignUp", tt.want, func() error {
				got, err := s.service.SignUp(t.Context(), tt.in, account.Client{})
				if got != (account.SignedIn{}) {
					t.Errorf("SignUp = %+v beside the error, want nothing", got)
				}
				return err
			})
		})
	}
	t.Run("while hashing is overloaded", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.hasher.outage = domain.ErrOverloaded
		s.WantUnchanged("SignUp", domain.ErrOverloaded, func() error {
			_, err := s.service.SignUp(t.Context(), grace, account.Client{})
			return err
		})
	})
	t.Run("while the throttle is out", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		outage := errors.New("outage")
		service := s.but(func(p *parts) { p.throttle = broken{outage} })
		s.WantUnchanged("SignUp", outage, func() error {
			_, err := service.SignUp(t.Context(), grace, account.Client{})
			return err
		})
		if s.hasher.hashed > 0 {
			t.Error("a password was hashed")
		}
	})
	t.Run("half of it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.wantAllOrNothing("SignUp", func(service *account.Service, ctx context.Context) error {
			_, err := service.SignUp(ctx, grace, account.Client{})
			return err
		})
	})
}

// broken is a throttle that does not answer.
type broken struct{ outage error }

func (b broken) Reserve(context.Context, string, domain.ThrottlePolicy) (bool, time.Duration, error) {
	return false, 0, b.outage
}

func (b broken) Forget(context.Context, string) error { return b.outage }

// Asking who has an account is slowed down for each address.
func TestSignUpIsThrottled(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	taken := account.SignUpInput{Email: "ada@example.com", Password: secret, Name: "Mallory"}
	try := func() error {
		_, err := s.service.SignUp(t.Context(), taken, account.Client{})
		return err
	}
	for range 4 { // the fifth was Ada's own
		coretest.WantError(t, "SignUp", try(), domain.ErrEmailTaken)
	}
	hashed := s.hasher.hashed
	err := try()
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != "rate_limited" || e.RetryAfter != time.Second {
		t.Errorf("SignUp = %v, want rate_limited for a second", err)
	}
	if s.hasher.hashed != hashed {
		t.Error("a password was hashed for an attempt that was refused")
	}
	if _, err := s.service.SignUp(t.Context(), grace, account.Client{}); err != nil {
		t.Errorf("SignUp of another address = %v, want nil", err)
	}
	s.Clock.Advance(time.Second)
	coretest.WantError(t, "SignUp after a second", try(), domain.ErrEmailTaken)
}

func TestSignUpWithoutMail(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.withoutMail(func() error {
		_, err := s.service.SignUp(t.Context(), grace, account.Client{})
		return err
	})
	s.wantMails("grace@example.com: Confirm your e-mail address")
}

func TestSignUpTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	service := s.but(func(p *parts) { p.throttle = patient{} })
	var signedUp int
	for _, err := range coretest.Together(20, func(int) error {
		_, err := service.SignUp(t.Context(), grace, account.Client{})
		return err
	}) {
		if err == nil {
			signedUp++
		} else {
			coretest.WantError(t, "SignUp", err, domain.ErrEmailTaken)
		}
	}
	if signedUp != 1 {
		t.Errorf("%d of 20 at once signed up, want 1", signedUp)
	}
	s.wantMails("grace@example.com: Confirm your e-mail address")
}
