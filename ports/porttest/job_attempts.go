package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

var attemptOfJobTests = []jobTest{
	{"an attempt is counted, and is the only one until its time is over", testBegin},
	{"a job whose attempt was found going on is published when that one's time is over", testBeginBusy},
	{"a postponed job is due again at its time, and not begun before", testPostpone},
	{"a job that is done or given up is not postponed", testPostponeOver},
}

var overJobTests = []jobTest{
	{"a job that was given up is over, and says why", testBury},
	{"a job that is done is not given up", testBuryOver},
	{"what no job can be read from is kept as given up", testKeep},
	{"a reason may be any text", testReasons},
	{"a failed or given-up job starts over at its time", testRetry},
	{"a job that is done or unknown does not start over", testRetryOver},
	{"an attempt that goes on is waited for where a job starts over", testRetryUnderWay},
	{"a job that was given up can be forgotten, and no other", testDiscard},
}

func testBegin(t *testing.T, s *jobScene) {
	job := s.relayed(s.acme.id)
	wantEqual(t, "the first attempt", s.begin(job, noon).Attempts, 1)
	s.wantRecorded(recorded(job, domain.JobQueued, 1))
	s.wantNotBegun(job, noon, domain.ErrJobBusy)
	s.wantNotBegun(job, noon.Add(lease-time.Microsecond), domain.ErrJobBusy)
	wantEqual(t, "the next attempt", s.begin(job, noon.Add(lease)).Attempts, 2)
	s.wantNotBegun(job, noon.Add(lease), domain.ErrJobBusy)

	for what, over := range map[string]domain.Job{"done": s.done, "given up": s.dead, "unknown": s.newJob("", "test.unknown"), "no id": {ID: "x"}} {
		t.Log(what)
		s.wantNotBegun(over, noon.Add(time.Hour), domain.ErrJobDone)
	}
}

func testBeginBusy(t *testing.T, s *jobScene) {
	job, other := s.relayed(s.acme.id), s.relayed(s.acme.id)
	s.begin(job, noon)
	s.begin(other, noon)
	s.wantNotBegun(job, noon.Add(time.Second), domain.ErrJobBusy)
	want := recorded(job, domain.JobQueued, 1)
	want.AvailableAt = noon.Add(lease)
	s.wantRecorded(want)
	s.wantRelayed(noon.Add(lease - time.Microsecond))
	s.wantRelayed(noon.Add(lease), job)
	wantEqual(t, "the next attempt", s.begin(job, noon.Add(lease)).Attempts, 2)

	// One that ends in time is not published again.
	s.wantNotBegun(other, noon.Add(time.Second), domain.ErrJobBusy)
	s.finish(other, noon.Add(2*time.Second))
	s.wantRelayed(noon.Add(time.Hour))
}

func testPostpone(t *testing.T, s *jobScene) {
	until := noon.Add(time.Hour)
	job := s.failed(s.acme.id, until)
	want := recorded(job, domain.JobFailed, 1)
	want.AvailableAt, want.LastError = until, "no luck"
	s.wantRecorded(want)
	// Its message may come once more.
	s.wantNotBegun(job, until.Add(-time.Microsecond), domain.ErrJobBusy)
	s.wantRecorded(want)
	s.wantRelayed(until.Add(-time.Microsecond))
	s.wantRelayed(until, job)
	wantEqual(t, "the next attempt", s.begin(job, until).Attempts, 2)
	want.State, want.Attempts = domain.JobQueued, 2
	s.wantRecorded(want)
	s.must(s.jobs.Postpone(t.Context(), job.ID, until.Add(time.Hour), "no luck either"))
	want.State, want.AvailableAt, want.LastError = domain.JobFailed, until.Add(time.Hour), "no luck either"
	s.wantRecorded(want)
}

func testPostponeOver(t *testing.T, s *jobScene) {
	before := s.jobState()
	for _, job := range []domain.Job{s.done, s.dead, s.newJob("", "test.unknown"), {ID: "x"}} {
		s.must(s.jobs.Postpone(t.Context(), job.ID, noon, "late"))
	}
	wantSame(t, "the jobs", s.jobState(), before)
	s.wantRelayed(noon.Add(time.Hour))
}

func testBury(t *testing.T, s *jobScene) {
	running, waiting := s.relayed(s.acme.id), s.record(s.acme.id)
	s.begin(running, noon)
	at := noon.Add(time.Second)
	for job, attempts := range map[*domain.Job]int64{&running: 1, &waiting: 0} {
		s.must(s.jobs.Bury(t.Context(), job.ID, at, "no use"))
		want := recorded(*job, domain.JobDead, attempts)
		want.LastError, want.EndedAt = "no use", at
		s.wantRecorded(want)
		s.wantNotBegun(*job, at.Add(time.Hour), domain.ErrJobDone)
		wantError(t, "Done", s.renamed(*job, "Renamed", nil), domain.ErrJobDone)
	}
	s.wantRelayed(at.Add(time.Hour))
}

