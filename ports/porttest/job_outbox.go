package porttest

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var outboxTests = []jobTest{
	{"a job is recorded as it is, and queued", testJobRecorded},
	{"a job without a payload has null for one", testJobWithoutPayload},
	{"jobs are recorded with their update, or not at all", testJobWithUpdate},
	{"a job of no organization that is there is refused", testJobOfNobody},
	{"a job is recorded once", testJobTwice},
	{"jobs go with their organization, and no others", testJobsOfRemoved},
	{"a job is done with its update, or not at all", testDoneWithUpdate},
	{"of updates that are the effects of one job, one succeeds", testDoneOnce},
	{"a job that was given up or is unknown cannot be done", testDoneOver},
	{"a worker has an outbox and tenants as others do", testWorkerStore},
	{"a worker finds where invitations have run out, and how many it asks for", testExpiredInvitations},
	{"every call fails once its context is cancelled, and does nothing", testJobsCancelled},
}

func testJobRecorded(t *testing.T, s *jobScene) {
	payload := json.RawMessage(`{ "a": [1, 2.50, null], "ünï": "\u0041 \\ 🦉",` + "\n" + ` "a": true }`)
	job := s.newJob(s.acme.id, "test.kind")
	job.Payload, job.CreatedAt = slices.Clone(payload), noon.Add(time.Hour)
	s.must(s.store.Outbox().Add(t.Context(), job))
	job.Payload[0] = 'x' // it is ours again
	job.Payload = payload
	want := recorded(job, domain.JobQueued, 0)
	want.AvailableAt = job.CreatedAt
	s.wantRecorded(want)
	listed := s.list(domain.JobQueued, "")
	if !reflect.DeepEqual(listed, []domain.RecordedJob{want}) {
		t.Errorf("List = %+v, want %+v", listed, want)
	}
	given := s.published(job.CreatedAt, 1)
	if !reflect.DeepEqual(given, []domain.Job{job}) {
		t.Errorf("given to publish: %+v, want %+v", given, job)
	}
	begun := s.begin(job, job.CreatedAt)
	job.Attempts = 1
	if !reflect.DeepEqual(begun, job) {
		t.Errorf("Begin = %+v, want %+v", begun, job)
	}
}

func testJobWithoutPayload(t *testing.T, s *jobScene) {
	for _, record := range []func(domain.Job) error{
		func(job domain.Job) error { return s.store.Outbox().Add(t.Context(), job) },
		func(job domain.Job) error { return s.jobs.Keep(t.Context(), job, "nothing came") },
		func(job domain.Job) error {
			_, err := s.jobs.Tick(t.Context(), "hourly", noon, job)
			return err
		},
	} {
		job := s.newJob("", "test.empty")
		job.Payload = nil
		s.must(record(job))
		got, err := s.jobs.Get(t.Context(), job.ID)
		s.must(err)
		wantEqual(t, "the payload", string(got.Payload), "null")
	}
}

func testJobWithUpdate(t *testing.T, s *jobScene) {
	before := s.jobState()
	first, second, third := s.newJob(s.acme.id, "test.first"), s.newJob("", "test.second"), s.newJob(s.globex.id, "test.third")
	add := func(end error) error {
		return s.store.Update(t.Context(), s.acme.scope(), func(tx ports.Repositories) error {
			s.must(tx.Outbox().Add(t.Context(), first, second))
			s.must(tx.Outbox().Add(t.Context(), third))
			s.must(tx.Outbox().Add(t.Context()))
			return end
		})
	}
	wantError(t, "Update", add(errBoom), errBoom)
	wantSame(t, "the jobs", s.jobState(), before)
	s.wantRelayed(noon)
	s.must(add(nil))
	for _, job := range []domain.Job{first, second, third} {
		s.wantRecorded(recorded(job, domain.JobQueued, 0))
	}
	s.wantRelayed(noon, first, second, third)
}

func testJobOfNobody(t *testing.T, s *jobScene) {
	before := s.jobState()
	lost := s.newJob(newID[domain.OrganizationID](s.ids), "test.lost")
	wantError(t, "Add", s.store.Outbox().Add(t.Context(), lost), domain.ErrNotFound)
	err := s.store.Update(t.Context(), s.acme.scope(), func(tx ports.Repositories) error {
		s.must(tx.Outbox().Add(t.Context(), s.newJob(s.acme.id, "test.job")))
		return tx.Outbox().Add(t.Context(), lost)
	})
	wantError(t, "Update", err, domain.ErrNotFound)
	wantSame(t, "the jobs", s.jobState(), before)
}

func testJobTwice(t *testing.T, s *jobScene) {
	job := s.record(s.acme.id)
	before := s.jobState()
	wantAnyError(t, "Add of a job that is there", s.store.Outbox().Add(t.Context(), job))
	wantSame(t, "the jobs", s.jobState(), before)
}

func testJobsOfRemoved(t *testing.T, s *jobScene) {
	ctx := t.Context()
	s.failed(s.acme.id, noon.Add(time.Hour))
	ours, theirs, nobodys := s.record(s.acme.id), s.record(s.globex.id), s.record("")
	remove := func(end error) error {
		return s.store.Update(ctx, s.acme.scope(), func(tx ports.Repositories) error {
			s.must(s.acme.in(tx).Organization().Remove(ctx))
			return end
		})
	}
	before := s.jobState()
	wantError(t, "Update", remove(errBoom), errBoom)
	wantSame(t, "the jobs", s.jobState(), before)
	s.must(remove(nil))
	for _, state := range domain.JobStates {
		wantItems(t, string(state)+" jobs of the organization", recordedIDs(s.list(state, s.acme.id)), nil)
	}
	_, err := s.jobs.Get(ctx, ours.ID)
	wantError(t, "Get", err, domain.ErrNotFound)
	s.wantNotBegun(ours, noon, domain.ErrJobDone)
	for _, job := range []domain.Job{theirs, nobodys} {
		_, err := s.jobs.Get(ctx, job.ID)
		s.must(err)
	}
	wantItems(t, "globex's that were given up", recordedIDs(s.list(domain.JobDead, s.globex.id)), []domain.JobID{s.dead.ID})
}

