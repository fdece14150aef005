package rabbitmq_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/rabbitmq"
	"rowhouse/core/domain"
)

// atOnce is what a call takes that waits for nobody, on a busy machine.
const atOnce = time.Second

// wantPublish publishes a few jobs, all of which must end so.
func wantPublish(t *testing.T, queue *rabbitmq.Queue, want error) {
	t.Helper()
	for _, err := range queue.Publish(t.Context(), newJobs(3)) {
		if !errors.Is(err, want) {
			t.Errorf("Publish = %v, want %v", err, want)
		}
	}
}

func TestOpen_RefusesAnAddressWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "http://user:secret@host/", "amqp://user:secret@host:port/"} {
		_, err := rabbitmq.Open(url, slog.New(slog.DiscardHandler), rabbitmq.Options{})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Open(%q) = %v, want an error without the password", url, err)
		}
	}
}

func TestPublish_DoesNotWaitForABrokerThatIsDown(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "amqp://user:secret@" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	log := &logbook{}
	queue, err := rabbitmq.OpenTuned(url, slog.New(slog.NewTextHandler(log, nil)), rabbitmq.Options{}, rabbitmq.QuickTuning())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(queue.Close)
	began := time.Now()
	for _, err := range append(queue.Publish(t.Context(), newJobs(2)), queue.Ping(t.Context())) {
		if err == nil {
			t.Error("Publish or Ping = nil without a broker, want an error")
		}
	}
	if took := time.Since(began); took > atOnce {
		t.Errorf("that took %v, want no wait", took)
	}
	eventually(t, "the log says so", func() bool { return log.count("cannot be used") == 1 })
	if log.count("secret") > 0 {
		t.Error("the log has the password")
	}
}

func TestPublish_FailsWhereNoQueueTakesIt(t *testing.T) {
	t.Parallel()
	b := newBroker(t)
	for name, fault := range map[string]func() error{
		"the binding is gone": func() error { return b.channel.QueueUnbind(b.jobs, "", b.jobs, nil) },
		"the queue is gone": func() error {
			_, err := b.channel.QueueDelete(b.jobs, false, false, false)
			return err
		},
		"the exchange is gone": func() error { return b.channel.ExchangeDelete(b.jobs, false, false) },
	} {
		queue := b.open(address(t), nil, rabbitmq.QuickTuning())
		if err := fault(); err != nil {
			t.Fatal(err)
		}
		for _, err := range queue.Publish(t.Context(), newJobs(3)) {
			if err == nil {
				t.Errorf("Publish = nil where %s, want an error", name)
			}
			if name != "the exchange is gone" && !errors.Is(err, rabbitmq.ErrUnroutable) {
				t.Errorf("Publish = %v where %s, want %v", err, name, rabbitmq.ErrUnroutable)
			}
		}
		jobs := newJobs(3)
		publishAll(t, queue, jobs) // what was missing is declared again
		w := newWorker(nil)
		stop := consume(t, queue, 2, w)
		eventually(t, "all is handled after "+name, func() bool { return w.missing(jobs) == 0 })
		stop()
	}
}

func TestPublish_OfManyAtOnce(t *testing.T) {
	t.Parallel()
	b := newBroker(t)
	queue := b.open(address(t), nil, rabbitmq.QuickTuning())
	jobs, w := newJobs(1000), newWorker(nil)
	began := time.Now()
	for _, err := range queue.Publish(t.Context(), jobs) {
		if err != nil {
			t.Fatalf("Publish = %v", err)
		}
	}
	t.Logf("1,000 jobs were published in %v", time.Since(began))
	consume(t, queue, 20, w)
	eventually(t, "all is handled", func() bool { return w.missing(jobs) == 0 })
}

func TestPublish_FailsWhereTheQueueIsFull(t *testing.T) {
	t.Parallel()
	tuning := rabbitmq.QuickTuning()
	tuning.MaxLength = 5
	queue := newBroker(t).open(address(t), nil, tuning)
	var stored []domain.Job
	eventually(t, "the queue is full", func() bool {
		jobs, full := newJobs(5), false
		for i, err := range queue.Publish(t.Context(), jobs) {
			switch {
			case err == nil:
				stored = append(stored, jobs[i])
			case errors.Is(err, rabbitmq.ErrRefused):
				full = true
			default:
				t.Errorf("Publish = %v, want nil or %v", err, rabbitmq.ErrRefused)
			}
		}
		return full
	})
	w := newWorker(nil)
	consume(t, queue, 2, w)
	eventually(t, "what is stored is handled", func() bool { return w.missing(stored) == 0 })
	more := newJobs(5)
	publishAll(t, queue, more)
	eventually(t, "what came later is handled", func() bool { return w.missing(more) == 0 })
}

func TestPublish_DoesNotWaitForABrokerThatTakesNothing(t *testing.T) {
	t.Parallel()
	proxy, log := newProxy(t), &logbook{}
	queue := newBroker(t).open(proxy.address, log, rabbitmq.QuickTuning())
	for i := range 2 {
		proxy.block()
		eventually(t, "the log says that it takes nothing", func() bool { return log.count("low on memory") == i+1 })
		began := time.Now()
		wantPublish(t, queue, rabbitmq.ErrBlocked)
		if err := queue.Ping(t.Context()); !errors.Is(err, rabbitmq.ErrBlocked) {
			t.Errorf("Ping = %v, want %v", err, rabbitmq.ErrBlocked)
		}
		if took := time.Since(began); took > atOnce {
			t.Errorf("that took %v, want no wait", took)
		}
		proxy.unblock()
		publishAll(t, queue, newJobs(3))
	}
}

// What is on its way when the broker says that it takes nothing fails then, not
// when the time for an answer is over.
func TestPublish_UnderWayFailsWhenTheBrokerTakesNothing(t *testing.T) {
	t.Parallel()
	proxy := newProxy(t)
	tuning := rabbitmq.QuickTuning()
	tuning.Answer = patience
	queue := newBroker(t).open(proxy.address, nil, tuning)
	proxy.all(func(l *proxied) { l.silent.Store(true) })
	failed := make(chan error, 1)
	go func() { failed <- errors.Join(queue.Publish(t.Context(), newJobs(2))...) }()
	time.AfterFunc(100*time.Millisecond, proxy.block)
	select {
	case err := <-failed:
		if err == nil {
			t.Error("Publish = nil, want an error")
		}
	case <-time.After(patience / 2):
		t.Error("Publish waited")
	}
	proxy.drop()
}

func TestPublish_FailsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	proxy := newProxy(t)
	tuning := rabbitmq.QuickTuning()
	tuning.Answer = 2 * time.Second
	queue := newBroker(t).open(proxy.address, nil, tuning)
	proxy.silence()
	began := time.Now()
	wantPublish(t, queue, rabbitmq.ErrUnanswered)
	if took := time.Since(began); took < tuning.Answer || took > tuning.Answer+atOnce {
		t.Errorf("that took %v, want %v", took, tuning.Answer)
	}
	proxy.become(passing)
	publishAll(t, queue, newJobs(3))
}

func TestPublish_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	proxy := newProxy(t)
	tuning := rabbitmq.QuickTuning()
	tuning.Answer = patience
	queue := newBroker(t).open(proxy.address, nil, tuning)
	proxy.silence()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for _, err := range queue.Publish(ctx, newJobs(3)) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Publish = %v, want %v", err, context.DeadlineExceeded)
		}
	}
	proxy.become(passing)
	publishAll(t, queue, newJobs(3))
}
