// Package job does the work that changes bring about: it relays what was
// recorded to a queue, does what comes out of it, and plans what is due by the
// clock.
package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// An attempt that takes longer is given up; after its lease somebody else may
// begin another.
const (
	attemptTimeout = 25 * time.Second
	attemptLease   = 30 * time.Second
)

// Handler does the jobs of one kind. What has effects outside, such as a mail,
// it does itself: that may happen twice, if the process dies right after it.
// What it changes in storage it returns as effects, which happen exactly once.
type Handler func(ctx context.Context, job domain.Job) (Effects, error)

// Effects are what a job changes, in the update that notes that it is done.
// Like every update it may be run again from its start.
type Effects func(ctx context.Context, tx ports.Repositories) error

// Handlers are the handlers of each kind.
type Handlers map[domain.JobKind]Handler

// Spread varies delays: a random number from 0 to 1.
type Spread func() float64

// KindUnreadable is the kind of what came out of the queue and is no job: it is
// kept so that somebody sees it, with the message as its payload.
const KindUnreadable domain.JobKind = "unreadable"

// Worker does jobs.
type Worker struct {
	store    ports.Store
	jobs     ports.Jobs
	clock    ports.Clock
	ids      ports.IDs
	spread   Spread
	handlers Handlers
}

// NewWorker returns a Worker. All arguments are required.
func NewWorker(store ports.Store, jobs ports.Jobs, clock ports.Clock, ids ports.IDs, spread Spread, handlers Handlers) *Worker {
	return &Worker{store: store, jobs: jobs, clock: clock, ids: ids, spread: spread, handlers: handlers}
}

// Outcome is what became of an attempt.
type Outcome struct {
	Job domain.Job
	// Skipped is true where there was nothing to do: the job is done, or
	// somebody else is doing it.
	Skipped bool
	// Failure is why the attempt failed; nil if it did not.
	Failure error
	// Dead is true if the job was given up, and RetryIn when it is tried again
	// if not.
	Dead    bool
	RetryIn time.Duration
}

// Do attempts the job. An error means that nobody knows what became of it, as
// where storage is gone: it must be given to somebody again. Whatever else
// happens to the job is recorded, and the Outcome.
func (w *Worker) Do(ctx context.Context, id domain.JobID) (Outcome, error) {
	// Who gives up waiting does not undo half of it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTimeout)
	defer cancel()
	now := w.clock.Now()
	job, err := w.jobs.Begin(ctx, id, now, now.Add(attemptLease))
	switch {
	case errors.Is(err, domain.ErrJobDone), errors.Is(err, domain.ErrJobBusy):
		return Outcome{Job: domain.Job{ID: id}, Skipped: true}, nil
	case err != nil:
		return Outcome{}, err
	}
	failure := w.attempt(ctx, job)
	if errors.Is(failure, domain.ErrJobDone) { // by another attempt, after this one's lease
		return Outcome{Job: job, Skipped: true}, nil
	}
	outcome := Outcome{Job: job, Failure: failure}
	if failure == nil {
		return outcome, nil
	}
	return outcome, w.settle(context.WithoutCancel(ctx), &outcome)
}

// attempt runs the handler, and its effects together with the note that the
// job is done.
func (w *Worker) attempt(ctx context.Context, job domain.Job) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	handle, known := w.handlers[job.Kind]
	if !known {
		return domain.Permanent(fmt.Errorf("unknown kind of job: %s", job.Kind))
	}
	effects, err := handle(ctx, job)
	if err != nil {
		return err
	}
	return w.store.Update(ctx, ports.Of(job.Organization), func(tx ports.Repositories) error {
		if err := tx.Outbox().Done(ctx, job.ID, w.clock.Now()); err != nil {
			return err
		}
		if effects == nil {
			return nil
		}
		return effects(ctx, tx)
	})
}

// settle records that an attempt failed, and what follows.
func (w *Worker) settle(ctx context.Context, o *Outcome) error {
	now, reason := w.clock.Now(), o.Failure.Error()
	delay, again := domain.JobDelay(o.Job.Attempts, w.spread())
	if !again || domain.IsPermanent(o.Failure) {
		o.Dead = true
		return w.jobs.Bury(ctx, o.Job.ID, now, reason)
	}
	o.RetryIn = delay
	return w.jobs.Postpone(ctx, o.Job.ID, now.Add(delay), reason)
}

// Reject records what cannot be done at all, where an operator sees it: a
// message that is no job, or a job that was delivered too often.
func (w *Worker) Reject(ctx context.Context, id domain.JobID, body []byte, reason string) error {
	now := w.clock.Now()
	if id != "" {
		return w.jobs.Bury(ctx, id, now, reason)
	}
	return w.jobs.Keep(ctx, domain.NewJob(domain.JobID(w.ids.New()), "", KindUnreadable, string(body), now), reason)
}

// Retry makes a job that failed or was given up due again. It fails with
// domain.ErrNotFound, and with domain.ErrJobDone for one that is done.
func (w *Worker) Retry(ctx context.Context, id domain.JobID) error {
	return w.jobs.Retry(ctx, id, w.clock.Now())
}

// Drain does all that is due, one job after the other and past any queue: for
// tests, and for demos whose clock has jumped.
func (w *Worker) Drain(ctx context.Context) ([]Outcome, error) {
	var outcomes []Outcome
	for {
		var due []domain.JobID
		n, err := w.jobs.Relay(ctx, w.clock.Now(), relayBatch, func(_ context.Context, jobs []domain.Job) []error {
			for _, job := range jobs {
				due = append(due, job.ID)
			}
			return make([]error, len(jobs))
		})
		if err != nil || n == 0 {
			return outcomes, err
		}
		for _, id := range due {
			outcome, err := w.Do(ctx, id)
			if err != nil {
				return outcomes, err
			}
			outcomes = append(outcomes, outcome)
		}
	}
}
