package ports

import (
	"context"

	"rowhouse/core/domain"
)

// Queue carries jobs from the relay to workers, each at least once and in no
// order.
type Queue interface {
	// Publish hands jobs to the queue and returns one error for each, in
	// order: nil only once the queue has stored it where a worker gets it. One
	// that failed may come all the same. It does not wait for a queue that
	// cannot be reached, nor for one that takes nothing at the moment.
	Publish(ctx context.Context, jobs []domain.Job) []error
	// Consume gives messages to the handler, several at once up to the given
	// number, until ctx ends; then it waits for those under way, whose own
	// context does not end with it. It goes on through whatever happens to the
	// queue. A message is gone once the handler has returned nil. It comes
	// again, after a pause that grows, when the handler returned an error or
	// panicked, and when this process died or lost the queue meanwhile; so two
	// may work on one message at the same time.
	Consume(ctx context.Context, concurrency int, handler QueueHandler)
	// Ping asks the queue whether it is there, and takes what is published.
	Ping(ctx context.Context) error
}

// QueueHandler is what a worker does with messages.
type QueueHandler interface {
	// Handle is called with each job's id.
	Handle(ctx context.Context, id domain.JobID) error
	// Reject is called with what cannot be handled: a body that is no message
	// of ours, with "" for the id, or a job that was delivered too often. That
	// may be its own fault, or that of an outage in which Handle failed for
	// long. Once it has returned nil the message is gone.
	Reject(ctx context.Context, id domain.JobID, body []byte, reason string) error
}
