package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

var sessionTests = []storeTest{
	{"a session comes back as stored, with its user", testSessionRoundTrip},
	{"an unknown session is not found", testSessionUnknown},
	{"a session is found however old it is", testSessionOld},
	{"a session shows its user as of now", testSessionUser},
	{"touching a session moves it forward only, and no other", testSessionTouch},
	{"a saved session has its new token and not the old one", testSessionSave},
	{"sessions are listed newest first, one's own only", testSessionList},
	{"a session ends for its own user only", testSessionRemove},
	{"all sessions of a user but one end", testSessionRemoveOthers},
	{"all sessions of a user end", testSessionRemoveAll},
	{"a session needs a user", testSessionNeedsUser},
}

func testSessionRoundTrip(t *testing.T, s *scene) {
	full, plain := s.newSession(s.ada.ID), s.newSession(s.ada.ID)
	plain.UserAgent, plain.IP, plain.SudoAt = "", "", time.Time{}
	for _, want := range []domain.Session{full, plain} {
		s.must(s.store.Sessions().Add(t.Context(), want))
		session, user, err := s.store.Sessions().ByToken(t.Context(), want.Token)
		s.must(err)
		wantEqual(t, "the session", session, want)
		wantEqual(t, "its user", user, s.ada)
	}
}

func testSessionUnknown(t *testing.T, s *scene) {
	ctx, before, unknown := t.Context(), s.state(), s.newSession(s.ada.ID)
	_, _, err := s.store.Sessions().ByToken(ctx, unknown.Token)
	wantError(t, "ByToken", err, domain.ErrNotFound)
	_, _, err = s.store.Sessions().ByToken(ctx, domain.TokenHash{})
	wantError(t, "ByToken of nothing", err, domain.ErrNotFound)
	wantError(t, "Save", s.store.Sessions().Save(ctx, unknown), domain.ErrNotFound)
	wantError(t, "Remove", s.store.Sessions().Remove(ctx, s.ada.ID, unknown.ID), domain.ErrNotFound)
	s.must(s.store.Sessions().Touch(ctx, unknown.ID, noon.Add(time.Hour)))
	wantSame(t, "the store", s.state(), before)
}

func testSessionOld(t *testing.T, s *scene) {
	old := s.newSession(s.ada.ID)
	old.CreatedAt, old.LastSeenAt = noon.AddDate(-10, 0, 0), noon.AddDate(-10, 0, 0)
	s.must(s.store.Sessions().Add(t.Context(), old))
	session, _, err := s.store.Sessions().ByToken(t.Context(), old.Token)
	s.must(err)
	wantEqual(t, "the session", session, old)
}

func testSessionUser(t *testing.T, s *scene) {
	session, renamed := s.session(s.ada.ID), s.ada
	renamed.Name, renamed.Email = "Ada K.", "ada.k@example.com"
	s.must(s.store.Users().Save(t.Context(), renamed))
	_, user, err := s.store.Sessions().ByToken(t.Context(), session.Token)
	s.must(err)
	wantEqual(t, "the user", user, renamed)
}

func testSessionTouch(t *testing.T, s *scene) {
	ctx, other := t.Context(), s.session(s.ada.ID)
	want := s.session(s.ada.ID)
	for _, tt := range []struct {
		name     string
		at, want time.Time
	}{
		{"later", noon.Add(time.Hour), noon.Add(time.Hour)},
		{"earlier", noon.Add(time.Minute), noon.Add(time.Hour)},
		{"a microsecond later", noon.Add(time.Hour + time.Microsecond), noon.Add(time.Hour + time.Microsecond)},
	} {
		s.must(s.store.Sessions().Touch(ctx, want.ID, tt.at))
		got, _, err := s.store.Sessions().ByToken(ctx, want.Token)
		s.must(err)
		want.LastSeenAt = tt.want
		wantEqual(t, "the session touched "+tt.name, got, want)
	}
	got, _, err := s.store.Sessions().ByToken(ctx, other.Token)
	s.must(err)
	wantEqual(t, "the other session", got, other)
}

