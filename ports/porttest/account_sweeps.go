package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

var accountSweepTests = []storeTest{
	{"accounts that nobody proved in time are forgotten, unless they are members of something", testSweepUnverified},
	{"sessions that began before a time are forgotten", testSweepSessions},
	{"links that were made before a time are forgotten", testSweepAuthTokens},
}

func testSweepUnverified(t *testing.T, s *scene) {
	ctx := t.Context()
	old, young, proven, member := s.user("Old"), s.user("Young"), s.user("Proven"), s.user("Member")
	s.member(s.acme, member, domain.RoleMember)
	for user, at := range map[*domain.User]time.Time{&old: noon.Add(-time.Second), &young: noon, &proven: noon.Add(-time.Second), &member: noon.Add(-time.Second)} {
		user.CreatedAt, user.EmailVerifiedAt = at, time.Time{}
		if user == &proven {
			user.EmailVerifiedAt = noon
		}
		s.must(s.store.Users().Save(ctx, *user))
	}
	session := s.newSession(old.ID)
	s.must(s.store.Sessions().Add(ctx, session))
	s.must(s.store.Users().SweepUnverified(ctx, noon))
	_, err := s.store.Users().Get(ctx, old.ID)
	wantError(t, "Get of who never proved the address", err, domain.ErrNotFound)
	_, _, err = s.store.Sessions().ByToken(ctx, session.Token)
	wantError(t, "ByToken of their session", err, domain.ErrNotFound)
	for _, kept := range []domain.User{young, proven, member, s.ada, s.alan} {
		_, err := s.store.Users().Get(ctx, kept.ID)
		wantError(t, "Get of "+kept.Name, err, nil)
	}
	s.must(s.store.Users().SweepUnverified(ctx, noon)) // finds nothing more
}

func testSweepSessions(t *testing.T, s *scene) {
	old, young := s.newSession(s.ada.ID), s.newSession(s.ada.ID)
	old.CreatedAt, old.LastSeenAt, young.CreatedAt = noon.Add(-time.Microsecond), noon.AddDate(1, 0, 0), noon
	for _, session := range []domain.Session{old, young} {
		s.must(s.store.Sessions().Add(t.Context(), session))
	}
	s.must(s.store.Sessions().Sweep(t.Context(), noon))
	_, _, err := s.store.Sessions().ByToken(t.Context(), old.Token)
	wantError(t, "ByToken of the old one", err, domain.ErrNotFound)
	_, _, err = s.store.Sessions().ByToken(t.Context(), young.Token)
	wantError(t, "ByToken of the young one", err, nil)
}

func testSweepAuthTokens(t *testing.T, s *scene) {
	add := func(user domain.User, at time.Time) {
		s.must(s.store.AuthTokens().Add(t.Context(), domain.AuthToken{
			Hash: domain.Token(user.ID).Hash(), Purpose: domain.TokenResetPassword, User: user.ID, Email: user.Email, CreatedAt: at,
		}))
	}
	add(s.grace, noon.Add(-time.Microsecond))
	add(s.linus, noon)
	s.must(s.store.AuthTokens().Sweep(t.Context(), noon))
	_, err := s.store.AuthTokens().Of(t.Context(), s.grace.ID, domain.TokenResetPassword)
	wantError(t, "Of the old one", err, domain.ErrNotFound)
	_, err = s.store.AuthTokens().Of(t.Context(), s.linus.ID, domain.TokenResetPassword)
	wantError(t, "Of the young one", err, nil)
}
