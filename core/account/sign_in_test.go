package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/account"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// signIn signs Ada in on a device that nobody knows.
func (s *scene) signIn(password string) error {
	_, err := s.service.SignIn(s.T.Context(), "ada@example.com", password, account.Client{})
	return err
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Clock.Advance(time.Hour)
	now := s.Clock.Now()
	got, err := s.service.SignIn(t.Context(), " ADA@Example.com", secret, account.Client{UserAgent: "Tablet/1.0", IP: "192.0.2.9"})
	s.Must(err)
	want := domain.Session{
		ID: got.Caller.Session.ID, User: s.ada().ID, Token: got.Token.Hash(), UserAgent: "Tablet/1.0", IP: "192.0.2.9",
		CreatedAt: now, LastSeenAt: now, SudoAt: now,
	}
	if got.Caller != (domain.Caller{User: s.ada(), Session: want}) {
		t.Errorf("SignIn = %+v\nwant %+v", got.Caller, want)
	}
	if got.Token == s.laptop.Token || got.Token == s.phone.Token || got.Device == "" || got.Device == s.laptop.Device {
		t.Error("the token or the device cookie is not a new one")
	}
	if caller, err := s.service.Authenticate(t.Context(), got.Token); caller != got.Caller || err != nil {
		t.Errorf("Authenticate = %+v, %v\nwant %+v", caller, err, got.Caller)
	}
	s.wantLive(map[domain.Token]bool{s.laptop.Token: true, s.phone.Token: true, s.eve.Token: true})
	if want := []string{secret + " of today:" + secret}; fmt.Sprint(s.hasher.verified) != fmt.Sprint(want) || s.hasher.hashed > 0 {
		t.Errorf("verified %q and hashed %d, want %q and none", s.hasher.verified, s.hasher.hashed, want)
	}
	s.wantMails("ada@example.com: New sign-in to your account") // the device was not known
}

func TestSignInRefuses(t *testing.T) {
	t.Parallel()
	const hash = " of today:" + secret
	tests := []struct {
		name, email, password string
		verified              string // "" where nothing is looked at
	}{
		{"a wrong password", "ada@example.com", other, other + hash},
		{"an empty password", "ada@example.com", "", hash},
		{"the password in capitals", "ada@example.com", strings.ToUpper(secret), strings.ToUpper(secret) + hash},
		{"somebody else's address", "eve@example.com", other, other + hash},
		{"an unknown address, in the same time", "nobody@example.com", secret, secret + " of "},
		{"an address with a tag", "ada+x@example.com", secret, secret + " of "},
		{"no address", "", secret, ""},
		{"an address that cannot be", "mi\u212ae@example.com", secret, ""},
		{"a password that nobody can have, without hashing all of it", "ada@example.com", strings.Repeat("x", 513), hash},
		{"the longest password that is hashed", "ada@example.com", strings.Repeat("x", 512), strings.Repeat("x", 512) + hash},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.WantUnchanged("SignIn", domain.ErrInvalidCredentials, func() error {
				got, err := s.service.SignIn(t.Context(), tt.email, tt.password, account.Client{})
				if got != (account.SignedIn{}) {
					t.Errorf("SignIn = %+v beside the error, want nothing", got)
				}
				return err
			})
			var want []string
			if tt.verified != "" {
				want = []string{tt.verified}
			}
			if fmt.Sprint(s.hasher.verified) != fmt.Sprint(want) {
				t.Errorf("verified %q, want %q", s.hasher.verified, want)
			}
		})
	}
	t.Run("while hashing is overloaded", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.hasher.outage = domain.ErrOverloaded
		s.WantUnchanged("SignIn", domain.ErrOverloaded, func() error { return s.signIn(secret) })
	})
	t.Run("while the throttle is out, without looking at the password", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		outage := errors.New("outage")
		service := s.but(func(p *parts) { p.throttle = broken{outage} })
		s.WantUnchanged("SignIn", outage, func() error {
			_, err := service.SignIn(t.Context(), "ada@example.com", secret, account.Client{})
			return err
		})
		if len(s.hasher.verified) > 0 {
			t.Error("a password was verified without being counted")
		}
	})
	t.Run("where the count cannot be forgotten", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		outage := errors.New("outage")
		service := s.but(func(p *parts) { p.throttle = forgetless{p.throttle, outage} })
		s.WantUnchanged("SignIn", outage, func() error {
			_, err := service.SignIn(t.Context(), "ada@example.com", secret, account.Client{})
			return err
		})
	})
	t.Run("while the storage is out", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.wantAllOrNothing("SignIn", func(service *account.Service, ctx context.Context) error {
			_, err := service.SignIn(ctx, "ada@example.com", secret, account.Client{})
			return err
		})
	})
}

