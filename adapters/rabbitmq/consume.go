package rabbitmq

import (
	"context"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"

	"rowhouse/ports"
)

// consumer is one Consume, over all of its sessions.
type consumer struct {
	queue    *Queue
	handler  ports.QueueHandler
	slots    chan struct{}  // one for each that may be handled at once
	underWay sync.WaitGroup // of whatever session
}

// Consume implements ports.Queue.
func (q *Queue) Consume(ctx context.Context, concurrency int, handler ports.QueueHandler) {
	c := &consumer{queue: q, handler: handler, slots: make(chan struct{}, max(concurrency, 1))}
	q.keep(ctx, "consume", c.serve)
	c.underWay.Wait()
}

// serve is a session with both queues.
func (c *consumer) serve(ctx context.Context, l *link, ready func()) error {
	jobs, err := c.subscribe(l, c.queue.names.jobs, c.handleJob)
	if err != nil {
		return err
	}
	dead, err := c.subscribe(l, c.queue.names.dead, c.handleDead)
	if err != nil {
		return err
	}
	ready()
	// Whichever ends first ends the others.
	var together sync.WaitGroup
	watching, done := context.WithCancel(ctx)
	defer done()
	first := make(chan error, 3)
	run := func(part func() error) {
		together.Go(func() {
			if err := part(); err != nil {
				first <- err
				l.abort()
				done()
			}
		})
	}
	run(func() error { return c.watch(watching, l) })
	run(func() error { return jobs.run(ctx) })
	run(func() error { return dead.run(ctx) })
	together.Wait()
	close(first)
	return <-first // nil if there is none
}

// watch returns nil when ctx has ended, or that nobody consumes any more. A
// broker says so when it takes a queue away, but not always.
func (c *consumer) watch(ctx context.Context, l *link) error {
	pause := func() { wait(ctx, nil, c.queue.tuning.Watch) }
	for pause(); ctx.Err() == nil; pause() {
		for _, queue := range []string{c.queue.names.jobs, c.queue.names.dead} {
			consumers, err := l.look(queue)
			if err == nil && consumers == 0 {
				err = errCancelled
			}
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", queue, err)
			}
		}
	}
	return nil
}

// subscription is one queue on a channel of its own. Nobody but run uses the
// channel, so that nothing is acknowledged on another.
type subscription struct {
	consumer *consumer
	link     *link
	channel  *amqp.Channel
	handle   func(context.Context, amqp.Delivery) error

	tag        string
	deliveries <-chan amqp.Delivery
	closed     <-chan *amqp.Error
	cancelled  <-chan string // by the broker: the queue is gone

	open    int         // deliveries that are not settled
	settled chan result // to be told to the broker
	ended   chan struct{}
}

// result is what became of a delivery.
type result struct {
	amqp.Delivery

	outcome outcome
}

type outcome int

const (
	handled outcome = iota
	failed
	untouched
)

func (c *consumer) subscribe(l *link, queue string, handle func(context.Context, amqp.Delivery) error) (*subscription, error) {
	channel, err := l.channel()
	if err != nil {
		return nil, err
	}
	prefetch := cap(c.slots)
	s := &subscription{
		consumer: c, link: l, channel: channel, handle: handle, tag: queue,
		closed:    channel.NotifyClose(make(chan *amqp.Error, 1)),
		cancelled: channel.NotifyCancel(make(chan string, 1)),
		settled:   make(chan result, prefetch),
		ended:     make(chan struct{}),
	}
	if err := l.ask(func() error { return c.queue.declare(channel) }); err != nil {
		return nil, err
	}
	if err := l.ask(func() error { return channel.Qos(prefetch, 0, false) }); err != nil {
		return nil, err
	}
	err = l.ask(func() (err error) {
		s.deliveries, err = channel.Consume(queue, s.tag, false, false, false, false, nil)
		return err
	})
	return s, err
}

// run returns nil when ctx has ended and everything is settled, or why it could
// not go on.
func (s *subscription) run(ctx context.Context) error {
	defer close(s.ended)
	for {
		select {
		case delivery, ok := <-s.deliveries:
			if !ok {
				s.deliveries = nil // the reason comes in another channel
				continue
			}
			s.begin(ctx, delivery)
		case r := <-s.settled:
			if err := s.settle(r); err != nil {
				return err
			}
		case e := <-s.closed:
			return reason(e)
		case <-s.cancelled:
			return errCancelled
		case <-ctx.Done():
			return s.stop()
		}
	}
}

func (s *subscription) begin(ctx context.Context, delivery amqp.Delivery) {
	s.open++
	s.consumer.underWay.Go(func() {
		r := result{delivery, s.work(ctx, delivery)}
		select {
		case s.settled <- r:
		case <-s.ended: // the broker has given it back already
		}
	})
}

// settle tells the broker what became of a delivery.
func (s *subscription) settle(r result) error {
	s.open--
	return s.link.ask(func() error {
		switch r.outcome {
		case handled:
			return r.Ack(false)
		case failed:
			return r.Reject(true) // counted from 4.3 on, which Nack is not
		default:
			return r.Nack(false, true)
		}
	})
}

// stop takes no more, gives back what nobody has begun, and waits for the rest.
func (s *subscription) stop() error {
	if s.deliveries == nil {
		select {
		case e := <-s.closed:
			return reason(e)
		case <-s.cancelled:
			return errCancelled
		}
	}
	if err := s.link.ask(func() error { return s.channel.Cancel(s.tag, false) }); err != nil {
		return err
	}
	for delivery := range s.deliveries {
		s.open++
		if err := s.settle(result{delivery, untouched}); err != nil {
			return err
		}
	}
	for s.open > 0 {
		select {
		case r := <-s.settled:
			if err := s.settle(r); err != nil {
				return err
			}
		case e := <-s.closed:
			return reason(e)
		}
	}
	return s.link.ask(s.channel.Close)
}
