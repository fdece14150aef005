package rabbitmq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	amqp "github.com/rabbitmq/amqp091-go"
)

// reasonUnreadable is why a body that is no message of ours is rejected.
const reasonUnreadable = "unreadable"

var errCancelled = errors.New("the queue gives no more messages")

// work handles a delivery, as soon as there is room for it.
func (s *subscription) work(ctx context.Context, delivery amqp.Delivery) outcome {
	slots := s.consumer.slots
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return untouched
	case <-s.ended:
		return untouched
	}
	if ctx.Err() != nil {
		<-slots
		return untouched
	}
	err := guard(func() error { return s.handle(context.WithoutCancel(ctx), delivery) })
	<-slots
	if err == nil {
		return handled
	}
	q := s.consumer.queue
	q.log.WarnContext(ctx, "a job failed and comes again", "queue", s.tag, "job", delivery.MessageId, "error", err)
	// The message stays here for that long, and comes back at once after.
	wait(ctx, s.ended, backoff(q.tuning.MinRetry, q.tuning.MaxRetry, returns(delivery)))
	return failed
}

// guard makes a panic an error.
func guard(call func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	return call()
}

// returns says how often a message has gone back.
func returns(delivery amqp.Delivery) int {
	n, _ := delivery.Headers["x-delivery-count"].(int64)
	return int(n)
}

func (c *consumer) handleJob(ctx context.Context, delivery amqp.Delivery) error {
	id, err := decode(delivery.Body)
	if err != nil {
		return c.handler.Reject(ctx, "", delivery.Body, reasonUnreadable)
	}
	return c.handler.Handle(ctx, id)
}

func (c *consumer) handleDead(ctx context.Context, delivery amqp.Delivery) error {
	id, err := decode(delivery.Body)
	if err != nil {
		return c.handler.Reject(ctx, "", delivery.Body, reasonUnreadable)
	}
	why, _ := delivery.Headers["x-first-death-reason"].(string)
	return c.handler.Reject(ctx, id, delivery.Body, cmp.Or(why, "dead"))
}
