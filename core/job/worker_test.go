package job_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/job"
	"rowhouse/ports"
)

func TestDo_HasItsEffectsOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	if o := s.do(id); o.Skipped || o.Failure != nil || o.Job.ID != id || o.Job.Kind != kind || o.Job.Attempts != 1 {
		t.Errorf("Do = %+v, want it done", o)
	}
	s.wantName("Acme!")
	if got := s.recorded(id); got.State != domain.JobDone || !got.EndedAt.Equal(s.Clock.Now()) {
		t.Errorf("recorded is %+v, want it done now", got)
	}
	s.Clock.Advance(24 * time.Hour)
	for range 3 { // as a queue may deliver it
		if o := s.do(id); !o.Skipped {
			t.Errorf("Do again = %+v, want it skipped", o)
		}
	}
	s.wantName("Acme!")
}

func TestDo_ManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	for _, err := range coretest.Together(20, func(int) error {
		_, err := s.worker().Do(t.Context(), id)
		return err
	}) {
		s.Must(err)
	}
	s.wantName("Acme!")
}

// A worker whose time was over, and that did not notice.
func TestDo_AnAttemptThatCameTooLateHasNoEffects(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	s.handle = func(ctx context.Context, _ domain.Job) (job.Effects, error) {
		s.handle = nil
		s.Clock.Advance(time.Minute)
		_, err := s.worker().Do(ctx, id) // somebody else
		return s.greet, err
	}
	if o := s.do(id); !o.Skipped {
		t.Errorf("Do = %+v, want it skipped", o)
	}
	s.wantName("Acme!")
}

// The control: without the note that a job is done, it would have them twice.
func TestDo_WithoutTheNoteEffectsHappenTwice(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	forgetful := job.NewWorker(forgetfulStore{s.Store}, s.jobs, s.Clock, s.IDs, func() float64 { return 0 }, job.Handlers{
		kind: func(context.Context, domain.Job) (job.Effects, error) { return s.greet, nil },
	})
	for range 2 {
		_, err := forgetful.Do(t.Context(), id)
		s.Must(err)
		s.Clock.Advance(time.Minute)
	}
	s.wantName("Acme!!")
}

// forgetfulStore does not note what is done.
type forgetfulStore struct{ ports.Store }

func (s forgetfulStore) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	return s.Store.Update(ctx, scope, func(tx ports.Repositories) error { return fn(forgetfulRepositories{tx}) })
}

type forgetfulRepositories struct{ ports.Repositories }

func (r forgetfulRepositories) Outbox() ports.Outbox { return forgetfulOutbox{r.Repositories.Outbox()} }

type forgetfulOutbox struct{ ports.Outbox }

func (forgetfulOutbox) Done(context.Context, domain.JobID, time.Time) error { return nil }

func TestDo_WhileSomebodyElseIsAtIt(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	_, err := s.jobs.Begin(t.Context(), id, s.Clock.Now(), s.Clock.Now().Add(30*time.Second)) // and dies
	s.Must(err)
	if o := s.do(id); !o.Skipped {
		t.Errorf("Do = %+v, want it skipped", o)
	}
	s.wantName("Acme")
	s.Clock.Advance(30 * time.Second)
	outcomes, err := s.worker().Drain(t.Context()) // it is due again by itself
	s.Must(err)
	if len(outcomes) != 1 || outcomes[0].Failure != nil {
		t.Errorf("Drain = %+v, want the job done", outcomes)
	}
	s.wantName("Acme!")
}

func TestDo_TriesAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	s.fails(errOutage)
	waits := []time.Duration{time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour}
	for n, wait := range waits {
		o := s.do(id)
		if !errors.Is(o.Failure, errOutage) || o.Dead || o.RetryIn != wait || o.Job.Attempts != int64(n+1) {
			t.Fatalf("attempt %d: %+v, want a wait of %v", n+1, o, wait)
		}
		if got := s.recorded(id); got.State != domain.JobFailed || got.LastError != errOutage.Error() || !got.AvailableAt.Equal(s.Clock.Now().Add(wait)) {
			t.Fatalf("attempt %d: recorded is %+v", n+1, got)
		}
		s.Clock.Advance(wait - time.Microsecond)
		if early, err := s.worker().Drain(t.Context()); err != nil || len(early) != 0 {
			t.Fatalf("attempt %d came too early: %+v, %v", n+2, early, err)
		}
		s.Clock.Advance(time.Microsecond)
	}
	if o := s.do(id); !o.Dead || s.recorded(id).State != domain.JobDead {
		t.Errorf("attempt 9: %+v, want it given up", o)
	}

	// Somebody has mended what was wrong.
	s.handle = nil
	s.Must(s.worker().Retry(t.Context(), id))
	s.Must(s.worker().Retry(t.Context(), id)) // twice is once
	_, err := s.worker().Drain(t.Context())
	s.Must(err)
	s.wantName("Acme!")
	coretest.WantError(t, "Retry of what is done", s.worker().Retry(t.Context(), id), domain.ErrJobDone)
	coretest.WantError(t, "Retry of nothing", s.worker().Retry(t.Context(), domain.JobID(s.IDs.New())), domain.ErrNotFound)
}

