package porttest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestQueueControls shows that TestQueue finds what it looks for: cases of it
// are run on queues that break a promise. open must return a queue that holds
// nothing and that answers.
func TestQueueControls(t *testing.T, open func(*testing.T) ports.Queue) {
	t.Helper()
	for _, tt := range []struct {
		name   string
		broken func(ports.Queue) ports.Queue
		cases  []queueCase
		want   string // part of what each reports
	}{
		{
			"acknowledges what it delivers, before it is handled",
			func(q ports.Queue) ports.Queue { return hastyQueue{q} },
			[]queueCase{queueResends, queueStops},
			"this did not happen: all",
		},
		{
			"gives out twice as many at once as may",
			func(q ports.Queue) ports.Queue { return crowdedQueue{q} },
			[]queueCase{queueLimit},
			"were handled at once, want at most 3",
		},
		{
			"says that it has stored what it has not",
			func(q ports.Queue) ports.Queue { return forgetfulQueue{q} },
			[]queueCase{queueDelivers, queuePublishers},
			"this did not happen: all",
		},
		{
			"does not wait for those under way",
			func(q ports.Queue) ports.Queue { return deserter{q} },
			[]queueCase{queueWaits},
			"did not wait",
		},
		{
			"tells those under way to stop",
			func(q ports.Queue) ports.Queue { return tellingQueue{q} },
			[]queueCase{queueWaits},
			"was told to stop",
		},
		{
			"brings again what is done",
			func(q ports.Queue) ports.Queue { return repeatingQueue{q} },
			[]queueCase{queueWaits},
			"came again",
		},
	} {
		t.Run("a queue that "+tt.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range tt.cases {
				err := c.run(t.Context(), tt.broken(open(t)), nil, 2*time.Second)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%q = %v, want an error with %q", c.name, err, tt.want)
				}
			}
		})
	}
}

// handlerFunc is a ports.QueueHandler that rejects nothing.
type handlerFunc func(context.Context, domain.JobID) error

func (f handlerFunc) Handle(ctx context.Context, id domain.JobID) error        { return f(ctx, id) }
func (handlerFunc) Reject(context.Context, domain.JobID, []byte, string) error { return nil }

type hastyQueue struct{ ports.Queue }

func (q hastyQueue) Consume(ctx context.Context, concurrency int, handler ports.QueueHandler) {
	taken := make(chan domain.JobID, 1000)
	var working sync.WaitGroup
	for range concurrency {
		working.Go(func() {
			for ctx.Err() == nil {
				select {
				case id := <-taken:
					func() {
						defer func() { _ = recover() }()
						_ = handler.Handle(context.WithoutCancel(ctx), id)
					}()
				case <-ctx.Done():
				}
			}
		})
	}
	q.Queue.Consume(ctx, concurrency, handlerFunc(func(_ context.Context, id domain.JobID) error {
		taken <- id
		return nil
	}))
	working.Wait()
}

type crowdedQueue struct{ ports.Queue }

func (q crowdedQueue) Consume(ctx context.Context, concurrency int, handler ports.QueueHandler) {
	q.Queue.Consume(ctx, 2*concurrency, handler)
}

type forgetfulQueue struct{ ports.Queue }

func (q forgetfulQueue) Publish(ctx context.Context, jobs []domain.Job) []error {
	return append(q.Queue.Publish(ctx, jobs[1:]), nil)
}

type deserter struct{ ports.Queue }

func (q deserter) Consume(ctx context.Context, concurrency int, handler ports.QueueHandler) {
	go q.Queue.Consume(ctx, concurrency, handler)
	<-ctx.Done()
}

type tellingQueue struct{ ports.Queue }

func (q tellingQueue) Consume(ctx context.Context, concurrency int, handler ports.QueueHandler) {
	q.Queue.Consume(ctx, concurrency, handlerFunc(func(handling context.Context, id domain.JobID) error {
		handling, cancel := context.WithCancel(handling)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		return handler.Handle(handling, id)
	}))
}

type repeatingQueue struct{ ports.Queue }

func (q repeatingQueue) Consume(ctx context.Context, concurrency int, handler ports.QueueHandler) {
	q.Queue.Consume(ctx, concurrency, handlerFunc(func(ctx context.Context, id domain.JobID) error {
		if err := handler.Handle(ctx, id); err != nil {
			return err
		}
		return errInterrupted // although it is done
	}))
}
