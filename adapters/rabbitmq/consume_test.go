package rabbitmq_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/rabbitmq"
	"rowhouse/core/domain"
)

var errOutOfLuck = errors.New("out of luck")

// moment is how long something that must not happen is given to happen.
const moment = 200 * time.Millisecond

// wantEmpty waits until the broker has nothing of a queue, once nobody consumes.
func (b *broker) wantEmpty(names ...string) {
	b.t.Helper()
	for _, name := range names {
		eventually(b.t, name+" is empty", func() bool {
			queue, err := b.channel.QueueDeclarePassive(name, true, false, false, false, nil)
			if err != nil {
				b.t.Fatal(err)
			}
			return queue.Messages == 0
		})
	}
}

func TestConsume_RejectsWhatWasDeliveredTooOften(t *testing.T) {
	t.Parallel()
	b := newBroker(t)
	tuning := rabbitmq.QuickTuning()
	tuning.DeliveryLimit = 3
	queue := b.open(address(t), nil, tuning)
	poison, jobs := newJob(), newJobs(50)
	var tries atomic.Int64
	w := newWorker(func(_ context.Context, id domain.JobID) error {
		if id == poison.ID {
			tries.Add(1)
			panic("this is part of the test")
		}
		return nil
	})
	refusals := 0
	w.refuse = func() error {
		if refusals++; refusals <= 5 { // more often than the limit
			return errOutOfLuck
		}
		return nil
	}
	publishAll(t, queue, append(jobs, poison))
	if err := b.inject([]byte("unreadable")); err != nil {
		t.Fatal(err)
	}
	stop := consume(t, queue, 4, w)
	eventually(t, "the others are handled", func() bool { return w.missing(jobs) == 0 })
	eventually(t, "the one is rejected", func() bool { return len(w.reasons(poison.ID)) > 0 && len(w.reasons("")) > 0 })
	eventually(t, "that succeeds", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return refusals > 6 })
	stop()
	b.wantEmpty(b.jobs, b.dead)
	if n := tries.Load(); n != int64(tuning.DeliveryLimit)+1 {
		t.Errorf("it was tried %d times, want %d", n, tuning.DeliveryLimit+1)
	}
	for id, want := range map[domain.JobID]string{poison.ID: "delivery_limit", "": "unreadable"} {
		for _, reason := range w.reasons(id) {
			if reason != want {
				t.Errorf("the reason is %q, want %q", reason, want)
			}
		}
	}
}

// What is refused as unreadable too often gets to the dead queue as well, and is
// unreadable still.
func TestConsume_KeepsTheReasonOfWhatIsUnreadable(t *testing.T) {
	t.Parallel()
	b := newBroker(t)
	tuning := rabbitmq.QuickTuning()
	tuning.DeliveryLimit = 2
	queue := b.open(address(t), nil, tuning)
	w, refusals := newWorker(nil), 0
	w.refuse = func() error {
		if refusals++; refusals <= 6 {
			return errOutOfLuck
		}
		return nil
	}
	if err := b.inject([]byte("unreadable")); err != nil {
		t.Fatal(err)
	}
	stop := consume(t, queue, 2, w)
	eventually(t, "it is rejected in the end", func() bool { return len(w.reasons("")) == 7 })
	stop()
	b.wantEmpty(b.jobs, b.dead)
	for _, reason := range w.reasons("") {
		if reason != "unreadable" {
			t.Errorf("the reason is %q, want %q", reason, "unreadable")
		}
	}
}

func TestConsume_PausesLongerAndLonger(t *testing.T) {
	t.Parallel()
	tuning := rabbitmq.QuickTuning()
	tuning.MinRetry, tuning.MaxRetry = 100*time.Millisecond, 400*time.Millisecond
	queue := newBroker(t).open(address(t), nil, tuning)
	var at []time.Time // one at a time adds to it
	enough := make(chan struct{})
	w := newWorker(func(context.Context, domain.JobID) error {
		if at = append(at, time.Now()); len(at) == 5 {
			close(enough)
		}
		return errOutOfLuck
	})
	publishAll(t, queue, newJobs(1))
	stop := consume(t, queue, 1, w)
	<-enough
	stop()
	for i, want := range []time.Duration{tuning.MinRetry, 2 * tuning.MinRetry, tuning.MaxRetry, tuning.MaxRetry} {
		if got := at[i+1].Sub(at[i]); got < want {
			t.Errorf("pause %d was %v, want at least %v", i+1, got, want)
		}
	}
}

