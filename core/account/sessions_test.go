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

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	t.Run("a token is whose session it is", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, signedIn := range []account.SignedIn{s.laptop, s.phone, s.eve} {
			s.WantUnchanged("Authenticate", nil, func() error {
				got, err := s.service.Authenticate(t.Context(), signedIn.Token)
				if got != signedIn.Caller {
					t.Errorf("Authenticate = %+v\nwant %+v", got, signedIn.Caller)
				}
				return err
			})
		}
	})
	t.Run("a token of nobody is refused", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		hash := s.laptop.Token.Hash()
		for _, token := range []domain.Token{"", "nonsense", s.laptop.Token + "x", s.laptop.Token[1:], domain.Token(hash[:]), domain.Token(s.laptop.Device)} {
			s.WantUnchanged("Authenticate", domain.ErrUnauthenticated, func() error {
				got, err := s.service.Authenticate(t.Context(), token)
				if got != (domain.Caller{}) {
					t.Errorf("Authenticate = %+v beside the error, want nobody", got)
				}
				return err
			})
		}
	})
	t.Run("a session ends after a day without use", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Clock.Advance(24*time.Hour - time.Microsecond)
		_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
		coretest.WantError(t, "Authenticate a moment before", err, nil)
		s.Clock.Advance(time.Microsecond)
		_, err = s.service.Authenticate(t.Context(), s.laptop.Token)
		coretest.WantError(t, "Authenticate of the one that was used", err, nil)
		s.WantUnchanged("Authenticate of the one that was not", domain.ErrUnauthenticated, func() error {
			_, err := s.service.Authenticate(t.Context(), s.phone.Token)
			return err
		})
	})
	t.Run("a session ends after two weeks of use", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 14*24 - 1 {
			s.Clock.Advance(time.Hour)
			if _, err := s.service.Authenticate(t.Context(), s.laptop.Token); err != nil {
				t.Fatalf("Authenticate at %v = %v, want nil", s.Clock.Now(), err)
			}
		}
		s.Clock.Advance(time.Hour - time.Microsecond)
		_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
		coretest.WantError(t, "Authenticate a moment before", err, nil)
		s.Clock.Advance(time.Microsecond)
		s.WantUnchanged("Authenticate", domain.ErrUnauthenticated, func() error {
			_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
			return err
		})
	})
	t.Run("the last use is recorded once a minute", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		seen := func() time.Time {
			session, _, err := s.Store.Sessions().ByToken(t.Context(), s.laptop.Token.Hash())
			s.Must(err)
			return session.LastSeenAt
		}
		start := s.Clock.Now()
		for _, step := range []struct{ after, want time.Duration }{
			{time.Minute - time.Microsecond, 0},
			{time.Minute, time.Minute},
			{time.Minute + time.Second, time.Minute},
			{2*time.Minute - time.Microsecond, time.Minute},
			{2*time.Minute + time.Second, 2*time.Minute + time.Second},
		} {
			s.Clock.Set(start.Add(step.after))
			caller, err := s.service.Authenticate(t.Context(), s.laptop.Token)
			s.Must(err)
			if got := seen(); !got.Equal(start.Add(step.want)) || !caller.Session.LastSeenAt.Equal(got) {
				t.Errorf("after %v it was seen at %v, and says %v; want %v", step.after, got.Sub(start), caller.Session.LastSeenAt.Sub(start), step.want)
			}
		}
		phone, _, err := s.Store.Sessions().ByToken(t.Context(), s.phone.Token.Hash())
		if !phone.LastSeenAt.Equal(start) || err != nil {
			t.Errorf("the phone was seen at %v, %v; want it as before", phone.LastSeenAt, err)
		}
	})
	t.Run("an outage is no answer about the token", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Clock.Advance(time.Hour)
		s.wantAllOrNothing("Authenticate", func(service *account.Service, ctx context.Context) error {
			got, err := service.Authenticate(ctx, s.laptop.Token)
			if err != nil && (errors.Is(err, domain.ErrUnauthenticated) || got != (domain.Caller{})) {
				t.Errorf("Authenticate = %+v, %v; want the outage alone", got, err)
			}
			return err
		})
	})
}

