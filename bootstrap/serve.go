package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"rowhouse/adapters/httpapi"
)

const (
	// leaveTimeout is how long clients that keep a connection have to be told
	// that it ends.
	leaveTimeout = time.Second
	// drainTimeout is how long requests have to finish once the process is told
	// to stop.
	drainTimeout = 25 * time.Second
)

// Serve answers requests on the listener until ctx ends, then finishes those
// that are under way.
func Serve(ctx context.Context, api *httpapi.API, listener net.Listener, log *slog.Logger) error {
	var leaving atomic.Bool
	server := api.App.Server()
	server.Handler = closing(server.Handler, &leaving)
	listener = httpapi.NewListener(listener)
	failed := make(chan error, 1)
	go func() { failed <- api.App.Listener(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping: finishing the requests under way")
	api.Drain()
	leaving.Store(true)
	_ = listener.Close() // whoever connects from now on is refused, and goes elsewhere
	failure := <-failed
	// Shutdown closes connections that are idle, and cannot tell that a request
	// is on its way on one: it could even be carried out and not be answered.
	// Those that are in use end by themselves before.
	awaitLeaving(server.GetOpenConnectionsCount)
	err := api.App.ShutdownWithTimeout(drainTimeout)
	if errors.Is(err, net.ErrClosed) { // the listener is
		err = nil
	}
	if err = errors.Join(failure, err); err != nil {
		return fmt.Errorf("stop serving HTTP: %w", err)
	}
	return nil
}

// closing makes each answer the last one on its connection, once leaving is
// set. Its client is told.
func closing[Ctx interface{ SetConnectionClose() }](serve func(Ctx), leaving *atomic.Bool) func(Ctx) {
	return func(c Ctx) {
		serve(c)
		if leaving.Load() {
			c.SetConnectionClose()
		}
	}
}

// awaitLeaving waits until no connection is open, or for leaveTimeout. The
// server counts one too few once it does not listen any more.
func awaitLeaving(open func() int32) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(leaveTimeout)
	for open() >= 0 {
		select {
		case <-tick.C:
		case <-timeout:
			return
		}
	}
}
