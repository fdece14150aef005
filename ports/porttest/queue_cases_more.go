package porttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rowhouse/core/domain"
)

func checkRejected(ctx context.Context, s *queueScene) error {
	if s.inject == nil {
		return nil
	}
	bodies := []string{"", "no message", `{"id": "no uuid"}`, `{"id": 7}`, `[]`, "\xff\x00"}
	for _, body := range bodies {
		if err := s.inject([]byte(body)); err != nil {
			return err
		}
	}
	ids, err := s.publish(ctx, 5)
	if err != nil {
		return err
	}
	d := newDesk(atEase)
	d.refuse = func(n int) error { // each once, on average
		if n <= len(bodies) {
			return errInterrupted
		}
		return nil
	}
	stop := s.consume(ctx, 2, d)
	if err := d.waitForAll(ctx, ids); err != nil {
		return err
	}
	want := "every body is rejected, and again after an error"
	if err := d.wait(ctx, want, func() bool { return len(d.rejected) >= 2*len(bodies) }); err != nil {
		return err
	}
	if err := stop(); err != nil {
		return err
	}
	return wantRejected(d.rejected, bodies)
}

func wantRejected(rejected []rejection, bodies []string) error {
	seen := map[string]bool{}
	for _, r := range rejected {
		if r.id != "" || r.reason == "" {
			return fmt.Errorf("Reject(%q, %q, %q), want no id, and a reason", r.id, r.body, r.reason)
		}
		seen[r.body] = true
	}
	for _, body := range bodies {
		if !seen[body] {
			return fmt.Errorf("%q was never rejected", body)
		}
	}
	return nil
}

func checkStubborn(ctx context.Context, s *queueScene) error {
	stubborn, err := s.publish(ctx, 1)
	if err != nil {
		return err
	}
	d := newDesk(func(_ context.Context, id domain.JobID, _ int) error {
		if id == stubborn[0] {
			return errInterrupted
		}
		return nil
	})
	stop := s.consume(ctx, 2, d)
	others, err := s.publish(ctx, 20)
	if err != nil {
		return err
	}
	if err := d.waitForAll(ctx, others); err != nil {
		return err
	}
	if err := d.wait(ctx, "the one that fails comes again", func() bool { return d.begun[stubborn[0]] > 1 }); err != nil {
		return err
	}
	return stop()
}

// meeting is a handler that waits, with each job, until another has one, too.
type meeting struct {
	*desk

	here  func()
	there <-chan struct{}
}

func (m meeting) Handle(ctx context.Context, id domain.JobID) error {
	m.here()
	select {
	case <-m.there:
		return m.desk.Handle(ctx, id)
	case <-time.After(queuePatience):
		return errInterrupted
	}
}

func checkShared(ctx context.Context, s *queueScene) error {
	d, began := newDesk(atEase), [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	var stops []func() error
	for i := range began {
		here := sync.OnceFunc(func() { close(began[i]) })
		stops = append(stops, s.consume(ctx, 1, meeting{d, here, began[1-i]}))
	}
	ids, err := s.publish(ctx, 20)
	if err != nil {
		return err
	}
	for i, channel := range began {
		select {
		case <-channel:
		case <-ctx.Done():
			return fmt.Errorf("consumer %d of 2 got nothing", i+1)
		}
	}
	if err := d.waitForAll(ctx, ids); err != nil {
		return err
	}
	return errors.Join(stops[0](), stops[1]())
}

func checkPublishers(ctx context.Context, s *queueScene) error {
	d := newDesk(atEase)
	stop := s.consume(ctx, 4, d)
	published := make([][]domain.JobID, workers)
	errs := atOnce(workers, func(i int) (err error) {
		for range 3 {
			ids, failed := s.publish(ctx, 5)
			published[i], err = append(published[i], ids...), errors.Join(err, failed)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := d.waitForAll(ctx, slices.Concat(published...)); err != nil {
		return err
	}
	return stop()
}

func checkContinued(ctx context.Context, s *queueScene) error {
	for range 3 {
		ids, err := s.publish(ctx, 10)
		if err != nil {
			return err
		}
		d := newDesk(atEase)
		stop := s.consume(ctx, 4, d)
		if err := d.waitForAll(ctx, ids); err != nil {
			return err
		}
		if err := stop(); err != nil {
			return err
		}
	}
	return nil
}

func checkCancelled(ctx context.Context, s *queueScene) error {
	ids, err := s.publish(ctx, 1)
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	jobs, unpublished := newJobs(2)
	for _, err := range s.queue.Publish(ended, jobs) {
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("Publish = %w, want %w", err, context.Canceled)
		}
	}
	if err := s.queue.Ping(ended); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("a ping ended with %w, want %w", err, context.Canceled)
	}
	d := newDesk(atEase)
	s.queue.Consume(ended, 2, d)
	if len(d.begun) > 0 {
		return errors.New("a job was handled after the context had ended")
	}
	stop := s.consume(ctx, 2, d)
	if err := d.waitForAll(ctx, ids); err != nil {
		return err
	}
	if err := stop(); err != nil {
		return err
	}
	if d.begun[unpublished[0]]+d.begun[unpublished[1]] > 0 {
		return errors.New("a job was published after the context had ended")
	}
	return nil
}

func checkPublishNone(ctx context.Context, s *queueScene) error {
	if errs := s.queue.Publish(ctx, nil); len(errs) > 0 {
		return fmt.Errorf("Publish of no jobs = %v", errs)
	}
	return nil
}