// forgetless is a throttle that cannot forget.
type forgetless struct {
	ports.Throttle

	outage error
}

func (f forgetless) Forget(context.Context, string) error { return f.outage }

func TestSignInIsThrottled(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			try := func(typed string) error {
				_, err := s.service.SignIn(t.Context(), typed, other, account.Client{})
				return err
			}
			for range 5 {
				coretest.WantError(t, "SignIn", try(email), domain.ErrInvalidCredentials)
			}
			for i, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
				s.WantUnchanged("SignIn", domain.ErrRateLimited, func() error {
					err := try(strings.ToUpper(email)) // the same account, however it is typed
					if e, ok := errors.AsType[*domain.Error](err); !ok || e.RetryAfter != wait {
						t.Errorf("SignIn = %+v, want a wait of %v", err, wait)
					}
					return err
				})
				s.Clock.Advance(wait)
				coretest.WantError(t, "SignIn after the wait", try(email), domain.ErrInvalidCredentials)
				if got := len(s.hasher.verified); got != 6+i {
					t.Errorf("%d passwords were verified, want %d", got, 6+i)
				}
			}
			if _, err := s.service.SignIn(t.Context(), "eve@example.com", secret, account.Client{}); err != nil {
				t.Errorf("SignIn of somebody else = %v, want nil", err)
			}
		})
	}
	t.Run("the right password has to wait too", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 5 {
			coretest.WantError(t, "SignIn", s.signIn(other), domain.ErrInvalidCredentials)
		}
		s.WantUnchanged("SignIn", domain.ErrRateLimited, func() error { return s.signIn(secret) })
		s.Clock.Advance(time.Second)
		coretest.WantError(t, "SignIn after a second", s.signIn(secret), nil)
	})
	t.Run("a success forgets the failures", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 3 {
			for range 4 {
				coretest.WantError(t, "SignIn", s.signIn(other), domain.ErrInvalidCredentials)
			}
			coretest.WantError(t, "SignIn", s.signIn(secret), nil)
		}
	})
	t.Run("failures are forgotten after a quarter of an hour", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 3 {
			for range 5 {
				coretest.WantError(t, "SignIn", s.signIn(other), domain.ErrInvalidCredentials)
			}
			coretest.WantError(t, "SignIn", s.signIn(other), domain.ErrRateLimited)
			s.Clock.Advance(15 * time.Minute)
		}
	})
	t.Run("an overloaded attempt counts", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.hasher.outage = domain.ErrOverloaded
		for range 5 {
			coretest.WantError(t, "SignIn", s.signIn(other), domain.ErrOverloaded)
		}
		coretest.WantError(t, "SignIn", s.signIn(other), domain.ErrRateLimited)
	})
}

// wrongAtOnce tries 200 wrong passwords at once and returns how many were
// looked at. The first is not answered before each of the others is either
// refused or looked at too, so that counting afterwards would come too late.
func wrongAtOnce(t *testing.T, s *scene, throttle ports.Throttle) int {
	t.Helper()
	const attempts = 200
	gate := &gate{Throttle: throttle, expected: attempts, open: make(chan struct{})}
	s.hasher.inVerify = func() {
		gate.arrive()
		<-gate.open
	}
	service := s.but(func(p *parts) { p.throttle = gate })
	var limited int
	for _, err := range coretest.Together(attempts, func(i int) error {
		_, err := service.SignIn(t.Context(), "ada@example.com", fmt.Sprintf("wrong password %d", i), account.Client{})
		return err
	}) {
		if errors.Is(err, domain.ErrRateLimited) {
			limited++
		} else {
			coretest.WantError(t, "SignIn", err, domain.ErrInvalidCredentials)
		}
	}
	if limited+len(s.hasher.verified) != attempts {
		t.Errorf("%d were limited and %d looked at, of %d", limited, len(s.hasher.verified), attempts)
	}
	return len(s.hasher.verified)
}

// gate is a throttle that opens once it is known what becomes of all attempts.
type gate struct {
	ports.Throttle

	expected, arrived int64
	mu                sync.Mutex
	open              chan struct{}
}

func (g *gate) arrive() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.arrived++; g.arrived == g.expected {
		close(g.open)
	}
}