// renamed is an update of the worker that renames acme and is all that a job
// has to do.
func (s *jobScene) renamed(job domain.Job, name string, end error) error {
	ctx := s.t.Context()
	return s.worker.Update(ctx, s.acme.scope(), func(tx ports.Repositories) error {
		organization, err := s.acme.in(tx).Organization().Get(ctx)
		if err != nil {
			return err
		}
		organization.Name = name
		if _, err := s.acme.in(tx).Organization().Save(ctx, organization); err != nil {
			return err
		}
		if err := tx.Outbox().Done(ctx, job.ID, noon.Add(time.Second)); err != nil {
			return err
		}
		return end
	})
}

func (s *jobScene) name() string {
	s.t.Helper()
	return s.tenantState(s.acme).Organization.Name
}

func testDoneWithUpdate(t *testing.T, s *jobScene) {
	job := s.relayed(s.acme.id)
	s.begin(job, noon)
	wantError(t, "Update", s.renamed(job, "Renamed", errBoom), errBoom)
	wantEqual(t, "the name after an update that failed", s.name(), "Company")
	s.wantRecorded(recorded(job, domain.JobQueued, 1))
	s.must(s.renamed(job, "Renamed", nil))
	wantEqual(t, "the name", s.name(), "Renamed")
	want := recorded(job, domain.JobDone, 1)
	want.EndedAt = noon.Add(time.Second)
	s.wantRecorded(want)
}

func testDoneOnce(t *testing.T, s *jobScene) {
	job := s.relayed(s.acme.id)
	s.begin(job, noon)
	s.must(s.renamed(job, "First", nil))
	before := s.jobState()
	wantError(t, "Update", s.renamed(job, "Second", nil), domain.ErrJobDone)
	wantEqual(t, "the name", s.name(), "First")
	wantSame(t, "the jobs", s.jobState(), before)
}

func testDoneOver(t *testing.T, s *jobScene) {
	before := s.jobState()
	for what, job := range map[string]domain.Job{"done": s.done, "given up": s.dead, "unknown": s.newJob("", "test.unknown"), "no id": {ID: "x"}} {
		wantError(t, "Update for a job that is "+what, s.renamed(job, "Renamed", nil), domain.ErrJobDone)
	}
	wantEqual(t, "the name", s.name(), "Company")
	wantSame(t, "the jobs", s.jobState(), before)
}

func testWorkerStore(t *testing.T, s *jobScene) {
	ctx := t.Context()
	follow := s.newJob(s.acme.id, "test.follow")
	s.must(s.worker.Update(ctx, s.acme.scope(), func(tx ports.Repositories) error {
		acme := s.acme.in(tx)
		_, err := acme.Organization().Detail(ctx)
		s.must(err)
		found, err := acme.Invitations().Get(ctx, s.guestOfAcme.ID)
		s.must(err)
		wantEqual(t, "the inviter's name", found.InviterName, "Ada")
		n, err := acme.Invitations().Expire(ctx, runOut)
		s.must(err)
		wantEqual(t, "expired", n, 1)
		return tx.Outbox().Add(ctx, follow, s.newJob("", "test.other"))
	}))
	wantEqual(t, "pending invitations", s.pending(s.acme), 0)
	s.wantRecorded(recorded(follow, domain.JobQueued, 0))
}

func testExpiredInvitations(t *testing.T, s *jobScene) {
	ctx, third := t.Context(), s.company(s.linus)
	s.invitation(s.acme, "second@example.com", domain.RoleMember)
	later := s.newInvitation(third, guest, domain.RoleMember)
	later.ExpiresAt = runOut.Add(time.Microsecond)
	s.must(third.in(s.store).Invitations().Add(ctx, later))
	for _, tt := range []struct {
		at   time.Time
		n    int
		want []domain.OrganizationID
	}{
		{runOut.Add(-time.Microsecond), 10, nil},
		{runOut, 10, []domain.OrganizationID{s.acme.id, s.globex.id}},
		{later.ExpiresAt, 10, []domain.OrganizationID{s.acme.id, s.globex.id, third.id}},
		{later.ExpiresAt, 2, []domain.OrganizationID{s.acme.id, s.globex.id}}, // longest first
	} {
		found, err := s.worker.Directory().ExpiredInvitations(ctx, tt.at, tt.n)
		s.must(err)
		slices.Sort(found)
		wantItems(t, "ExpiredInvitations", found, tt.want)
	}
	for _, c := range []company{s.acme, s.globex} {
		_, err := c.in(s.worker).Invitations().Expire(ctx, runOut)
		s.must(err)
	}
	found, err := s.worker.Directory().ExpiredInvitations(ctx, later.ExpiresAt, 10)
	s.must(err)
	wantItems(t, "ExpiredInvitations once some are noted", found, []domain.OrganizationID{third.id})
}

func testJobsCancelled(t *testing.T, s *jobScene) {
	s.record(s.acme.id)
	ctx, before := cancelled(t), s.jobState()
	methods := 0
	repositoryMethods("Jobs", reflect.ValueOf(s.jobs), func(name string, method reflect.Value) {
		methods++
		wantError(t, name, s.call(ctx, method), ctx.Err())
	})
	wantEqual(t, "methods", methods, reflect.TypeFor[ports.Jobs]().NumMethod())
	wantSame(t, "the jobs", s.jobState(), before)
}
