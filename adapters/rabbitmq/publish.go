package rabbitmq

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"rowhouse/core/domain"
)

// batch is how many messages are on their way at most, unconfirmed. There is
// room for all of them to be returned, as the library drops what finds none.
const batch = 256

// Why a job was not published, beside what the library says.
var (
	errBlocked    = errors.New("the broker takes nothing at the moment")
	errRefused    = errors.New("the broker refused it")
	errUnroutable = errors.New("no queue takes it")
	errUnanswered = errors.New("the broker has not confirmed it in time")
)

// publisher is one channel to publish on.
type publisher struct {
	link     *link
	channel  *amqp.Channel
	exchange string

	turn    chan struct{} // held by who uses the channel
	returns <-chan amqp.Return
	failed  chan error    // why there must be another
	ended   chan struct{} // closed when this one is over
}

// servePublishers is a session in which jobs can be published.
func (q *Queue) servePublishers(ctx context.Context, l *link, ready func()) error {
	blocked := l.conn.NotifyBlocked(make(chan amqp.Blocking, 8))
	p, err := q.newPublisher(l)
	if err != nil {
		q.become(nil, err)
		return err
	}
	closed := p.channel.NotifyClose(make(chan *amqp.Error, 1))
	q.become(p, nil)
	ready()
	err = p.serve(ctx, closed, blocked)
	q.become(nil, err)
	close(p.ended)
	if !errors.Is(err, errBlocked) {
		return err
	}
	q.log.WarnContext(ctx, "rabbitmq takes nothing at the moment", "error", err)
	return waitUntilFree(ctx, closed, blocked)
}

func (q *Queue) newPublisher(l *link) (*publisher, error) {
	channel, err := l.channel()
	if err != nil {
		return nil, err
	}
	if err := l.ask(func() error { return q.declare(channel) }); err != nil {
		return nil, err
	}
	if err := l.ask(func() error { return channel.Confirm(false) }); err != nil {
		return nil, err
	}
	return &publisher{
		link: l, channel: channel, exchange: q.names.jobs,
		turn:    make(chan struct{}, 1),
		returns: channel.NotifyReturn(make(chan amqp.Return, batch)),
		failed:  make(chan error, 1),
		ended:   make(chan struct{}),
	}, nil
}

// serve returns why there must be another publisher.
func (p *publisher) serve(ctx context.Context, closed <-chan *amqp.Error, blocked <-chan amqp.Blocking) error {
	select {
	case e := <-closed:
		return reason(e)
	case err := <-p.failed:
		return err
	case b := <-blocked:
		return fmt.Errorf("%w: %s", errBlocked, b.Reason)
	case <-ctx.Done():
		return errEnded
	}
}

// waitUntilFree waits for a broker that takes nothing. What it was sent
// meanwhile it may confirm then, to nobody: there is another channel.
func waitUntilFree(ctx context.Context, closed <-chan *amqp.Error, blocked <-chan amqp.Blocking) error {
	for {
		select {
		case e := <-closed:
			return reason(e)
		case b, ok := <-blocked:
			if ok && !b.Active {
				return nil
			}
			if !ok {
				return errEnded
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// publish sets the error of each job that is not published.
func (p *publisher) publish(ctx context.Context, jobs []domain.Job, errs []error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-p.ended:
		fill(errs, errEnded)
		return
	case <-ctx.Done():
		fill(errs, ctx.Err())
		return
	}
	for from := 0; from < len(jobs); from += batch {
		to := min(from+batch, len(jobs))
		p.publishBatch(ctx, jobs[from:to], errs[from:to])
	}
}

// publishBatch sends all, then waits for what the broker says to each.
func (p *publisher) publishBatch(ctx context.Context, jobs []domain.Job, errs []error) {
	bounded, cancel := context.WithTimeoutCause(ctx, p.link.answer, errUnanswered)
	defer cancel()
	// Sending does not look at ctx, but ends with the connection.
	defer context.AfterFunc(bounded, p.link.abort)()
	confirms := make([]*amqp.DeferredConfirmation, len(jobs))
	for i, job := range jobs {
		confirms[i], errs[i] = p.send(bounded, job)
	}
	for i, confirm := range confirms {
		if errs[i] == nil {
			errs[i] = p.confirmed(bounded, confirm)
		}
		if errs[i] != nil && bounded.Err() != nil {
			errs[i] = context.Cause(bounded) // of the rest
		}
	}
	p.applyReturns(jobs, errs)
}

func (p *publisher) send(ctx context.Context, job domain.Job) (*amqp.DeferredConfirmation, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	publishing, err := encode(job)
	if err != nil {
		return nil, err
	}
	return p.channel.PublishWithDeferredConfirm(p.exchange, "", true, false, publishing)
}

// confirmed waits until the broker has stored a message.
func (p *publisher) confirmed(ctx context.Context, confirm *amqp.DeferredConfirmation) error {
	select {
	case <-confirm.Done():
	case <-p.ended:
		return errEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	switch {
	case confirm.Acked():
		return nil
	case p.channel.IsClosed(): // which the library reports as a refusal
		return errEnded
	default:
		return errRefused
	}
}

// applyReturns fails what has come back: the broker confirms that, too. It
// returns a message before it confirms it, so here they are.
func (p *publisher) applyReturns(jobs []domain.Job, errs []error) {
	for {
		select {
		case returned, ok := <-p.returns:
			if !ok {
				return
			}
			for i, job := range jobs {
				if string(job.ID) == returned.MessageId {
					errs[i] = cmp.Or(errs[i], errUnroutable)
				}
			}
			// The next session declares what is missing.
			p.fail(errUnroutable)
		default:
			return
		}
	}
}

// fail has another publisher take over.
func (p *publisher) fail(err error) {
	select {
	case p.failed <- err:
	default: // for another reason
	}
}
