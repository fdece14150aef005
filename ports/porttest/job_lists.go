package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

var jobListTests = []jobTest{
	{"jobs are listed by state and organization, newest first, as Get tells of them", testJobList},
	{"pages of jobs have each once, in order", testJobPaging},
	{"an unknown job is not found", testJobUnknown},
	{"the backlog is what is due and not published, and what was given up", testBacklog},
}

var tickTests = []jobTest{
	{"the job of a tick is recorded once", testTick},
	{"a tick whose job cannot be recorded has not been", testTickRefused},
}

var sweepTests = []jobTest{
	{"jobs that were done before a time are forgotten, and no others", testSweepDone},
	{"jobs whose message may be gone become due again", testSweepLost},
	{"old ticks are forgotten, but the latest of each schedule", testSweepTicks},
}

func testJobList(t *testing.T, s *jobScene) {
	failed := s.failed(s.acme.id, noon.Add(time.Hour))
	running := s.relayed(s.globex.id)
	s.begin(running, noon)
	published := s.relayed("")
	due := s.record(s.acme.id)
	for _, tt := range []struct {
		state        domain.JobState
		organization domain.OrganizationID
		want         []domain.JobID
	}{
		{domain.JobQueued, "", []domain.JobID{due.ID, published.ID, running.ID}},
		{domain.JobQueued, s.acme.id, []domain.JobID{due.ID}},
		{domain.JobQueued, s.globex.id, []domain.JobID{running.ID}},
		{domain.JobFailed, "", []domain.JobID{failed.ID}},
		{domain.JobFailed, s.globex.id, nil},
		{domain.JobDead, "", []domain.JobID{s.dead.ID}},
		{domain.JobDead, s.acme.id, nil},
		{domain.JobDone, "", []domain.JobID{s.done.ID}},
		{domain.JobDone, s.acme.id, []domain.JobID{s.done.ID}},
		{domain.JobDone, newID[domain.OrganizationID](s.ids), nil},
		{domain.JobDone, "x", nil},
	} {
		found := s.list(tt.state, tt.organization)
		wantItems(t, "List of "+string(tt.state)+" of "+string(tt.organization), recordedIDs(found), tt.want)
		for _, job := range found {
			s.wantRecorded(job)
		}
	}
}

func testJobPaging(t *testing.T, s *jobScene) {
	var ofAcme, everybodys []domain.JobID
	for i := range 9 {
		organization := s.acme.id
		if i%3 == 0 {
			organization = s.globex.id
		}
		job := s.record(organization)
		everybodys = append([]domain.JobID{job.ID}, everybodys...)
		if i%3 != 0 {
			ofAcme = append([]domain.JobID{job.ID}, ofAcme...)
		}
	}
	for organization, want := range map[domain.OrganizationID][]domain.JobID{s.acme.id: ofAcme, "": everybodys} {
		walkAll(s.scene, "jobs", func(page domain.PageRequest) (domain.Page[domain.RecordedJob], error) {
			return s.jobs.List(t.Context(), domain.JobQueued, organization, page)
		}, func(j domain.RecordedJob) (string, string) { return string(j.ID), string(j.ID) }, want)
	}
}

func testJobUnknown(t *testing.T, s *jobScene) {
	for _, id := range []domain.JobID{newID[domain.JobID](s.ids), "", "x", "' OR true --"} {
		_, err := s.jobs.Get(t.Context(), id)
		wantError(t, "Get of "+string(id), err, domain.ErrNotFound)
	}
}

func testBacklog(t *testing.T, s *jobScene) {
	backlog := func(at time.Time) domain.Backlog {
		found, err := s.jobs.Backlog(t.Context(), at)
		s.must(err)
		return found
	}
	wantEqual(t, "the backlog without any", backlog(noon.Add(time.Hour)), domain.Backlog{Dead: 1})
	early, late := s.newJob(s.acme.id, "test.early"), s.newJob("", "test.late")
	late.CreatedAt = noon.Add(time.Minute)
	s.must(s.store.Outbox().Add(t.Context(), late, early))
	wantEqual(t, "the backlog at noon", backlog(noon), domain.Backlog{Due: 1, Oldest: noon, Dead: 1})
	wantEqual(t, "the backlog later", backlog(late.CreatedAt), domain.Backlog{Due: 2, Oldest: noon, Dead: 1})
	wantEqual(t, "the backlog before", backlog(noon.Add(-time.Microsecond)), domain.Backlog{Dead: 1})
	s.wantRelayed(noon, early)
	wantEqual(t, "the backlog once one is published", backlog(noon.Add(time.Hour)), domain.Backlog{Due: 1, Oldest: late.CreatedAt, Dead: 1})
	s.must(s.jobs.Bury(t.Context(), late.ID, noon, "no use"))
	s.begin(early, noon)
	s.must(s.jobs.Postpone(t.Context(), early.ID, noon.Add(2*time.Minute), "no luck"))
	wantEqual(t, "the backlog once one is given up, and one postponed", backlog(noon.Add(time.Hour)), domain.Backlog{Due: 1, Oldest: noon.Add(2 * time.Minute), Dead: 2})
	s.must(s.jobs.Discard(t.Context(), late.ID))
	wantEqual(t, "the backlog before what was postponed", backlog(noon.Add(time.Minute)), domain.Backlog{Dead: 1})
}