func (g *gate) Reserve(ctx context.Context, key string, policy domain.ThrottlePolicy) (bool, time.Duration, error) {
	allowed, wait, err := g.Throttle.Reserve(ctx, key, policy)
	if !allowed {
		g.arrive()
	}
	return allowed, wait, err
}

// checkThenCount is a throttle that decides on what it has read before, as it
// would with a look-up and an increment.
type checkThenCount struct {
	clock    ports.Clock
	read     sync.WaitGroup
	mu       sync.Mutex
	attempts domain.Attempts
}

func (c *checkThenCount) Reserve(_ context.Context, _ string, policy domain.ThrottlePolicy) (bool, time.Duration, error) {
	c.mu.Lock()
	before := c.attempts
	c.mu.Unlock()
	c.read.Done()
	c.read.Wait()
	_, allowed, wait := before.Reserve(policy, c.clock.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts.Count++
	return allowed, wait, nil
}

func (c *checkThenCount) Forget(context.Context, string) error { return nil }

func TestSignInManyAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("no more than five of 200 are looked at", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		if got := wrongAtOnce(t, s, memory.NewThrottle(s.Clock)); got != 5 {
			t.Errorf("%d passwords were verified, want 5", got)
		}
	})
	t.Run("a throttle that checks first and counts later is noticed", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		throttle := &checkThenCount{clock: s.Clock}
		throttle.read.Add(200)
		if got := wrongAtOnce(t, s, throttle); got <= 5 {
			t.Errorf("%d passwords were verified, want the control to let more through", got)
		}
	})
}

func TestDeviceCookie(t *testing.T) {
	t.Parallel()
	// Somebody has used up all attempts at Ada's account.
	underAttack := func(t *testing.T) *scene {
		t.Helper()
		s := newScene(t)
		for range 5 {
			coretest.WantError(t, "SignIn", s.signIn(other), domain.ErrInvalidCredentials)
		}
		return s
	}
	on := func(s *scene, password, device string) error {
		_, err := s.service.SignIn(s.T.Context(), "ada@example.com", password, account.Client{Device: device})
		return err
	}
	t.Run("exempts who has signed in on the device before", func(t *testing.T) {
		t.Parallel()
		s := underAttack(t)
		coretest.WantError(t, "SignIn without it", on(s, secret, ""), domain.ErrRateLimited)
		for range 3 {
			coretest.WantError(t, "SignIn from the laptop", on(s, secret, s.laptop.Device), nil)
		}
		coretest.WantError(t, "SignIn from the phone", on(s, secret, s.phone.Device), nil)
		coretest.WantError(t, "SignIn without it, still", on(s, secret, ""), domain.ErrRateLimited)
	})
	t.Run("has a count of its own", func(t *testing.T) {
		t.Parallel()
		s := underAttack(t)
		for range 5 {
			coretest.WantError(t, "SignIn", on(s, other, s.laptop.Device), domain.ErrInvalidCredentials)
		}
		coretest.WantError(t, "SignIn from the laptop", on(s, secret, s.laptop.Device), domain.ErrRateLimited)
		coretest.WantError(t, "SignIn from the phone", on(s, secret, s.phone.Device), nil)
	})
	t.Run("works after a change of password", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.service.ChangePassword(t.Context(), s.laptop.Caller, secret, other)
		s.Must(err)
		for range 5 {
			coretest.WantError(t, "SignIn", s.signIn(secret), domain.ErrInvalidCredentials)
		}
		coretest.WantError(t, "SignIn", on(s, other, s.laptop.Device), nil)
	})
	t.Run("of nobody exempts from nothing", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		device := forge(key, "")
		for range 5 {
			_, err := s.service.SignIn(t.Context(), "nobody@example.com", other, account.Client{Device: device})
			coretest.WantError(t, "SignIn", err, domain.ErrInvalidCredentials)
		}
		_, err := s.service.SignIn(t.Context(), "nobody@example.com", other, account.Client{})
		coretest.WantError(t, "SignIn", err, domain.ErrRateLimited)
	})
	t.Run("is made of the user and a number", func(t *testing.T) {
		t.Parallel()
		s := underAttack(t)
		coretest.WantError(t, "SignIn", on(s, secret, forge(key, s.laptop.Caller.User.ID)), nil)
	})
	s := newScene(t)
	nonce, mac, _ := strings.Cut(s.laptop.Device, ".")
	for name, device := range map[string]string{
		"somebody else's":              s.eve.Device,
		"one with another number":      nonce[1:] + "A." + mac,
		"one with another signature":   nonce + "." + mac[1:] + "A",
		"one without a signature":      nonce,
		"one with an empty signature":  nonce + ".",
		"one that is no base64":        nonce + ".!" + mac,
		"one with more after it":       s.laptop.Device + ".x",
		"one signed with another key":  forge(domain.SecretKey("another key another key another!"), s.laptop.Caller.User.ID),
		"one of nobody":                forge(key, ""),
		"nothing but a dot":            ".",
		"a number without a signature": "." + mac,
	} {
		t.Run("that is "+name+" exempts from nothing", func(t *testing.T) {
			t.Parallel()
			s := underAttack(t) // the same ids and keys each time
			s.WantUnchanged("SignIn", domain.ErrRateLimited, func() error { return on(s, secret, device) })
		})
	}
}

