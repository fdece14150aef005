package httpapi

import (
	"context"
	"sync/atomic"
	"time"
)

// requestTimeout bounds what a handler waits for. Fiber does not notice when a
// client goes away.
const requestTimeout = 15 * time.Second

// deadline is a context that ends requestTimeout after it began. It starts a
// timer only when somebody waits for it: most answers come from memory, where
// a timer would cost more than finding them.
type deadline struct {
	context.Context

	ends    time.Time
	started atomic.Pointer[timer]
}

type timer struct {
	context.Context //nolint:containedctx // it is what the deadline becomes

	cancel context.CancelFunc
}

func (d *deadline) begin(parent context.Context, now time.Time) {
	d.Context, d.ends = parent, now.Add(requestTimeout)
}

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) { return d.ends, true }

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} { return d.start().Done() }

// Err implements context.Context. Until somebody waits there is nothing to
// tell: whoever asks for Done gets a channel that is closed in time.
func (d *deadline) Err() error {
	if t := d.started.Load(); t != nil {
		return t.Err()
	}
	return nil
}

func (d *deadline) start() *timer {
	if t := d.started.Load(); t != nil {
		return t
	}
	ctx, cancel := context.WithDeadline(d.Context, d.ends)
	t := &timer{Context: ctx, cancel: cancel}
	if !d.started.CompareAndSwap(nil, t) {
		cancel() // somebody else was faster
	}
	return d.started.Load()
}

// release ends the context, as when the answer is there.
func (d *deadline) release() {
	if t := d.started.Load(); t != nil {
		t.cancel()
	}
}
