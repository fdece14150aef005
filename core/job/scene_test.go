package job_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/job"
	"rowhouse/ports"
)

const kind domain.JobKind = "greet"

// scene is Acme, whose jobs rename it: that is easy to count.
type scene struct {
	*coretest.Acme

	jobs *memory.Jobs
	// handle is what the handler of the kind does; renaming if it is nil.
	handle job.Handler
	spread float64
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Acme: coretest.NewAcme(t), spread: 0.5}
	s.jobs = memory.NewJobs(s.Store)
	return s
}

func (s *scene) worker() *job.Worker {
	return job.NewWorker(s.Store, s.jobs, s.Clock, s.IDs, func() float64 { return s.spread }, job.Handlers{
		kind: func(ctx context.Context, j domain.Job) (job.Effects, error) {
			if s.handle != nil {
				return s.handle(ctx, j)
			}
			return s.greet, nil
		},
	})
}

// greet adds an exclamation mark to Acme's name.
func (s *scene) greet(ctx context.Context, tx ports.Repositories) error {
	organizations := tx.Tenant(s.Owner.Organization).Organization()
	o, err := organizations.Get(ctx)
	if err != nil {
		return err
	}
	o.Name += "!"
	_, err = organizations.Save(ctx, o)
	return err
}

// record records jobs of the kind, for Acme.
func (s *scene) record(n int) []domain.JobID {
	s.T.Helper()
	var ids []domain.JobID
	for range n {
		j := domain.NewJob(domain.JobID(s.IDs.New()), s.Owner.Organization, kind, "payload", s.Clock.Now())
		s.Must(s.Store.Outbox().Add(s.T.Context(), j))
		ids = append(ids, j.ID)
	}
	return ids
}

// one records a job and returns it.
func (s *scene) one() domain.JobID {
	s.T.Helper()
	return s.record(1)[0]
}

func (s *scene) do(id domain.JobID) job.Outcome {
	s.T.Helper()
	outcome, err := s.worker().Do(s.T.Context(), id)
	s.Must(err)
	return outcome
}

func (s *scene) recorded(id domain.JobID) domain.RecordedJob {
	s.T.Helper()
	recorded, err := s.jobs.Get(s.T.Context(), id)
	s.Must(err)
	return recorded
}

// wantName checks how often Acme was greeted.
func (s *scene) wantName(want string) {
	s.T.Helper()
	o, err := s.Tenant(s.Owner).Organization().Get(s.T.Context())
	s.Must(err)
	if o.Name != want {
		s.T.Errorf("the organization is called %q, want %q", o.Name, want)
	}
}

// fails makes attempts fail.
func (s *scene) fails(err error) {
	s.handle = func(context.Context, domain.Job) (job.Effects, error) { return nil, err }
}

var errOutage = errors.New("421 try again later")

// queue takes what it does not refuse.
type queue struct {
	ports.Queue

	refuses map[domain.JobID]error
	taken   []domain.JobID
}

func (q *queue) Publish(_ context.Context, jobs []domain.Job) []error {
	errs := make([]error, len(jobs))
	for i, j := range jobs {
		if errs[i] = q.refuses[j.ID]; errs[i] == nil {
			q.taken = append(q.taken, j.ID)
		}
	}
	return errs
}

func wantTaken(t *testing.T, q *queue, want []domain.JobID) {
	t.Helper()
	if !slices.Equal(q.taken, want) {
		t.Errorf("published %v, want %v", q.taken, want)
	}
}