// forge makes a device cookie outside of the service.
func forge(key domain.SecretKey, user domain.UserID) string {
	const nonce = "n"
	return nonce + "." + base64.RawURLEncoding.EncodeToString(key.MAC("device", string(user), nonce))
}

func TestOutdatedHash(t *testing.T) {
	t.Parallel()
	t.Run("is renewed by a sign-in", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		want := s.ada()
		s.hasher.parameters = "tomorrow"
		s.Clock.Advance(time.Minute)
		coretest.WantError(t, "SignIn", s.signIn(secret), nil)
		want.PasswordHash, want.UpdatedAt = "tomorrow:"+secret, s.Clock.Now()
		if got := s.ada(); got != want {
			t.Errorf("user = %#v\nwant %#v", got, want)
		}
		coretest.WantError(t, "SignIn again", s.signIn(secret), nil)
		if s.hasher.hashed != 1 {
			t.Errorf("%d passwords were hashed, want one", s.hasher.hashed)
		}
	})
	t.Run("is not renewed by a wrong password", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.hasher.parameters = "tomorrow"
		s.WantUnchanged("SignIn", domain.ErrInvalidCredentials, func() error { return s.signIn(other) })
		if s.hasher.hashed > 0 {
			t.Error("a wrong password was hashed")
		}
	})
	t.Run("does not undo a change of password", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.hasher.parameters = "tomorrow"
		s.hasher.inHash = func() {
			user := s.ada()
			user.PasswordHash = "tomorrow:" + other
			s.Must(s.Store.Users().Save(t.Context(), user))
		}
		_ = s.signIn(secret) // whether this lets in or not is another matter
		if got := s.ada().PasswordHash; got != "tomorrow:"+other {
			t.Errorf("the hash is %q, want that of the new password", string(got))
		}
	})
	t.Run("is told where it cannot be renewed", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.hasher.parameters = "tomorrow"
		s.hasher.inVerify = func() {
			s.hasher.mu.Lock()
			defer s.hasher.mu.Unlock()
			s.hasher.outage = domain.ErrOverloaded
		}
		s.WantUnchanged("SignIn", domain.ErrOverloaded, func() error { return s.signIn(secret) })
	})
}

func TestSignInKeepsWhatTheClientSays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ said, want string }{
		"256 bytes":                  {strings.Repeat("a", 256), strings.Repeat("a", 256)},
		"no more than that":          {strings.Repeat("a", 257), strings.Repeat("a", 256)},
		"no half of a character":     {strings.Repeat("a", 255) + "é", strings.Repeat("a", 255)},
		"no zero bytes":              {"a\x00b", "ab"},
		"no invalid UTF-8":           {"a\xffb", "ab"},
		"nothing where nothing said": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			got, err := s.service.SignIn(t.Context(), "ada@example.com", secret, account.Client{UserAgent: tt.said})
			if got.Caller.Session.UserAgent != tt.want || err != nil {
				t.Errorf("user agent = %q, %v; want %q", got.Caller.Session.UserAgent, err, tt.want)
			}
		})
	}
}

func TestSignInEndsTheLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Clock.Advance(2 * time.Minute)
	_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
	s.Must(err)
	for range domain.MaxSessionsPerUser - 1 {
		coretest.WantError(t, "SignIn", s.signIn(secret), nil)
	}
	s.wantLive(map[domain.Token]bool{s.laptop.Token: true, s.phone.Token: false, s.eve.Token: true})
	list, err := s.service.Sessions(t.Context(), s.laptop.Caller, all)
	if len(list.Items) != domain.MaxSessionsPerUser || err != nil {
		t.Errorf("%d sessions, %v; want %d", len(list.Items), err, domain.MaxSessionsPerUser)
	}
}