func testSessionSave(t *testing.T, s *scene) {
	ctx, old := t.Context(), s.session(s.ada.ID)
	want := s.newSession(s.ada.ID)
	want.ID, want.UserAgent = old.ID, "Browser/2.0"
	s.must(s.store.Sessions().Save(ctx, want))
	got, _, err := s.store.Sessions().ByToken(ctx, want.Token)
	s.must(err)
	wantEqual(t, "the session by its new token", got, want)
	_, _, err = s.store.Sessions().ByToken(ctx, old.Token)
	wantError(t, "ByToken of the old token", err, domain.ErrNotFound)

	want.SudoAt = noon.Add(time.Hour)
	s.must(s.store.Sessions().Save(ctx, want))
	wantEqual(t, "the session saved with the token it had", s.userState(s.ada.ID).Sessions[0], want)
	wantEqual(t, "sessions", len(s.userState(s.ada.ID).Sessions), 2)
}

func testSessionList(t *testing.T, s *scene) {
	eve := s.user("Eve")
	wantItems(t, "no sessions", s.userState(eve.ID).Sessions, nil)
	first, second, third := s.session(eve.ID), s.session(eve.ID), s.session(eve.ID)
	s.session(s.ada.ID)
	s.must(s.store.Sessions().Touch(t.Context(), first.ID, noon.Add(time.Hour)))
	first.LastSeenAt = noon.Add(time.Hour)
	wantItems(t, "List", s.userState(eve.ID).Sessions, []domain.Session{third, second, first})
}

func testSessionRemove(t *testing.T, s *scene) {
	ctx, kept, session := t.Context(), s.session(s.ada.ID), s.session(s.ada.ID)
	before := s.state()
	wantError(t, "Remove by a stranger", s.store.Sessions().Remove(ctx, s.hedy.ID, session.ID), domain.ErrNotFound)
	wantSame(t, "the store", s.state(), before)

	s.must(s.store.Sessions().Remove(ctx, s.ada.ID, session.ID))
	_, _, err := s.store.Sessions().ByToken(ctx, session.Token)
	wantError(t, "ByToken", err, domain.ErrNotFound)
	wantError(t, "Remove again", s.store.Sessions().Remove(ctx, s.ada.ID, session.ID), domain.ErrNotFound)
	wantError(t, "Save afterwards", s.store.Sessions().Save(ctx, session), domain.ErrNotFound)
	s.must(s.store.Sessions().Touch(ctx, session.ID, noon.Add(time.Hour)))
	sessions := s.userState(s.ada.ID).Sessions
	wantEqual(t, "sessions left", len(sessions), 2)
	wantEqual(t, "the session that stays", sessions[0], kept)
}

func testSessionRemoveOthers(t *testing.T, s *scene) {
	s.session(s.ada.ID)
	keep, last, graces := s.session(s.ada.ID), s.session(s.ada.ID), s.userState(s.grace.ID)
	s.must(s.store.Sessions().RemoveOthers(t.Context(), s.ada.ID, keep.ID))
	wantItems(t, "sessions left", s.userState(s.ada.ID).Sessions, []domain.Session{keep})
	_, _, err := s.store.Sessions().ByToken(t.Context(), last.Token)
	wantError(t, "ByToken of one that ended", err, domain.ErrNotFound)
	wantSame(t, "another user", s.userState(s.grace.ID), graces)
}

func testSessionRemoveAll(t *testing.T, s *scene) {
	session, graces := s.session(s.ada.ID), s.userState(s.grace.ID)
	s.must(s.store.Sessions().RemoveOthers(t.Context(), s.ada.ID, ""))
	wantItems(t, "sessions left", s.userState(s.ada.ID).Sessions, nil)
	_, _, err := s.store.Sessions().ByToken(t.Context(), session.Token)
	wantError(t, "ByToken", err, domain.ErrNotFound)
	wantSame(t, "another user", s.userState(s.grace.ID), graces)
	s.must(s.store.Sessions().RemoveOthers(t.Context(), s.ada.ID, ""))
}

func testSessionNeedsUser(t *testing.T, s *scene) {
	session := s.newSession(newID[domain.UserID](s.ids))
	wantAnyError(t, "Add", s.store.Sessions().Add(t.Context(), session))
	_, _, err := s.store.Sessions().ByToken(t.Context(), session.Token)
	wantError(t, "ByToken", err, domain.ErrNotFound)
}
