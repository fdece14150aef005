package porttest

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// jobTest is one promise of a ports.Outbox or of ports.Jobs. Its name is the
// promise.
type jobTest struct {
	name string
	run  func(*testing.T, *jobScene)
}

// OpenJobs returns an empty store as those see it who serve requests and those
// who work, and its jobs.
type OpenJobs func(*testing.T) (app, worker ports.Store, jobs ports.Jobs)

// TestJobs checks that a ports.Outbox and ports.Jobs do what their
// documentation says. It calls open once for each subtest, in parallel.
func TestJobs(t *testing.T, open OpenJobs) {
	t.Helper()
	for _, tt := range slices.Concat(outboxTests, relayTests, attemptOfJobTests, overJobTests, jobListTests, tickTests, sweepTests, jobRaceTests) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, newJobScene(t, open))
		})
	}
}

// jobScene is a scene whose outbox is in use: a job is done, and one was given
// up.
type jobScene struct {
	*scene

	worker ports.Store
	jobs   ports.Jobs

	done, dead domain.Job
}

func newJobScene(t *testing.T, open OpenJobs) *jobScene {
	t.Helper()
	app, worker, jobs := open(t)
	s := &jobScene{scene: newScene(t, app), worker: worker, jobs: jobs}
	s.done, s.dead = s.record(s.acme.id), s.record(s.globex.id)
	s.wantRelayed(noon, s.done, s.dead)
	s.begin(s.done, noon)
	s.finish(s.done, noon)
	s.must(s.jobs.Bury(t.Context(), s.dead.ID, noon, "no use"))
	return s
}

// record records a new job, due at noon; the organization may be "".
func (s *jobScene) record(organization domain.OrganizationID) domain.Job {
	s.t.Helper()
	job := s.newJob(organization, "test.job")
	s.must(s.store.Outbox().Add(s.t.Context(), job))
	return job
}

// published relays jobs, and returns those that were given to publish.
func (s *jobScene) published(at time.Time, n int) (list []domain.Job) {
	s.t.Helper()
	found, err := s.jobs.Relay(s.t.Context(), at, n, func(_ context.Context, jobs []domain.Job) []error {
		list = append(list, jobs...)
		return make([]error, len(jobs))
	})
	s.must(err)
	wantEqual(s.t, "how many were relayed", found, len(list))
	return list
}

// wantRelayed relays what is due, which has to be these jobs in this order.
func (s *jobScene) wantRelayed(at time.Time, want ...domain.Job) {
	s.t.Helper()
	wantItems(s.t, "relayed", jobIDs(s.published(at, 100)), jobIDs(want))
}

// relayed records a job and relays it.
func (s *jobScene) relayed(organization domain.OrganizationID) domain.Job {
	s.t.Helper()
	job := s.record(organization)
	s.wantRelayed(noon, job)
	return job
}

// lease is how long attempts may take.
const lease = time.Minute

func (s *jobScene) begin(job domain.Job, at time.Time) domain.Job {
	s.t.Helper()
	begun, err := s.jobs.Begin(s.t.Context(), job.ID, at, at.Add(lease))
	s.must(err)
	return begun
}

func (s *jobScene) wantNotBegun(job domain.Job, at time.Time, want error) {
	s.t.Helper()
	_, err := s.jobs.Begin(s.t.Context(), job.ID, at, at.Add(lease))
	wantError(s.t, "Begin", err, want)
}

// finish notes that a job is done.
func (s *jobScene) finish(job domain.Job, at time.Time) {
	s.t.Helper()
	s.must(s.worker.Update(s.t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
		return tx.Outbox().Done(s.t.Context(), job.ID, at)
	}))
}

// failed records a job of which an attempt has failed.
func (s *jobScene) failed(organization domain.OrganizationID, until time.Time) domain.Job {
	s.t.Helper()
	job := s.relayed(organization)
	s.begin(job, noon)
	s.must(s.jobs.Postpone(s.t.Context(), job.ID, until, "no luck"))
	return job
}

// recorded is a job as it has to be recorded.
func recorded(job domain.Job, state domain.JobState, attempts int64) domain.RecordedJob {
	job.Attempts = attempts
	return domain.RecordedJob{Job: job, State: state, AvailableAt: noon}
}

// wantRecorded checks a job.
func (s *jobScene) wantRecorded(want domain.RecordedJob) {
	s.t.Helper()
	got, err := s.jobs.Get(s.t.Context(), want.ID)
	s.must(err)
	if !reflect.DeepEqual(got, want) {
		s.t.Errorf("the job is\n  %+v, want\n  %+v", got, want)
	}
}

func jobIDs(jobs []domain.Job) []domain.JobID {
	return idsOf(jobs, func(j domain.Job) domain.JobID { return j.ID })
}

func recordedIDs(jobs []domain.RecordedJob) []domain.JobID {
	return idsOf(jobs, func(j domain.RecordedJob) domain.JobID { return j.ID })
}

// list lists the jobs in a state.
func (s *jobScene) list(state domain.JobState, organization domain.OrganizationID) []domain.RecordedJob {
	s.t.Helper()
	page, err := s.jobs.List(s.t.Context(), state, organization, all)
	s.must(err)
	wantEqual(s.t, "more jobs", page.More, false)
	return page.Items
}

// jobState is all that is told of the jobs.
type jobState struct {
	Jobs    []domain.RecordedJob
	Backlog domain.Backlog
}

func (s *jobScene) jobState() jobState {
	s.t.Helper()
	var state jobState
	for _, in := range domain.JobStates {
		state.Jobs = append(state.Jobs, s.list(in, "")...)
	}
	var err error
	state.Backlog, err = s.jobs.Backlog(s.t.Context(), noon.Add(time.Hour))
	s.must(err)
	return state
}
