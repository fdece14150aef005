package job_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/job"
	"rowhouse/ports"
)

// sweep runs all sweeps.
func (s *scene) sweep() {
	s.T.Helper()
	handlers := job.NewSweeper(s.Store, s.jobs, s.Clock, ports.RealClock{Clock: s.Clock}).Handlers()
	for _, schedule := range job.Schedules() {
		_, err := handlers[schedule.Kind](s.T.Context(), domain.Job{Kind: schedule.Kind})
		s.Must(err)
	}
}

func TestSweep_FreesTheSeatsOfInvitationsThatHaveRunOut(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	key := domain.SecretKey("0123456789abcdef0123456789abcdef")
	for i, actor := range []domain.Actor{s.Owner, s.Owner, s.Globex} {
		id := domain.InvitationID(s.IDs.New())
		email := domain.Email(fmt.Sprintf("p%d@example.com", i))
		s.Must(s.Tenant(actor).Invitations().Add(t.Context(), domain.NewInvitation(id, email, domain.RoleMember, actor.User, key, s.Clock.Now())))
	}
	pending := func() (n int64) {
		for _, actor := range []domain.Actor{s.Owner, s.Globex} {
			o, err := s.Tenant(actor).Organization().Get(t.Context())
			s.Must(err)
			n += o.PendingInvitations
		}
		return n
	}
	s.sweep()
	if n := pending(); n != 3 {
		t.Errorf("%d pending while they live, want 3", n)
	}
	s.Clock.Advance(domain.InvitationLifetime)
	s.sweep()
	if n := pending(); n != 0 {
		t.Errorf("%d pending after they have run out, want none", n)
	}
}

func TestSweep_ForgetsAccountsThatNobodyProved(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	lost, proven := s.User("Lost"), s.User("Proven")
	proven.EmailVerifiedAt = s.Clock.Now()
	s.Must(s.Store.Users().Save(t.Context(), proven))
	s.Clock.Advance(domain.UnverifiedLifetime - time.Hour)
	s.sweep()
	_, err := s.Store.Users().Get(t.Context(), lost.ID)
	coretest.WantError(t, "Get before seven days are over", err, nil)
	s.Clock.Advance(2 * time.Hour)
	s.sweep()
	_, err = s.Store.Users().Get(t.Context(), lost.ID)
	coretest.WantError(t, "Get of who never proved the address", err, domain.ErrNotFound)
	for _, kept := range []domain.User{proven, s.Ada, s.Linus} { // Ada owns and Linus is a member, unproven as they are
		_, err = s.Store.Users().Get(t.Context(), kept.ID)
		coretest.WantError(t, "Get of "+kept.Name, err, nil)
	}
}

func TestSweep_ForgetsSessionsAndLinksThatHaveRunOut(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	token := domain.Token("token")
	s.Must(s.Store.Sessions().Add(t.Context(), domain.Session{ID: domain.SessionID(s.IDs.New()), User: s.Ada.ID, Token: token.Hash(), CreatedAt: s.Clock.Now(), LastSeenAt: s.Clock.Now()}))
	s.Must(s.Store.AuthTokens().Add(t.Context(), domain.AuthToken{Hash: token.Hash(), Purpose: domain.TokenRevertEmail, User: s.Ada.ID, Email: s.Ada.Email, CreatedAt: s.Clock.Now()}))
	there := func() (session, link bool) {
		_, _, err := s.Store.Sessions().ByToken(t.Context(), token.Hash())
		_, errLink := s.Store.AuthTokens().Of(t.Context(), s.Ada.ID, domain.TokenRevertEmail)
		return err == nil, !errors.Is(errLink, domain.ErrNotFound)
	}
	s.Clock.Advance(71 * time.Hour)
	s.sweep()
	if session, link := there(); !session || !link {
		t.Errorf("the session is there: %t, and the link: %t; want both", session, link)
	}
	s.Clock.Advance(2 * time.Hour)
	s.sweep()
	if session, link := there(); !session || link {
		t.Errorf("after 73 hours the session is there: %t, and the link: %t; want the session alone", session, link)
	}
	s.Clock.Advance(domain.SessionLifetime)
	s.sweep()
	if session, _ := there(); session {
		t.Error("a session is there that can be used no more")
	}
}

func TestSweep_ForgetsJobsThatWereDoneAndFindsThoseThatWereLost(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	done, lost := s.one(), s.one()
	s.do(done)
	q := &queue{}
	_, err := job.NewRelay(s.jobs, q, s.Clock).Once(t.Context()) // and the queue forgets it
	s.Must(err)
	s.Clock.Advance(time.Hour + time.Minute)
	s.sweep()
	s.Clock.Advance(time.Minute)
	_, err = job.NewRelay(s.jobs, q, s.Clock).Once(t.Context())
	s.Must(err)
	wantTaken(t, q, []domain.JobID{lost, lost})
	s.Clock.Advance(7 * 24 * time.Hour)
	s.sweep()
	_, err = s.jobs.Get(t.Context(), done)
	coretest.WantError(t, "Get of what was done a week ago", err, domain.ErrNotFound)
}