// tick records the job of a tick.
func (s *jobScene) tick(schedule string, at time.Time) (domain.Job, bool) {
	s.t.Helper()
	job := s.newJob("", "test.tick")
	job.CreatedAt = at
	first, err := s.jobs.Tick(s.t.Context(), schedule, at, job)
	s.must(err)
	return job, first
}

func testTick(t *testing.T, s *jobScene) {
	var want []domain.Job
	for _, tt := range []struct {
		schedule string
		at       time.Time
		first    bool
	}{
		{"hourly", noon, true},
		{"hourly", noon, false},
		{"daily", noon, true},
		{"hourly", noon.Add(time.Hour), true},
		{"hourly", noon, false},
		{"hourly", noon.Add(-time.Hour), true}, // one that was missed
		{"daily", noon, false},
	} {
		job, first := s.tick(tt.schedule, tt.at)
		wantEqual(t, "the first of "+tt.schedule, first, tt.first)
		if first {
			want = append(want, job)
			s.wantRecorded(domain.RecordedJob{Job: job, State: domain.JobQueued, AvailableAt: tt.at})
		} else {
			_, err := s.jobs.Get(t.Context(), job.ID)
			wantError(t, "Get of a job that was not recorded", err, domain.ErrNotFound)
		}
	}
	s.wantRelayed(noon.Add(time.Hour), want...)
}

func testTickRefused(t *testing.T, s *jobScene) {
	ofNobody := s.newJob(newID[domain.OrganizationID](s.ids), "test.tick")
	for range 2 {
		first, err := s.jobs.Tick(t.Context(), "hourly", noon, ofNobody)
		wantError(t, "Tick", err, domain.ErrNotFound)
		wantEqual(t, "the first", first, false)
	}
	ours := s.newJob(s.acme.id, "test.tick")
	first, err := s.jobs.Tick(t.Context(), "hourly", noon, ours)
	s.must(err)
	wantEqual(t, "the first", first, true)
	s.wantRecorded(recorded(ours, domain.JobQueued, 0))
}

func testSweepDone(t *testing.T, s *jobScene) {
	ctx, later := t.Context(), s.relayed(s.acme.id)
	s.begin(later, noon)
	s.finish(later, noon.Add(time.Microsecond))
	queued := s.record("")
	before := s.jobState()
	s.must(s.jobs.Sweep(ctx, noon, noon, noon.Add(-time.Hour)))
	wantSame(t, "the jobs, none done before", s.jobState(), before)
	s.must(s.jobs.Sweep(ctx, noon, noon.Add(time.Microsecond), noon.Add(-time.Hour)))
	wantItems(t, "what is done", recordedIDs(s.list(domain.JobDone, "")), []domain.JobID{later.ID})
	wantItems(t, "what was given up", recordedIDs(s.list(domain.JobDead, "")), []domain.JobID{s.dead.ID})
	s.wantRecorded(recorded(queued, domain.JobQueued, 0))

	// A message of what is forgotten has no effect.
	s.wantNotBegun(s.done, noon, domain.ErrJobDone)
	wantError(t, "Done", s.renamed(s.done, "Renamed", nil), domain.ErrJobDone)
	wantEqual(t, "the name", s.name(), "Company")
}

func testSweepLost(t *testing.T, s *jobScene) {
	ctx := t.Context()
	lost, late := s.relayed(s.acme.id), s.record(s.acme.id)
	s.wantRelayed(noon.Add(time.Minute), late)
	postponed := s.record("")
	s.wantRelayed(noon, postponed)
	s.begin(postponed, noon)
	s.must(s.jobs.Postpone(ctx, postponed.ID, noon.AddDate(0, 0, 1), "no luck"))
	at := noon.Add(time.Hour)
	s.must(s.jobs.Sweep(ctx, at, noon.Add(-time.Hour), noon))
	s.wantRelayed(at)
	s.must(s.jobs.Sweep(ctx, at, noon.Add(-time.Hour), noon.Add(time.Minute)))
	s.wantRelayed(at.Add(-time.Microsecond))
	s.wantRelayed(at, lost)
	want := recorded(lost, domain.JobQueued, 0)
	want.AvailableAt = at
	s.wantRecorded(want)
}

func testSweepTicks(t *testing.T, s *jobScene) {
	for i := range 3 {
		s.tick("hourly", noon.Add(time.Duration(i)*time.Hour))
	}
	s.tick("yearly", noon)
	s.must(s.jobs.Sweep(t.Context(), noon, noon.AddDate(0, 0, 1), noon.Add(-time.Hour)))
	for schedule, at := range map[string]time.Time{"hourly": noon.Add(2 * time.Hour), "yearly": noon} {
		_, first := s.tick(schedule, at)
		wantEqual(t, "the latest of "+schedule+" once more", first, false)
	}
	s.must(s.jobs.Sweep(t.Context(), noon, noon.AddDate(0, 0, 1), noon.Add(-time.Hour)))
	_, first := s.tick("yearly", noon)
	wantEqual(t, "the latest after another sweep", first, false)
}
