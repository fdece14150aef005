package ports

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// Outbox records jobs in the transaction of the change that causes them: both
// are there, or neither. From there they reach a queue, at least once.
type Outbox interface {
	// Add records jobs, to be done as soon as the update is committed. A job of
	// an organization goes with it when it is removed; where it is not there, Add
	// fails with domain.ErrNotFound.
	Add(ctx context.Context, jobs ...domain.Job) error
	// Done notes that the effects of a job are part of this update. It fails
	// with domain.ErrJobDone if they were part of another already, or if the
	// job was given up: then this one must fail too. Only a worker may call it.
	Done(ctx context.Context, id domain.JobID, at time.Time) error
}

// Jobs is what a worker and an operator know of the recorded jobs, across
// tenants. Each method is atomic.
type Jobs interface {
	// Relay gives up to n jobs that are due at a time to publish, oldest first,
	// and notes which it returned no error for; the others are given to publish
	// again after a second. What one relay works on, no other gets at the same
	// time. It returns how many there were. What was published is noted also
	// where ctx ends meanwhile; publish must end by itself then, in seconds.
	Relay(ctx context.Context, at time.Time, n int, publish func(context.Context, []domain.Job) []error) (int, error)
	// Begin notes another attempt, which must end before the time until, and
	// returns the job. It fails with domain.ErrJobDone if the job is done,
	// given up or unknown. It fails with domain.ErrJobBusy if an attempt of
	// somebody else may still go on, or if the job was postponed and that is not
	// over: in both cases it will be published again then.
	Begin(ctx context.Context, id domain.JobID, at, until time.Time) (domain.Job, error)
	// Postpone ends an attempt that failed: the job is due again at a time. It
	// does nothing for one that is done or given up.
	Postpone(ctx context.Context, id domain.JobID, until time.Time, reason string) error
	// Bury gives a job up, with the reason. It does nothing for one that is
	// done already.
	Bury(ctx context.Context, id domain.JobID, at time.Time, reason string) error
	// Keep records a message that no job can be read from as one that was given
	// up, so that somebody sees it. It does nothing where there is a job of this
	// id; an organization that is not there is left out.
	Keep(ctx context.Context, job domain.Job, reason string) error

	// List returns the jobs in a state, newest first; the key of the page is
	// the job's id. organization narrows it; "" for all.
	List(ctx context.Context, state domain.JobState, organization domain.OrganizationID, page domain.PageRequest) (domain.Page[domain.RecordedJob], error)
	// Get returns one job, or domain.ErrNotFound.
	Get(ctx context.Context, id domain.JobID) (domain.RecordedJob, error)
	// Retry makes a failed or given-up job due at a time, with its attempts
	// counted from zero. It fails with domain.ErrNotFound, and with
	// domain.ErrJobDone for one that is done. An attempt that goes on is waited
	// for.
	Retry(ctx context.Context, id domain.JobID, at time.Time) error
	// Discard forgets a job that was given up, or fails with domain.ErrNotFound.
	Discard(ctx context.Context, id domain.JobID) error

	// Tick records the job of a schedule's tick, unless that was done before,
	// by anybody; it reports whether this was the first. A tick is the start of
	// its period.
	Tick(ctx context.Context, schedule string, tick time.Time, job domain.Job) (first bool, err error)
	// Sweep forgets what counts no more: jobs that were done before a time, and
	// ticks from before it, but the latest of each schedule. Jobs that were
	// published before lost and are not done yet become due again at a time:
	// their message may be gone.
	Sweep(ctx context.Context, at, done, lost time.Time) error
	// Backlog returns how many jobs are due and not published at a time, since
	// when the oldest of them is, and how many were given up. That publishing
	// failed does not make a job younger.
	Backlog(ctx context.Context, at time.Time) (domain.Backlog, error)
}
