package ports

import (
	"context"

	"rowhouse/core/domain"
)

// Queue carries jobs from the relay to workers, each at least once and in no
// order.
type Queue interface {
	// Publish hands jobs to the queue and returns one error for each, in
	// order: nil only once the queue has stored it where a worker gets it. It
	// does not wait for a queue that cannot be reached.
	Publish(ctx context.Context, jobs []domain.Job) []error
	// Consume gives messages to the handler, several at once up to the given
	// number, until ctx ends; then it waits for those under way. It goes on
	// through whatever happens to the queue. A message is gone once Handle has
	// returned nil, and comes again after an error or when this process dies.
	Consume(ctx context.Context, concurrency int, handler QueueHandler)
	// Ping asks the queue whether it is there.
	Ping(ctx context.Context) error
}

// QueueHandler is what a worker does with messages.
type QueueHandler interface {
	// Handle is called with each job's id.
	Handle(ctx context.Context, id domain.JobID) error
	// Reject is called with what cannot be handled: a body that is no message
	// of ours, or a job that was delivered too often ("" where there is no
	// id). Once it has returned nil the message is gone.
	Reject(ctx context.Context, id domain.JobID, body []byte, reason string) error
}
