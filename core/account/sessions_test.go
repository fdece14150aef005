package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rowhouse/core/account"
	"rowhouse/core/domain"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	t.Run("a token is whose session it is", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, signedIn := range []account.SignedIn{s.laptop, s.phone, s.eve} {
			s.wantUnchanged("Authenticate", nil, func() error {
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
			s.wantUnchanged("Authenticate", domain.ErrUnauthenticated, func() error {
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
		s.clock.Advance(24*time.Hour - time.Microsecond)
		_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
		wantError(t, "Authenticate a moment before", err, nil)
		s.clock.Advance(time.Microsecond)
		_, err = s.service.Authenticate(t.Context(), s.laptop.Token)
		wantError(t, "Authenticate of the one that was used", err, nil)
		s.wantUnchanged("Authenticate of the one that was not", domain.ErrUnauthenticated, func() error {
			_, err := s.service.Authenticate(t.Context(), s.phone.Token)
			return err
		})
	})
	t.Run("a session ends after two weeks of use", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for range 14*24 - 1 {
			s.clock.Advance(time.Hour)
			if _, err := s.service.Authenticate(t.Context(), s.laptop.Token); err != nil {
				t.Fatalf("Authenticate at %v = %v, want nil", s.clock.Now(), err)
			}
		}
		s.clock.Advance(time.Hour - time.Microsecond)
		_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
		wantError(t, "Authenticate a moment before", err, nil)
		s.clock.Advance(time.Microsecond)
		s.wantUnchanged("Authenticate", domain.ErrUnauthenticated, func() error {
			_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
			return err
		})
	})
	t.Run("the last use is recorded once a minute", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		seen := func() time.Time {
			session, _, err := s.stored.Sessions().ByToken(t.Context(), s.laptop.Token.Hash())
			s.must(err)
			return session.LastSeenAt
		}
		start := s.clock.Now()
		for _, step := range []struct{ after, want time.Duration }{
			{time.Minute - time.Microsecond, 0},
			{time.Minute, time.Minute},
			{time.Minute + time.Second, time.Minute},
			{2*time.Minute - time.Microsecond, time.Minute},
			{2*time.Minute + time.Second, 2*time.Minute + time.Second},
		} {
			s.clock.Set(start.Add(step.after))
			caller, err := s.service.Authenticate(t.Context(), s.laptop.Token)
			s.must(err)
			if got := seen(); !got.Equal(start.Add(step.want)) || !caller.Session.LastSeenAt.Equal(got) {
				t.Errorf("after %v it was seen at %v, and says %v; want %v", step.after, got.Sub(start), caller.Session.LastSeenAt.Sub(start), step.want)
			}
		}
		phone, _, err := s.stored.Sessions().ByToken(t.Context(), s.phone.Token.Hash())
		if !phone.LastSeenAt.Equal(start) || err != nil {
			t.Errorf("the phone was seen at %v, %v; want it as before", phone.LastSeenAt, err)
		}
	})
	t.Run("an outage is no answer about the token", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.clock.Advance(time.Hour)
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
		s.clock.Advance(10 * time.Minute)
		caller, err := s.service.Authenticate(t.Context(), s.laptop.Token)
		s.must(err)
		wantError(t, "RequireSudo", s.service.RequireSudo(caller.Session), domain.ErrSudoRequired)
		return s, caller
	}
	t.Run("holds for ten minutes after a sign-in", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.clock.Advance(10*time.Minute - time.Microsecond)
		wantError(t, "RequireSudo", s.service.RequireSudo(s.laptop.Caller.Session), nil)
		s.clock.Advance(time.Microsecond)
		wantError(t, "RequireSudo", s.service.RequireSudo(s.laptop.Caller.Session), domain.ErrSudoRequired)
	})
	t.Run("holds for ten minutes after the password, in this session alone", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		token, err := s.service.Sudo(t.Context(), caller, secret)
		s.must(err)
		s.wantLive(map[domain.Token]bool{token: true, s.laptop.Token: false, s.phone.Token: true, s.eve.Token: true})
		renewed, err := s.service.Authenticate(t.Context(), token)
		s.must(err)
		want := caller.Session
		want.Token, want.SudoAt = token.Hash(), s.clock.Now()
		if renewed.Session != want || renewed.User != s.ada() {
			t.Errorf("session = %+v\nwant %+v", renewed.Session, want)
		}
		phone, err := s.service.Authenticate(t.Context(), s.phone.Token)
		s.must(err)
		wantError(t, "RequireSudo of the phone", s.service.RequireSudo(phone.Session), domain.ErrSudoRequired)
		s.clock.Advance(10*time.Minute - time.Microsecond)
		wantError(t, "RequireSudo", s.service.RequireSudo(renewed.Session), nil)
		s.clock.Advance(time.Microsecond)
		wantError(t, "RequireSudo", s.service.RequireSudo(renewed.Session), domain.ErrSudoRequired)
	})
	t.Run("refuses a wrong password", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		for _, password := range []string{other, "", secret + " "} {
			s.wantUnchanged("Sudo", field("password", "wrong_password"), func() error {
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
		s.must(err)
		for range 5 {
			_, err := s.service.Sudo(t.Context(), caller, other)
			wantError(t, "Sudo", err, field("password", "wrong_password"))
		}
		verified := len(s.hasher.verified)
		for _, c := range []domain.Caller{caller, phone} {
			s.wantUnchanged("Sudo", domain.ErrRateLimited, func() error {
				_, err := s.service.Sudo(t.Context(), c, secret)
				return err
			})
		}
		if len(s.hasher.verified) != verified {
			t.Error("a password was verified for an attempt that was refused")
		}
		wantError(t, "SignIn", s.signIn(secret), nil)
		_, err = s.service.Sudo(t.Context(), s.eve.Caller, secret)
		wantError(t, "Sudo of somebody else", err, nil)
		s.clock.Advance(time.Second)
		_, err = s.service.Sudo(t.Context(), caller, secret)
		wantError(t, "Sudo after a second", err, nil)
	})
	t.Run("passes on that hashing is overloaded", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		s.hasher.outage = domain.ErrOverloaded
		s.wantUnchanged("Sudo", domain.ErrOverloaded, func() error {
			_, err := s.service.Sudo(t.Context(), caller, secret)
			return err
		})
	})
	t.Run("does not bring back a session that has ended meanwhile", func(t *testing.T) {
		t.Parallel()
		s, caller := stale(t)
		s.must(s.service.SignOut(t.Context(), caller))
		s.wantUnchanged("Sudo", domain.ErrNotFound, func() error {
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
	s.must(s.service.SignOut(t.Context(), s.laptop.Caller))
	s.wantLive(map[domain.Token]bool{s.laptop.Token: false, s.phone.Token: true, s.eve.Token: true})
	_, err := s.service.Authenticate(t.Context(), s.laptop.Token)
	wantError(t, "Authenticate", err, domain.ErrUnauthenticated)
	s.wantUnchanged("SignOut again", nil, func() error { return s.service.SignOut(t.Context(), s.laptop.Caller) })

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.wantUnchanged("SignOut in an outage", context.Canceled, func() error { return s.service.SignOut(ctx, s.phone.Caller) })
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	list, err := s.service.Sessions(t.Context(), s.laptop.Caller, all)
	s.must(err)
	if len(list.Items) != 2 || list.Items[0] != s.phone.Caller.Session || list.Items[1] != s.laptop.Caller.Session {
		t.Errorf("Sessions = %+v, want the phone, then the laptop", list.Items)
	}
	list, err = s.service.Sessions(t.Context(), s.laptop.Caller, domain.PageRequest{Limit: 1, After: string(s.phone.Caller.Session.ID)})
	s.must(err)
	if len(list.Items) != 1 || list.More || list.Items[0] != s.laptop.Caller.Session {
		t.Errorf("Sessions after the phone = %+v, want the laptop", list)
	}

	s.wantUnchanged("EndSession of somebody else's", domain.ErrNotFound, func() error {
		return s.service.EndSession(t.Context(), s.laptop.Caller, s.eve.Caller.Session.ID)
	})
	s.wantUnchanged("EndSession of an unknown one", domain.ErrNotFound, func() error {
		return s.service.EndSession(t.Context(), s.laptop.Caller, domain.SessionID(s.ids.New()))
	})
	s.must(s.service.EndSession(t.Context(), s.laptop.Caller, s.phone.Caller.Session.ID))
	s.wantLive(map[domain.Token]bool{s.laptop.Token: true, s.phone.Token: false, s.eve.Token: true})
	wantError(t, "EndSession again", s.service.EndSession(t.Context(), s.laptop.Caller, s.phone.Caller.Session.ID), domain.ErrNotFound)
}
