package rabbitmq

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// defaultPrefix begins all names where nothing else is said.
const defaultPrefix = "rowhouse"

// Options says how to use a broker.
type Options struct {
	// Prefix begins the names of everything on the broker, so that several
	// installations can share one. Default: "rowhouse".
	Prefix string
}

// tuning is what tests choose differently.
type tuning struct {
	// MinRedial and MaxRedial bound the time between two tries to connect,
	// which doubles from one to the other. Each is cut by up to a half.
	MinRedial, MaxRedial time.Duration
	// MinRetry and MaxRetry bound the time before a message that failed goes
	// back, which doubles each time.
	MinRetry, MaxRetry time.Duration
	// Answer is how long the broker has for an answer.
	Answer time.Duration
	// Watch is how often a consumer makes sure that it is one.
	Watch time.Duration
	// DeliveryLimit is how often a message may go back. With the pauses, it
	// takes some eight minutes of failing to get there.
	DeliveryLimit int
	// MaxLength is how many messages the broker keeps. It refuses more: they
	// wait where they are recorded instead.
	MaxLength int
}

func defaultTuning() tuning {
	return tuning{
		MinRedial: time.Second, MaxRedial: 30 * time.Second,
		MinRetry: 500 * time.Millisecond, MaxRetry: 10 * time.Second,
		Answer:        5 * time.Second,
		Watch:         10 * time.Second,
		DeliveryLimit: 50,
		MaxLength:     100_000,
	}
}

// Queue is a ports.Queue on a broker that may be down.
type Queue struct {
	url    string
	log    *slog.Logger
	names  names
	tuning tuning

	stop   context.CancelFunc
	keeper sync.WaitGroup

	mu        sync.Mutex
	publisher *publisher // nil while there is none
	down      error      // why
}

var _ ports.Queue = (*Queue)(nil)

var errConnecting = errors.New("not connected yet")

// Open returns a Queue for an address like amqp://user:password@host:5672/, or
// amqps:// for TLS. It connects in the background, so it does not matter whether
// the broker is up; until then, nothing can be published. The log hears when
// the broker goes down and when it is back, and of messages that fail. An error
// means that this is no such address.
func Open(url string, log *slog.Logger, options Options) (*Queue, error) {
	return open(url, log, options, defaultTuning())
}

func open(url string, log *slog.Logger, options Options, tuning tuning) (*Queue, error) {
	if _, err := amqp.ParseURI(url); err != nil {
		// Not with the cause, which can quote the password.
		return nil, errors.New("open rabbitmq: the address is not like amqp://user:password@host:5672/")
	}
	q := &Queue{
		url: url, log: log, tuning: tuning, down: errConnecting,
		names: newNames(cmp.Or(options.Prefix, defaultPrefix)),
	}
	ctx, stop := context.WithCancel(context.Background()) //nolint:forbidigo // it lives until Close
	q.stop = stop
	q.keeper.Go(func() { q.keep(ctx, "publish", q.servePublishers) })
	return q, nil
}

// Close ends the connection to publish. Every Consume must have returned.
func (q *Queue) Close() {
	q.stop()
	q.keeper.Wait()
}

// Publish implements ports.Queue.
func (q *Queue) Publish(ctx context.Context, jobs []domain.Job) []error {
	errs := make([]error, len(jobs))
	p, err := q.current(ctx)
	if err != nil {
		fill(errs, err)
		return errs
	}
	p.publish(ctx, jobs, errs)
	return errs
}

// Ping implements ports.Queue.
func (q *Queue) Ping(ctx context.Context) error {
	p, err := q.current(ctx)
	if err != nil {
		return err
	}
	answer := make(chan error, 1)
	go func() { // which ends by itself
		_, err := p.link.look(q.names.jobs)
		answer <- err
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// current returns the publisher, or why there is none.
func (q *Queue) current(ctx context.Context) (*publisher, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.publisher, q.down
}

// become makes a publisher the current one, or nil because of an error.
func (q *Queue) become(p *publisher, down error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.publisher, q.down = p, down
}

// fill sets the errors that are not set.
func fill(errs []error, err error) {
	for i := range errs {
		errs[i] = cmp.Or(errs[i], err)
	}
}
