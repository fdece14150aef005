package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"rowhouse/core/domain"
)

var relayTests = []jobTest{
	{"due jobs are given to publish once, oldest first, as many as fit", testRelay},
	{"a job is not relayed before its time", testRelayNotYet},
	{"what could not be published is given again after a second", testRelayFails},
	{"what one relay works on, no other gets", testRelayBeside},
	{"what was published is noted, also where the relay has to end", testRelayCancelled},
	{"what a relay that panics worked on is given again", testRelayPanics},
	{"a job may be begun before its relay has noted that it was published", testBeginDuringRelay},
	{"a job that is made due again while it is being published is published again", testDueDuringRelay},
	{"a job that goes with its organization while it is being published is no error", testRemovedDuringRelay},
}

func testRelay(t *testing.T, s *jobScene) {
	var want []domain.Job
	for range 5 {
		want = append(want, s.record(s.acme.id), s.record(""))
	}
	var got []domain.JobID
	for _, n := range []int{1, 4, 3} {
		batch := s.published(noon, n)
		wantEqual(t, "a batch", len(batch), n)
		got = append(got, jobIDs(batch)...)
	}
	got = append(got, jobIDs(s.published(noon, 100))...)
	wantItems(t, "relayed", got, jobIDs(want))
	s.wantRelayed(noon.Add(time.Hour))
	called := false
	n, err := s.jobs.Relay(t.Context(), noon, 10, func(context.Context, []domain.Job) []error {
		called = true
		return nil
	})
	s.must(err)
	wantEqual(t, "how many there were", n, 0)
	wantEqual(t, "publish called for nothing", called, false)
}

func testRelayNotYet(t *testing.T, s *jobScene) {
	later, now := s.newJob(s.acme.id, "test.later"), s.newJob(s.acme.id, "test.now")
	later.CreatedAt = noon.Add(time.Hour)
	s.must(s.store.Outbox().Add(t.Context(), later, now))
	s.wantRelayed(noon, now)
	s.wantRelayed(later.CreatedAt.Add(-time.Microsecond))
	s.wantRelayed(later.CreatedAt, later)
}

func testRelayFails(t *testing.T, s *jobScene) {
	first, second, third := s.record(s.acme.id), s.record(s.globex.id), s.record("")
	n, err := s.jobs.Relay(t.Context(), noon.Add(time.Minute), 10, func(context.Context, []domain.Job) []error {
		return []error{errBoom, nil, errBoom}
	})
	s.must(err)
	wantEqual(t, "how many there were", n, 3)
	again := noon.Add(time.Minute + time.Second)
	s.wantRelayed(again.Add(-time.Microsecond))
	want := recorded(first, domain.JobQueued, 0)
	want.AvailableAt = again
	s.wantRecorded(want)
	s.wantRecorded(recorded(second, domain.JobQueued, 0))
	// It is as old as before: else nobody would see that a queue is down.
	backlog, err := s.jobs.Backlog(t.Context(), noon.Add(time.Minute))
	s.must(err)
	wantEqual(t, "the backlog", backlog, domain.Backlog{Due: 2, Oldest: noon, Dead: 1})
	s.wantRelayed(again, first, third)

	// A publish that forgets some has not published them.
	fourth, fifth := s.record(""), s.record("")
	_, err = s.jobs.Relay(t.Context(), noon, 10, func(context.Context, []domain.Job) []error { return []error{nil} })
	s.must(err)
	s.wantRelayed(again, fifth)
	s.begin(fourth, noon)
}

func testRelayBeside(t *testing.T, s *jobScene) {
	first, second, third := s.record(""), s.record(""), s.record("")
	another := func() {
		s.wantRelayed(noon, third)
		s.wantRelayed(noon)
	}
	_, err := s.jobs.Relay(t.Context(), noon, 2, func(_ context.Context, jobs []domain.Job) []error {
		wantItems(t, "the one relay's", jobIDs(jobs), jobIDs([]domain.Job{first, second}))
		another()
		return []error{nil, errBoom}
	})
	s.must(err)
	s.wantRelayed(noon.Add(time.Second), second)
}

func testRelayCancelled(t *testing.T, s *jobScene) {
	first, second := s.record(s.acme.id), s.record(s.acme.id)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.jobs.Relay(ctx, noon, 10, func(ctx context.Context, _ []domain.Job) []error {
		cancel()
		wantError(t, "the context of publish", ctx.Err(), context.Canceled)
		return []error{nil, ctx.Err()}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Relay = %v", err)
	}
	s.wantRelayed(noon.Add(time.Hour), second)
	s.begin(first, noon)
}

func testRelayPanics(t *testing.T, s *jobScene) {
	job := s.record(s.acme.id)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller of Relay")
			}
		}()
		_, _ = s.jobs.Relay(t.Context(), noon, 10, func(context.Context, []domain.Job) []error { panic("boom") })
	}()
	s.wantRelayed(noon, job)
}

// duringRelay runs fn while the jobs that are due are being published, and
// waits for it afterwards: it may have to wait for the relay.
func (s *jobScene) duringRelay(at time.Time, fn func() error) error {
	s.t.Helper()
	ended := make(chan error, 1)
	_, err := s.jobs.Relay(s.t.Context(), at, 10, func(_ context.Context, jobs []domain.Job) []error {
		go func() { ended <- fn() }()
		time.Sleep(20 * time.Millisecond) // it gets as far as it can
		return make([]error, len(jobs))
	})
	s.must(err)
	return <-ended
}

func testBeginDuringRelay(t *testing.T, s *jobScene) {
	job := s.record(s.acme.id)
	// By a clock that is a little behind.
	s.must(s.duringRelay(noon, func() error {
		_, err := s.jobs.Begin(t.Context(), job.ID, noon.Add(-time.Millisecond), noon.Add(lease))
		return err
	}))
	s.wantRelayed(noon.Add(time.Hour))
	s.wantRecorded(recorded(job, domain.JobQueued, 1))
}

func testDueDuringRelay(t *testing.T, s *jobScene) {
	job := s.relayed(s.acme.id)
	s.begin(job, noon)
	s.must(s.jobs.Retry(t.Context(), job.ID, noon))
	// The attempt goes on, and the message that is published now finds that.
	err := s.duringRelay(noon, func() error {
		_, err := s.jobs.Begin(t.Context(), job.ID, noon, noon.Add(lease))
		return err
	})
	wantError(t, "Begin", err, domain.ErrJobBusy)
	s.wantRelayed(noon.Add(lease-time.Microsecond), nil...)
	s.wantRelayed(noon.Add(lease), job)
}

func testRemovedDuringRelay(t *testing.T, s *jobScene) {
	s.record(s.acme.id)
	other := s.record(s.globex.id)
	err := s.duringRelay(noon, func() error { return s.acme.in(s.store).Organization().Remove(t.Context()) })
	s.must(err)
	s.wantRelayed(noon.Add(time.Hour))
	s.begin(other, noon)
}
