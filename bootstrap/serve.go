package bootstrap

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"rowhouse/adapters/httpapi"
)

// drainTimeout is how long requests have to finish once the process is told to
// stop.
const drainTimeout = 25 * time.Second

// Serve answers requests on the listener until ctx ends, then finishes those
// that are under way.
func Serve(ctx context.Context, api *httpapi.API, listener net.Listener, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() { failed <- api.App.Listener(httpapi.NewListener(listener)) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping: finishing the requests under way")
	api.Drain()
	if err := api.App.ShutdownWithTimeout(drainTimeout); err != nil {
		return fmt.Errorf("stop serving HTTP: %w", err)
	}
	return nil
}
