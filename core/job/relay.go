package job

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// relayBatch is how many jobs are published together.
const relayBatch = 50

// Relay brings recorded jobs to the queue.
type Relay struct {
	jobs  ports.Jobs
	queue ports.Queue
	clock ports.Clock
}

// NewRelay returns a Relay. All arguments are required.
func NewRelay(jobs ports.Jobs, queue ports.Queue, clock ports.Clock) *Relay {
	return &Relay{jobs: jobs, queue: queue, clock: clock}
}

// Once publishes the jobs that are due, up to a batch of them, and reports
// whether there may be more at once. Jobs that the queue did not take stay
// recorded, and the error is the first of theirs.
func (r *Relay) Once(ctx context.Context) (more bool, err error) {
	var refused error
	n, err := r.jobs.Relay(ctx, r.clock.Now(), relayBatch, func(ctx context.Context, jobs []domain.Job) []error {
		errs := r.queue.Publish(ctx, jobs)
		for _, e := range errs {
			if e != nil && refused == nil {
				refused = e
			}
		}
		return errs
	})
	if err == nil {
		err = refused
	}
	return n == relayBatch && err == nil, err
}
