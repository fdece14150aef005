package porttest

import (
	"slices"
	"testing"
	"time"

	"rowhouse/core/domain"
)

var sessionLimitTests = []storeTest{
	{"beyond the most sessions of a user, the least recently used ends", testSessionLimit},
	{"however many sign in at once, the most sessions are kept", testSessionLimitAtOnce},
}

// busyUser has as many sessions as a user can have, last used in the order in
// which they are returned.
func (s *scene) busyUser() (domain.User, []domain.Session) {
	s.t.Helper()
	user := s.user("Busy")
	sessions := make([]domain.Session, domain.MaxSessionsPerUser)
	for i := range sessions {
		sessions[i] = s.newSession(user.ID)
		sessions[i].LastSeenAt = noon.Add(time.Duration(i) * time.Minute)
		s.must(s.store.Sessions().Add(s.t.Context(), sessions[i]))
	}
	return user, sessions
}

func testSessionLimit(t *testing.T, s *scene) {
	ctx, others := t.Context(), s.state()
	user, sessions := s.busyUser()
	wantEqual(t, "sessions at the limit", len(s.userState(user.ID).Sessions), domain.MaxSessionsPerUser)

	// The oldest is used again, so that age and last use are not the same.
	s.must(s.store.Sessions().Touch(ctx, sessions[0].ID, noon.Add(time.Hour)))
	sessions[0].LastSeenAt = noon.Add(time.Hour)
	for i := range 2 {
		session := s.newSession(user.ID)
		session.LastSeenAt = noon.Add(time.Hour + time.Duration(i+1)*time.Second)
		s.must(s.store.Sessions().Add(ctx, session))
		sessions = append(sessions, session)
	}
	for _, ended := range sessions[1:3] {
		_, _, err := s.store.Sessions().ByToken(ctx, ended.Token)
		wantError(t, "ByToken of a session that ended", err, domain.ErrNotFound)
	}
	kept := slices.Concat(sessions[:1], sessions[3:])
	slices.Reverse(kept)
	wantItems(t, "sessions", s.userState(user.ID).Sessions, kept)
	wantSame(t, "everybody else", s.state(), others)
}

func testSessionLimitAtOnce(t *testing.T, s *scene) {
	user, _ := s.busyUser()
	added := make([]domain.Session, domain.MaxSessionsPerUser)
	for i := range added {
		added[i] = s.newSession(user.ID)
		added[i].LastSeenAt = noon.Add(time.Hour + time.Duration(i)*time.Second)
	}
	for _, err := range atOnce(len(added), func(i int) error { return s.store.Sessions().Add(t.Context(), added[i]) }) {
		s.must(err)
	}
	slices.Reverse(added)
	wantItems(t, "sessions", s.userState(user.ID).Sessions, added)
}
