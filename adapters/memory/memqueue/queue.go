// Package memqueue is a queue of jobs in process memory.
package memqueue

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Queue is a ports.Queue for one process. It holds as much as there is memory,
// and forgets everything when the process ends. Nothing is ever rejected: what
// it holds are jobs, and one that fails comes again however often that was.
type Queue struct {
	log   *slog.Logger
	pause time.Duration

	mu      sync.Mutex
	waiting []domain.JobID
	more    chan struct{} // closed when one begins to wait
}

var _ ports.Queue = (*Queue)(nil)

// New returns an empty Queue. What failed comes again after the pause. The log
// hears of what fails.
func New(log *slog.Logger, pause time.Duration) *Queue {
	return &Queue{log: log, pause: pause, more: make(chan struct{})}
}

// Publish implements ports.Queue.
func (q *Queue) Publish(ctx context.Context, jobs []domain.Job) []error {
	errs := make([]error, len(jobs))
	for i, job := range jobs {
		if errs[i] = ctx.Err(); errs[i] == nil {
			q.put(job.ID)
		}
	}
	return errs
}

// Consume implements ports.Queue. The pause after a failure does not grow.
func (q *Queue) Consume(ctx context.Context, concurrency int, handler ports.QueueHandler) {
	var working sync.WaitGroup
	for range concurrency {
		working.Go(func() {
			for {
				id, ok := q.take(ctx)
				if !ok {
					return
				}
				if err := handle(context.WithoutCancel(ctx), handler, id); err != nil {
					q.log.WarnContext(ctx, "a job failed and comes again", "job", id, "error", err)
					time.AfterFunc(q.pause, func() { q.put(id) })
				}
			}
		})
	}
	working.Wait()
}

// Ping implements ports.Queue.
func (q *Queue) Ping(ctx context.Context) error { return ctx.Err() }

func (q *Queue) put(id domain.JobID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, id)
	close(q.more)
	q.more = make(chan struct{})
}

// take waits for a job. It returns none once ctx has ended.
func (q *Queue) take(ctx context.Context) (domain.JobID, bool) {
	for ctx.Err() == nil {
		id, more := q.next()
		if id != "" {
			return id, true
		}
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
	return "", false
}

// next takes the first job that waits. Without one, more is closed when there
// is.
func (q *Queue) next() (id domain.JobID, more <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return "", q.more
	}
	id, q.waiting = q.waiting[0], q.waiting[1:]
	return id, nil
}

func handle(ctx context.Context, handler ports.QueueHandler, id domain.JobID) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	return handler.Handle(ctx, id)
}