func TestSudo(t *testing.T) {
	t.Parallel()
	// A laptop on which the password was given too long ago.
	stale := func(t *testing.T) (*scene, domain.Caller) {
		t.Helper()
		s := newScene(t)
		s.Clock.Advance(10 * time.Minute)
		caller, err := s.service.Authenticate(t.Context(), s.laptop.Token)
		s.Must(err)
		coretest.WantError(t, "RequireSudo", s.service.RequireSudo(caller.Session), domain.ErrSudoRequired)
		return s, caller
	}
	t.Run("holds for ten minutes after a sign-in", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Clock.Advance(10*time.Minute - time.Microsecond)
		coretest.WantError(t, "RequireSudo", s.service.RequireSudo(s.laptop.Caller.Session), nil)
		s.Clock.Advance(time.Microsecond)
		coretest.WantError(t, "RequireSudo", s.service.RequireSudo(s.laptop.Caller.Session), domain.ErrSudoRequired)
	})
	t.Run("holds for ten minutes after the password, in this session alone", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		token, err := s.service.Sudo(t.Context(), caller, secret)
		s.Must(err)
		s.wantLive(map[domain.Token]bool{token: true, s.laptop.Token: false, s.phone.Token: true, s.eve.Token: true})
		renewed, err := s.service.Authenticate(t.Context(), token)
		s.Must(err)
		want := caller.Session
		want.Token, want.SudoAt = token.Hash(), s.Clock.Now()
		if renewed.Session != want || renewed.User != s.ada() {
			t.Errorf("session = %+v\nwant %+v", renewed.Session, want)
		}
		phone, err := s.service.Authenticate(t.Context(), s.phone.Token)
		s.Must(err)
		coretest.WantError(t, "RequireSudo of the phone", s.service.RequireSudo(phone.Session), domain.ErrSudoRequired)
		s.Clock.Advance(10*time.Minute - time.Microsecond)
		coretest.WantError(t, "RequireSudo", s.service.RequireSudo(renewed.Session), nil)
		s.Clock.Advance(time.Microsecond)
		coretest.WantError(t, "RequireSudo", s.service.RequireSudo(renewed.Session), domain.ErrSudoRequired)
	})
	t.Run("refuses a wrong password", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		for _, password := range []string{other, "", secret + " "} {
			s.WantUnchanged("Sudo", field("password", "wrong_password"), func() error {
				token, err := s.service.Sudo(t.Context(), caller, password)
				if token != "" {
					t.Error("Sudo gives a token beside the error")
				}
				return err
			})
		}
	})
	t.Run("is throttled for the user, apart from sign-in", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		phone, err := s.service.Authenticate(t.Context(), s.phone.Token)
		s.Must(err)
		for range 5 {
			_, err := s.service.Sudo(t.Context(), caller, other)
			coretest.WantError(t, "Sudo", err, field("password", "wrong_password"))
		}
		verified := len(s.hasher.verified)
		for _, c := range []domain.Caller{caller, phone} {
			s.WantUnchanged("Sudo", domain.ErrRateLimited, func() error {
				_, err := s.service.Sudo(t.Context(), c, secret)
				return err
			})
		}
		if len(s.hasher.verified) != verified {
			t.Error("a password was verified for an attempt that was refused")
		}
		coretest.WantError(t, "SignIn", s.signIn(secret), nil)
		_, err = s.service.Sudo(t.Context(), s.eve.Caller, secret)
		coretest.WantError(t, "Sudo of somebody else", err, nil)
		s.Clock.Advance(time.Second)
		_, err = s.service.Sudo(t.Context(), caller, secret)
		coretest.WantError(t, "Sudo after a second", err, nil)
	})
	t.Run("passes on that hashing is overloaded", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		s.hasher.outage = domain.ErrOverloaded
		s.WantUnchanged("Sudo", domain.ErrOverloaded, func() error {
			_, err := s.service.Sudo(t.Context(), caller, secret)
			return err
		})
	})
	t.Run("does not bring back a session that has ended meanwhile", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		s.Must(s.service.SignOut(t.Context(), caller))
		s.WantUnchanged("Sudo", domain.ErrNotFound, func() error {
			_, err := s.service.Sudo(t.Context(), caller, secret)
			return err
		})
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		s.wantAllOrNothing("Sudo", func(service *account.Service, ctx context.Context) error {
			_, err := service.Sudo(ctx, caller, secret)
			return err
		})
	})
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Must(s.service.SignOut(t.Context(), s.laptop.Caller))
	s.wantLive(map[domain.Token]bool{s.laptop.Token: false, s.phone.Token: true, s.eve.Token: true})
	_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
	coretest.WantError(t, "Authenticate", err, domain.ErrUnauthenticated)
	s.WantUnchanged("SignOut again", nil, func() error { return s.service.SignOut(t.Context(), s.laptop.Caller) })

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.WantUnchanged("SignOut in an outage", context.Canceled, func() error { return s.service.SignOut(ctx, s.phone.Caller) })
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	list, err := s.service.Sessions(t.Context(), s.laptop.Caller, all)
	s.Must(err)
	if len(list.Items) != 2 || list.Items[0] != s.phone.Caller.Session || list.Items[1] != s.laptop.Caller.Session {
		t.Errorf("Sessions = %+v, want the phone, then the laptop", list.Items)
	}
	list, err = s.service.Sessions(t.Context(), s.laptop.Caller, domain.PageRequest{Limit: 1, After: string(s.phone.Caller.Session.ID)})
	s.Must(err)
	if len(list.Items) != 1 || list.More || list.Items[0] != s.laptop.Caller.Session {
		t.Errorf("Sessions after the phone = %+v, want the laptop", list)
	}

	s.WantUnchanged("EndSession of somebody else's", domain.ErrNotFound, func() error {
		return s.service.EndSession(t.Context(), s.laptop.Caller, s.eve.Caller.Session.ID)
	})
	s.WantUnchanged("EndSession of an unknown one", domain.ErrNotFound, func() error {
		return s.service.EndSession(t.Context(), s.laptop.Caller, domain.SessionID(s.IDs.New()))
	})
	s.Must(s.service.EndSession(t.Context(), s.laptop.Caller, s.phone.Caller.Session.ID))
	s.wantLive(map[domain.Token]bool{s.laptop.Token: true, s.phone.Token: false, s.eve.Token: true})
	coretest.WantError(t, "EndSession again", s.service.EndSession(t.Context(), s.laptop.Caller, s.phone.Caller.Session.ID), domain.ErrNotFound)
}
