package rabbitmq_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"rowhouse/adapters/rabbitmq"
	"rowhouse/core/domain"
)

// recovery is how long an outage may last on after the broker is back.
const recovery = 35 * time.Second

func TestQueue_RecoversFromAnOutage(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]struct{ begin, end func(*proxy) }{
		"that closes connections":  {(*proxy).drop, func(*proxy) {}},
		"that resets connections":  {func(p *proxy) { p.reset() }, func(*proxy) {}},
		"that ends connections":    {(*proxy).force, func(*proxy) {}},
		"that ends channels":       {(*proxy).closeChannels, func(*proxy) {}},
		"that refuses connections": {func(p *proxy) { p.become(refusing); p.drop() }, func(p *proxy) { p.become(passing) }},
		"that answers nothing":     {(*proxy).silence, func(p *proxy) { p.become(passing) }},
	} {
		t.Run("one "+name, func(t *testing.T) {
			t.Parallel()
			proxy, b, log := newProxy(t), newBroker(t), &logbook{}
			queue := b.open(proxy.address, log, rabbitmq.QuickTuning())
			var held atomic.Bool
			gate := make(chan struct{})
			w := newWorker(func(context.Context, domain.JobID) error {
				if held.CompareAndSwap(false, true) {
					<-gate // one is under way during the outage
				}
				return nil
			})
			consume(t, queue, 4, w)
			before := newJobs(100)
			publishAll(t, queue, before)
			eventually(t, "one is under way", held.Load)

			outage.begin(proxy)
			during := newJobs(100)
			queue.Publish(t.Context(), during)
			time.Sleep(500 * time.Millisecond)
			outage.end(proxy)
			back := time.Now()
			close(gate)
			publishAll(t, queue, during)
			published := time.Since(back)
			eventually(t, "all is handled", func() bool { return w.missing(before)+w.missing(during) == 0 })
			eventually(t, "the one that was under way comes again", func() bool { return w.again() > 0 })
			handled := time.Since(back)
			t.Logf("published again after %v, all handled after %v, %d of them again", published, handled, w.again())
			if handled > recovery {
				t.Errorf("recovery took %v, want at most %v", handled, recovery)
			}
			for _, text := range []string{"rabbitmq cannot be used", "rabbitmq can be used again"} {
				if log.count(text) == 0 {
					t.Errorf("the log does not say that %s", text)
				}
			}
		})
	}
}

// Both directions break again and again while jobs go through. Some come twice;
// if none does, this has shown nothing.
func TestQueue_LosesNothingThroughBrokenConnections(t *testing.T) {
	t.Parallel()
	proxy, b := newProxy(t), newBroker(t)
	queue, w := b.open(proxy.address, nil, rabbitmq.QuickTuning()), newWorker(slowly)
	consume(t, queue, 10, w)
	jobs := newJobs(1000)
	cuts := cutting(t, proxy)
	for from := 0; from < len(jobs); from += 50 {
		publishAll(t, queue, jobs[from:from+50])
	}
	eventually(t, "all is handled", func() bool { return w.missing(jobs) == 0 })
	t.Logf("%d connections were cut; %d jobs were handled, none lost, %d times again", cuts(), len(jobs), w.again())
	if w.again() == 0 {
		t.Error("no job was handled twice")
	}
}

// The same with a consumer for which the broker forgets what it delivers.
func TestQueue_LosesSomethingWithoutAcknowledgements(t *testing.T) {
	t.Parallel()
	proxy, b := newProxy(t), newBroker(t)
	queue, w := b.open(address(t), nil, rabbitmq.QuickTuning()), newWorker(slowly)
	jobs := newJobs(100)
	publishAll(t, queue, jobs)
	cuts := cutting(t, proxy)
	eventually(t, "the queue is empty", func() bool {
		consumeCarelessly(t, proxy.address, b.jobs, w)
		state, err := b.channel.QueueDeclarePassive(b.jobs, true, false, false, false, nil)
		return err == nil && state.Messages == 0
	})
	cuts()
	if w.missing(jobs) == 0 {
		t.Error("nothing got lost, want some")
	}
	t.Logf("%d of %d jobs got lost", w.missing(jobs), len(jobs))
}

// consumeCarelessly does so until the connection breaks, or for a second.
func consumeCarelessly(t *testing.T, address, queue string, w *worker) {
	t.Helper()
	connection, err := amqp.Dial(address)
	if err != nil {
		return
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return
	}
	deliveries, err := channel.Consume(queue, "", true, false, false, false, nil)
	if err != nil {
		return
	}
	for {
		select {
		case delivery, ok := <-deliveries:
			if !ok {
				return
			}
			_ = w.Handle(t.Context(), domain.JobID(delivery.MessageId))
		case <-time.After(time.Second):
			return
		}
	}
}

// slowly takes as long as a short job.
func slowly(context.Context, domain.JobID) error {
	time.Sleep(20 * time.Millisecond)
	return nil
}

// cutting cuts all connections now and then until stop, which returns how many
// that were.
func cutting(t *testing.T, p *proxy) (stop func() int) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan int)
	go func() {
		cuts := 0
		for {
			select {
			case <-end:
				ended <- cuts
				return
			case <-time.After(100 * time.Millisecond):
				cuts += p.reset()
			}
		}
	}()
	return func() int {
		close(end)
		return <-ended
	}
}

func TestQueue_LeavesNothingBehindWhenConnectionsBreak(t *testing.T) { // not in parallel: it counts
	proxy, b := newProxy(t), newBroker(t)
	before := goroutines()
	queue, w := b.open(proxy.address, nil, rabbitmq.QuickTuning()), newWorker(nil)
	stop := consume(t, queue, 4, w)
	cycle := func(n int) {
		for range n {
			jobs := newJobs(5)
			publishAll(t, queue, jobs)
			eventually(t, "jobs are handled", func() bool { return w.missing(jobs) == 0 })
			proxy.reset()
		}
		jobs := newJobs(5)
		publishAll(t, queue, jobs)
		eventually(t, "jobs are handled", func() bool { return w.missing(jobs) == 0 })
	}
	cycle(1)
	settled := goroutines()
	began := time.Now()
	cycle(50)
	t.Logf("50 cycles took %v", time.Since(began))
	eventually(t, "as many goroutines as after the first cycle", func() bool { return goroutines() <= settled })
	stop()
	queue.Close()
	eventually(t, "no more goroutines than at the beginning", func() bool { return goroutines() <= before })
}

// goroutines returns how many belong to queues and connections.
func goroutines() int {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "amqp091-go.") || strings.Contains(stack, "adapters/rabbitmq.(") {
			n++
		}
	}
	return n
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for range 1000 {
		if d := rabbitmq.Jitter(time.Second); d < time.Second/2 || d > time.Second {
			t.Fatalf("a second with jitter = %v, want half a second to a second", d)
		}
	}
	for try, want := range map[int]time.Duration{0: 500 * time.Millisecond, 1: time.Second, 5: 16 * time.Second, 6: 30 * time.Second, 1 << 40: 30 * time.Second} {
		if got := rabbitmq.Backoff(500*time.Millisecond, 30*time.Second, try); got != want {
			t.Errorf("backoff %d = %v, want %v", try, got, want)
		}
	}
}
