package rabbitmq_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"rowhouse/adapters/rabbitmq"
	"rowhouse/core/domain"
)

// patience is how long tests wait for what must happen sooner or later.
const patience = 60 * time.Second

// address returns that of a broker, which others use meanwhile.
func address(t *testing.T) string {
	t.Helper()
	address := os.Getenv("TEST_AMQP_URL")
	switch {
	case address != "":
	case testing.Short():
		t.Skip("-short: without services")
	default:
		t.Fatal("TEST_AMQP_URL is not set: `make test` starts a server")
	}
	return address
}

// broker is what one test has of a broker: names of its own, and a channel for
// whatever it does from aside.
type broker struct {
	t          *testing.T
	prefix     string
	jobs, dead string
	channel    *amqp.Channel
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	connection, err := amqp.Dial(address(t))
	if err != nil {
		t.Fatal(err)
	}
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, prefix: fmt.Sprintf("test-%016x", rand.Uint64()), channel: channel}
	b.jobs, b.dead = rabbitmq.Names(b.prefix)
	t.Cleanup(func() {
		for _, name := range []string{b.jobs, b.dead} {
			_, err := channel.QueueDelete(name, false, false, false)
			if err := errors.Join(err, channel.ExchangeDelete(name, false, false)); err != nil {
				t.Error(err)
			}
		}
		_ = connection.Close()
	})
	return b
}

// open returns a queue that answers. Without a log, nobody reads what it says.
func (b *broker) open(address string, log *logbook, tuning rabbitmq.Tuning) *rabbitmq.Queue {
	b.t.Helper()
	queue := b.openDown(address, log, tuning)
	eventually(b.t, "the queue answers", func() bool { return queue.Ping(b.t.Context()) == nil })
	return queue
}

func (b *broker) openDown(address string, log *logbook, tuning rabbitmq.Tuning) *rabbitmq.Queue {
	b.t.Helper()
	logger := slog.New(slog.DiscardHandler)
	if log != nil {
		logger = slog.New(slog.NewTextHandler(log, nil))
	}
	queue, err := rabbitmq.OpenTuned(address, logger, rabbitmq.Options{Prefix: b.prefix}, tuning)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(queue.Close)
	return queue
}

// inject publishes a body past the queue's own way.
func (b *broker) inject(body []byte) error {
	return b.channel.PublishWithContext(context.Background(), b.jobs, "", true, false, amqp.Publishing{Body: body})
}

func newJob() domain.Job {
	const digits = "0123456789abcdef"
	id := []byte("xxxxxxxx-xxxx-7xxx-axxx-xxxxxxxxxxxx")
	for i := range id {
		if id[i] == 'x' {
			id[i] = digits[rand.N(len(digits))]
		}
	}
	return domain.NewJob(domain.JobID(id), "", "test.job", nil, time.Now())
}

func newJobs(n int) []domain.Job {
	jobs := make([]domain.Job, n)
	for i := range jobs {
		jobs[i] = newJob()
	}
	return jobs
}

// publishAll publishes jobs as a relay does: those that failed again.
func publishAll(t *testing.T, queue *rabbitmq.Queue, jobs []domain.Job) {
	t.Helper()
	eventually(t, "all is published", func() bool {
		var left []domain.Job
		for i, err := range queue.Publish(t.Context(), jobs) {
			if err != nil {
				left = append(left, jobs[i])
			}
		}
		jobs = left
		return len(left) == 0
	})
}

// worker is a ports.QueueHandler that counts.
type worker struct {
	work   func(ctx context.Context, id domain.JobID) error
	refuse func() error

	mu       sync.Mutex
	handled  map[domain.JobID]int // without an error
	rejected map[domain.JobID][]string
}

func newWorker(work func(ctx context.Context, id domain.JobID) error) *worker {
	return &worker{
		work: work, refuse: func() error { return nil },
		handled: map[domain.JobID]int{}, rejected: map[domain.JobID][]string{},
	}
}

func (w *worker) Handle(ctx context.Context, id domain.JobID) error {
	if w.work != nil {
		if err := w.work(ctx, id); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handled[id]++
	return nil
}

func (w *worker) Reject(_ context.Context, id domain.JobID, _ []byte, reason string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rejected[id] = append(w.rejected[id], reason)
	return w.refuse()
}

// missing returns how many jobs were not handled.
func (w *worker) missing(jobs []domain.Job) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	missing := 0
	for _, job := range jobs {
		if w.handled[job.ID] == 0 {
			missing++
		}
	}
	return missing
}

// again returns how often a job was handled once it had been.
func (w *worker) again() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	again := 0
	for _, n := range w.handled {
		again += n - 1
	}
	return again
}

func (w *worker) reasons(id domain.JobID) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rejected[id]
}

// consume has a worker consume until stop, or the end of the test.
func consume(t *testing.T, queue *rabbitmq.Queue, concurrency int, w *worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var consuming sync.WaitGroup
	consuming.Go(func() { queue.Consume(ctx, concurrency, w) })
	stop = func() {
		cancel()
		consuming.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for since := time.Now(); !is(); <-again.C {
		if time.Since(since) > patience {
			t.Fatalf("%s did not happen", what)
		}
	}
}

// logbook is what was logged.
type logbook struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(line)
}

// count returns how many times the text is in it.
func (l *logbook) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.lines.String(), text)
}