func testBuryOver(t *testing.T, s *jobScene) {
	before := s.jobState()
	for _, job := range []domain.Job{s.done, s.newJob("", "test.unknown"), {ID: "x"}} {
		s.must(s.jobs.Bury(t.Context(), job.ID, noon.Add(time.Hour), "late"))
	}
	wantSame(t, "the jobs", s.jobState(), before)
}

func testKeep(t *testing.T, s *jobScene) {
	ctx := t.Context()
	for _, organization := range []domain.OrganizationID{"", s.acme.id, newID[domain.OrganizationID](s.ids)} {
		job := domain.NewJob(newID[domain.JobID](s.ids), organization, "test.unreadable", "what came", noon.Add(time.Second))
		s.must(s.jobs.Keep(ctx, job, "no message of ours"))
		if organization != s.acme.id {
			job.Organization = ""
		}
		want := recorded(job, domain.JobDead, 0)
		want.AvailableAt, want.LastError, want.EndedAt = job.CreatedAt, "no message of ours", job.CreatedAt
		s.wantRecorded(want)
		// Once more, and it is there already.
		s.must(s.jobs.Keep(ctx, job, "again"))
		s.wantRecorded(want)
	}
	before := s.jobState()
	s.must(s.jobs.Keep(ctx, s.done, "done already"))
	wantSame(t, "the jobs", s.jobState(), before)
}

// testReasons gives what others say for a reason: how it is stored is not
// promised.
func testReasons(t *testing.T, s *jobScene) {
	const reason = "550 \x00no\xff\xfe such user 🦉"
	kept := s.newJob("", "test.kept")
	s.must(s.jobs.Postpone(t.Context(), s.record("").ID, noon, reason))
	s.must(s.jobs.Bury(t.Context(), s.record("").ID, noon, reason))
	s.must(s.jobs.Keep(t.Context(), kept, reason))
	wantEqual(t, "jobs that were given up", len(s.list(domain.JobDead, "")), 3)
}

func testRetry(t *testing.T, s *jobScene) {
	failed, at := s.failed(s.acme.id, noon.Add(time.Hour)), noon.Add(time.Minute)
	for _, tt := range []struct {
		job    domain.Job
		reason string
	}{{failed, "no luck"}, {s.dead, "no use"}} {
		s.must(s.jobs.Retry(t.Context(), tt.job.ID, at))
		want := recorded(tt.job, domain.JobQueued, 0)
		want.AvailableAt, want.LastError = at, tt.reason
		s.wantRecorded(want)
	}
	s.wantRelayed(at.Add(-time.Microsecond))
	s.wantRelayed(at, s.dead, failed)
	wantEqual(t, "the first attempt", s.begin(s.dead, at).Attempts, 1)
	s.finish(s.dead, at)
	s.wantNotBegun(s.dead, at, domain.ErrJobDone)
}

func testRetryOver(t *testing.T, s *jobScene) {
	before := s.jobState()
	wantError(t, "Retry of a job that is done", s.jobs.Retry(t.Context(), s.done.ID, noon), domain.ErrJobDone)
	wantError(t, "Retry of an unknown job", s.jobs.Retry(t.Context(), newID[domain.JobID](s.ids), noon), domain.ErrNotFound)
	wantError(t, "Retry of no id", s.jobs.Retry(t.Context(), "x", noon), domain.ErrNotFound)
	wantSame(t, "the jobs", s.jobState(), before)
}

func testRetryUnderWay(t *testing.T, s *jobScene) {
	job := s.relayed(s.acme.id)
	s.begin(job, noon)
	s.must(s.jobs.Retry(t.Context(), job.ID, noon.Add(time.Second)))
	s.wantRelayed(noon.Add(time.Second), job)
	s.wantNotBegun(job, noon.Add(time.Second), domain.ErrJobBusy)
	s.wantRelayed(noon.Add(lease), job)
	wantEqual(t, "the first attempt", s.begin(job, noon.Add(lease)).Attempts, 1)
}

func testDiscard(t *testing.T, s *jobScene) {
	queued := s.relayed(s.acme.id)
	failed := s.failed("", noon.Add(time.Hour))
	before := s.jobState()
	for what, id := range map[string]domain.JobID{
		"queued": queued.ID, "failed": failed.ID, "done": s.done.ID, "unknown": newID[domain.JobID](s.ids), "no id": "x",
	} {
		wantError(t, "Discard of a job that is "+what, s.jobs.Discard(t.Context(), id), domain.ErrNotFound)
	}
	wantSame(t, "the jobs", s.jobState(), before)
	s.must(s.jobs.Discard(t.Context(), s.dead.ID))
	_, err := s.jobs.Get(t.Context(), s.dead.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	wantItems(t, "jobs that were given up", recordedIDs(s.list(domain.JobDead, "")), nil)
	s.wantNotBegun(s.dead, noon, domain.ErrJobDone)
}
