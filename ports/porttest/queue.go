package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// queuePatience is how long a case of TestQueue may take. Opening a connection
// and setting up queues on a busy machine is part of it.
const queuePatience = 60 * time.Second

// TestQueue checks that a ports.Queue does what its documentation says. It
// calls open once for each subtest, in parallel. It returns a queue that answers
// and holds nothing, and inject, which puts a body into it that is no message of
// ours; nil where there is no such thing. After an error the queue should wait
// for some milliseconds only.
func TestQueue(t *testing.T, open func(*testing.T) (queue ports.Queue, inject func(body []byte) error)) {
	t.Helper()
	for _, tt := range queueCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			queue, inject := open(t)
			if err := tt.run(t.Context(), queue, inject, queuePatience); err != nil {
				t.Error(err)
			}
		})
	}
}

// queueCase is one promise of a queue. check returns what is wrong.
type queueCase struct {
	name  string
	check func(ctx context.Context, s *queueScene) error
}

var (
	queueDelivers    = queueCase{"what is published is handled", checkDelivered}
	queueLimit       = queueCase{"as many as may are handled at once, and no more", checkAtOnce}
	queueResends     = queueCase{"what fails or panics comes again", checkResent}
	queueStops       = queueCase{"nothing is lost when a consumer stops half-way", checkHalfway}
	queueWaits       = queueCase{"those under way are waited for, and not told to stop", checkUnderWay}
	queueRejects     = queueCase{"a body that is no message is rejected, and holds nobody up", checkRejected}
	queueStubborn    = queueCase{"one that always fails holds nobody up", checkStubborn}
	queueShared      = queueCase{"several consumers share the work", checkShared}
	queuePublishers  = queueCase{"many can publish while others consume", checkPublishers}
	queueContinues   = queueCase{"what is published while nobody consumes waits for who does", checkContinued}
	queueCancelled   = queueCase{"once the context has ended nothing is published or handled", checkCancelled}
	queuePublishNone = queueCase{"no jobs are no error", checkPublishNone}
)

var queueCases = []queueCase{
	queueDelivers, queueLimit, queueResends, queueStops, queueWaits, queueRejects,
	queueStubborn, queueShared, queuePublishers, queueContinues, queueCancelled, queuePublishNone,
}

// run checks the promise, and returns when nothing consumes any more.
func (c queueCase) run(ctx context.Context, queue ports.Queue, inject func([]byte) error, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	s := &queueScene{queue: queue, inject: inject}
	defer s.consuming.Wait()
	defer cancel()
	return c.check(ctx, s)
}

// queueScene is a queue and those who consume from it.
type queueScene struct {
	queue     ports.Queue
	inject    func(body []byte) error
	consuming sync.WaitGroup
}

// newJobs returns jobs with ids that no other run uses.
func newJobs(n int) (jobs []domain.Job, ids []domain.JobID) {
	for range n {
		id := domain.JobID(newOrganizationID())
		jobs = append(jobs, domain.NewJob(id, newOrganizationID(), "test.job", map[string]int{"n": n}, noon))
		ids = append(ids, id)
	}
	return jobs, ids
}

// publish publishes n jobs, which must succeed.
func (s *queueScene) publish(ctx context.Context, n int) ([]domain.JobID, error) {
	if err := s.queue.Ping(ctx); err != nil {
		return nil, fmt.Errorf("the queue does not answer: %w", err)
	}
	jobs, ids := newJobs(n)
	errs := s.queue.Publish(ctx, jobs)
	if len(errs) != n {
		return nil, fmt.Errorf("Publish of %d jobs returned %d errors", n, len(errs))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("Publish = %w, want nil", err)
	}
	return ids, nil
}

// consume lets a handler consume until stop, which returns when that has ended.
func (s *queueScene) consume(ctx context.Context, concurrency int, handler ports.QueueHandler) (stop func() error) {
	consuming, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	s.consuming.Go(func() {
		defer close(ended)
		s.queue.Consume(consuming, concurrency, handler)
	})
	return func() error {
		cancel()
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return errors.New("Consume has not returned after its context ended")
		}
	}
}
