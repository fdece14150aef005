package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rowhouse/core/domain"
)

// moment is how long something that must not happen is given to happen.
const moment = 150 * time.Millisecond

var errInterrupted = errors.New("interrupted")

func checkDelivered(ctx context.Context, s *queueScene) error {
	first, err := s.publish(ctx, 25)
	if err != nil {
		return err
	}
	d := newDesk(atEase)
	stop := s.consume(ctx, 4, d)
	then, err := s.publish(ctx, 25)
	if err != nil {
		return err
	}
	if err := d.waitForAll(ctx, append(first, then...)); err != nil {
		return err
	}
	return stop()
}

func checkAtOnce(ctx context.Context, s *queueScene) error {
	const may = 3
	ids, err := s.publish(ctx, 4*may)
	if err != nil {
		return err
	}
	gate := make(chan struct{})
	d := newDesk(func(context.Context, domain.JobID, int) error {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return nil
	})
	stop := s.consume(ctx, may, d)
	if err := d.wait(ctx, "as many as may are handled at once", func() bool { return d.atOnce >= may }); err != nil {
		return err
	}
	<-time.After(moment)
	close(gate)
	if err := d.waitForAll(ctx, ids); err != nil {
		return err
	}
	if err := stop(); err != nil {
		return err
	}
	if d.most != may {
		return fmt.Errorf("%d were handled at once, want at most %d", d.most, may)
	}
	return nil
}

func checkResent(ctx context.Context, s *queueScene) error {
	ids, err := s.publish(ctx, 9)
	if err != nil {
		return err
	}
	d := newDesk(func(_ context.Context, id domain.JobID, n int) error {
		switch {
		case id == ids[0] && n <= 2:
			panic("this is part of the test")
		case id == ids[1] && n <= 3, n == 1:
			return errInterrupted
		}
		return nil
	})
	stop := s.consume(ctx, 3, d)
	if err := d.waitForAll(ctx, ids); err != nil {
		return err
	}
	return stop()
}

func checkHalfway(ctx context.Context, s *queueScene) error {
	ids, err := s.publish(ctx, 60)
	if err != nil {
		return err
	}
	var begun atomic.Int64
	first := newDesk(func(context.Context, domain.JobID, int) error {
		if begun.Add(1) > 10 {
			return errInterrupted
		}
		return nil
	})
	stop := s.consume(ctx, 4, first)
	if err := first.wait(ctx, "some jobs are done", func() bool { return len(first.done) == 10 && begun.Load() > 10 }); err != nil {
		return err
	}
	if err := stop(); err != nil {
		return err
	}
	then := newDesk(atEase)
	stop = s.consume(ctx, 4, then)
	if err := then.waitForAll(ctx, ids, first); err != nil {
		return err
	}
	return stop()
}

// checkUnderWay lets a consumer stop while it works on a job, which must then
// be gone.
func checkUnderWay(ctx context.Context, s *queueScene) error {
	ids, err := s.publish(ctx, 1)
	if err != nil {
		return err
	}
	gate, told := make(chan struct{}), false
	open := sync.OnceFunc(func() { close(gate) })
	defer open()
	d := newDesk(func(handling context.Context, _ domain.JobID, _ int) error {
		select {
		case <-gate:
		case <-handling.Done():
			told = true
		}
		return nil
	})
	stop := s.consume(ctx, 2, d)
	if err := d.wait(ctx, "the job is begun", func() bool { return d.atOnce == 1 }); err != nil {
		return err
	}
	stopped := make(chan error, 1)
	s.consuming.Go(func() { stopped <- stop() })
	select {
	case <-stopped:
		if told {
			return errors.New("a job that is under way was told to stop")
		}
		return errors.New("Consume did not wait for a job that is under way")
	case <-time.After(moment):
	}
	open()
	if err := <-stopped; err != nil {
		return err
	}
	return s.isGone(ctx, ids[0])
}

// isGone returns an error if a job comes again.
func (s *queueScene) isGone(ctx context.Context, id domain.JobID) error {
	d := newDesk(atEase)
	stop := s.consume(ctx, 2, d)
	later, err := s.publish(ctx, 1)
	if err != nil {
		return err
	}
	if err := d.waitForAll(ctx, later); err != nil {
		return err
	}
	<-time.After(moment)
	if err := stop(); err != nil {
		return err
	}
	if d.begun[id] > 0 {
		return errors.New("a job that is done came again")
	}
	return nil
}