// Whoever stops does not wait for a pause, and the next one gets what others
// had not begun or not finished.
func TestConsume_StopsAtOnce(t *testing.T) {
	t.Parallel()
	tuning := rabbitmq.QuickTuning()
	tuning.MinRetry, tuning.MaxRetry = time.Hour, time.Hour
	queue := newBroker(t).open(address(t), nil, tuning)
	jobs := newJobs(40)
	publishAll(t, queue, jobs)
	var begun sync.WaitGroup
	begun.Add(5)
	stop := consume(t, queue, 5, newWorker(func(context.Context, domain.JobID) error {
		begun.Done()
		return errOutOfLuck
	}))
	begun.Wait()
	began := time.Now()
	stop()
	t.Logf("Consume returned %v after its context had ended", time.Since(began))
	if took := time.Since(began); took > 2*atOnce {
		t.Errorf("Consume returned after %v, want no wait", took)
	}
	w := newWorker(nil)
	consume(t, queue, 5, w)
	eventually(t, "all is handled", func() bool { return w.missing(jobs) == 0 })
}

// If a queue is declared again while the broker is still busy taking it away,
// that may deliver to nobody: the pause before connecting again is longer.
func TestConsume_GoesOnAfterTheQueueWasDeleted(t *testing.T) {
	t.Parallel()
	for name, heard := range map[string]bool{"and the broker said so": true, "and nobody noticed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, proxy := newBroker(t), newProxy(t)
			proxy.deaf.Store(!heard)
			tuning := rabbitmq.QuickTuning()
			tuning.MinRedial, tuning.MaxRedial = time.Second, time.Second
			testDeletedQueue(t, b, b.open(proxy.address, nil, tuning))
		})
	}
}

func testDeletedQueue(t *testing.T, b *broker, queue *rabbitmq.Queue) {
	t.Helper()
	w := newWorker(nil)
	consume(t, queue, 4, w)
	for _, name := range []string{b.jobs, b.dead} {
		first := newJobs(3)
		publishAll(t, queue, first)
		eventually(t, "jobs are handled", func() bool { return w.missing(first) == 0 })
		if _, err := b.channel.QueueDelete(name, false, false, false); err != nil {
			t.Fatal(err)
		}
		then := newJobs(3)
		publishAll(t, queue, then)
		eventually(t, "jobs are handled after "+name+" was deleted", func() bool { return w.missing(then) == 0 })
	}
}

// Also across sessions, no more are handled at once than may be, and all of
// them are waited for.
func TestConsume_MindsWhatIsUnderWaySinceBeforeAnOutage(t *testing.T) {
	t.Parallel()
	proxy, b := newProxy(t), newBroker(t)
	queue := b.open(proxy.address, nil, rabbitmq.QuickTuning())
	gate := make(chan struct{})
	var now, most atomic.Int64
	w := newWorker(func(context.Context, domain.JobID) error {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		<-gate
		return nil
	})
	jobs := newJobs(12)
	publishAll(t, queue, jobs)
	stop := consume(t, queue, 3, w)
	eventually(t, "some are begun", func() bool { return now.Load() == 3 })
	for range 2 {
		proxy.drop()
		eventually(t, "there are new connections", func() bool { return proxy.all(func(*proxied) {}) >= 2 })
		<-time.After(moment)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	select {
	case <-stopped:
		t.Error("Consume did not wait for those under way")
	case <-time.After(moment):
	}
	close(gate)
	<-stopped
	if n := most.Load(); n != 3 {
		t.Errorf("%d were handled at once, want 3", n)
	}
	consume(t, queue, 3, w)
	eventually(t, "all is handled", func() bool { return w.missing(jobs) == 0 })
}