func TestDo_DelaysAreSpread(t *testing.T) {
	t.Parallel()
	for spread, want := range map[float64]time.Duration{0: 800 * time.Millisecond, 1: 1200 * time.Millisecond} {
		s := newScene(t)
		s.spread = spread
		s.fails(errOutage)
		if o := s.do(s.one()); o.RetryIn != want {
			t.Errorf("with %v: a wait of %v, want %v", spread, o.RetryIn, want)
		}
	}
}

func TestDo_GivesUpWhatNeverWillWork(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handle job.Handler
		reason string
	}{
		"what the handler says never will": {func(context.Context, domain.Job) (job.Effects, error) {
			return nil, domain.Permanent(errors.New("no such mailbox"))
		}, "no such mailbox"},
		"what belongs to somebody else": {func(context.Context, domain.Job) (job.Effects, error) {
			return nil, domain.ErrTenantMismatch
		}, "tenant_mismatch"},
	} {
		s := newScene(t)
		s.handle = tt.handle
		id := s.one()
		if o, got := s.do(id), s.recorded(id); !o.Dead || got.State != domain.JobDead || got.LastError != tt.reason {
			t.Errorf("%s: %+v, recorded %+v; want it given up because %q", name, o, got, tt.reason)
		}
	}
	s := newScene(t)
	j := domain.NewJob(domain.JobID(s.IDs.New()), "", "unheard.of", nil, s.Clock.Now())
	s.Must(s.Store.Outbox().Add(t.Context(), j))
	if o := s.do(j.ID); !o.Dead || !strings.Contains(s.recorded(j.ID).LastError, "unheard.of") {
		t.Errorf("an unknown kind: %+v, want it given up", o)
	}
}

func TestDo_SurvivesAPanic(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	s.handle = func(context.Context, domain.Job) (job.Effects, error) { panic("nil map") }
	if o := s.do(id); o.Dead || o.RetryIn != time.Second || !strings.Contains(s.recorded(id).LastError, "nil map") {
		t.Errorf("Do = %+v, want it tried again", o)
	}
	s.handle = func(context.Context, domain.Job) (job.Effects, error) {
		return func(ctx context.Context, tx ports.Repositories) error {
			s.Must(s.greet(ctx, tx))
			panic("in the middle")
		}, nil
	}
	s.Clock.Advance(time.Second)
	s.do(id)
	s.wantName("Acme")
}

func TestDo_EffectsThatFailLeaveNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.one()
	s.handle = func(context.Context, domain.Job) (job.Effects, error) {
		return func(ctx context.Context, tx ports.Repositories) error {
			s.Must(s.greet(ctx, tx))
			return errOutage
		}, nil
	}
	if o := s.do(id); !errors.Is(o.Failure, errOutage) || s.recorded(id).State != domain.JobFailed {
		t.Errorf("Do = %+v, want it failed", o)
	}
	s.wantName("Acme")
}

func TestDo_OfNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	if o := s.do(domain.JobID(s.IDs.New())); !o.Skipped {
		t.Errorf("Do of an unknown job = %+v, want it skipped", o)
	}
}

func TestReject(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Must(s.worker().Reject(t.Context(), "", []byte("\xffnot json"), "unreadable"))
	dead, err := s.jobs.List(t.Context(), domain.JobDead, "", domain.PageRequest{Limit: 10})
	s.Must(err)
	if len(dead.Items) != 1 || dead.Items[0].Kind != job.KindUnreadable || dead.Items[0].LastError != "unreadable" || !strings.Contains(string(dead.Items[0].Payload), "not json") {
		t.Fatalf("given up: %+v, want the message", dead.Items)
	}
	id := s.one()
	s.Must(s.worker().Reject(t.Context(), id, nil, "delivered too often"))
	if got := s.recorded(id); got.State != domain.JobDead || got.LastError != "delivered too often" {
		t.Errorf("recorded is %+v, want it given up", got)
	}
}

func TestDrain_DoesAllThatIsDue(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.record(120)
	outcomes, err := s.worker().Drain(t.Context())
	s.Must(err)
	s.wantName("Acme" + strings.Repeat("!", 120))
	if len(outcomes) != 120 {
		t.Errorf("%d outcomes, want 120", len(outcomes))
	}
}
