package porttest

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"rowhouse/core/domain"
)

// desk is a ports.QueueHandler that notes what comes.
type desk struct {
	// work is what Handle does with a job that comes for the nth time, from 1.
	work func(ctx context.Context, id domain.JobID, n int) error
	// refuse is what Reject does for the nth time.
	refuse func(n int) error

	mu       sync.Mutex
	begun    map[domain.JobID]int
	done     map[domain.JobID]bool
	rejected []rejection
	atOnce   int
	most     int           // the highest value of atOnce
	changed  chan struct{} // closed when something changes
}

type rejection struct {
	id     domain.JobID
	body   string
	reason string
}

func newDesk(work func(ctx context.Context, id domain.JobID, n int) error) *desk {
	return &desk{
		work: work, refuse: func(int) error { return nil },
		begun: map[domain.JobID]int{}, done: map[domain.JobID]bool{}, changed: make(chan struct{}),
	}
}

// atEase does nothing with a job.
func atEase(context.Context, domain.JobID, int) error { return nil }

// Handle implements ports.QueueHandler.
func (d *desk) Handle(ctx context.Context, id domain.JobID) error {
	var n int
	d.note(func() {
		d.begun[id]++
		n = d.begun[id]
		d.atOnce++
		d.most = max(d.most, d.atOnce)
	})
	defer d.note(func() { d.atOnce-- })
	err := d.work(ctx, id, n)
	if err == nil {
		d.note(func() { d.done[id] = true })
	}
	return err
}

// Reject implements ports.QueueHandler.
func (d *desk) Reject(_ context.Context, id domain.JobID, body []byte, reason string) error {
	var n int
	d.note(func() {
		d.rejected = append(d.rejected, rejection{id, string(bytes.Clone(body)), reason})
		n = len(d.rejected)
	})
	return d.refuse(n)
}

func (d *desk) note(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
	close(d.changed)
	d.changed = make(chan struct{})
}

// wait waits until something is so, or fails with what when the time is over.
func (d *desk) wait(ctx context.Context, what string, is func() bool) error {
	for {
		d.mu.Lock()
		reached, changed := is(), d.changed
		d.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("this did not happen: %s", what)
		}
	}
}

// waitForAll waits until all jobs are done, here or at another desk.
func (d *desk) waitForAll(ctx context.Context, ids []domain.JobID, others ...*desk) error {
	return d.wait(ctx, fmt.Sprintf("all %d jobs are done", len(ids)), func() bool {
		for _, id := range ids {
			done := d.done[id]
			for _, other := range others {
				done = done || other.hasDone(id)
			}
			if !done {
				return false
			}
		}
		return true
	})
}

func (d *desk) hasDone(id domain.JobID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done[id]
}
