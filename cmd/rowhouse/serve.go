package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"rowhouse/bootstrap"
	"rowhouse/bootstrap/production"
)

func newServeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Answer requests, on PostgreSQL and Redis",
		Long:  "Answer requests, on PostgreSQL and Redis. The configuration comes from the environment; .env.example documents all of it.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := bootstrap.LoadServiceConfig(os.Environ())
			if err != nil {
				return err
			}
			return withService(cmd.Context(), config, cmd.ErrOrStderr(), func(app *production.App) error {
				return runServe(cmd.Context(), config, app)
			})
		},
	}
}

func runServe(ctx context.Context, config bootstrap.ServiceConfig, app *production.App) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", config.ListenAddr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with LISTEN_ADDR)", err)
	}
	// What goes on beside requests goes on until the last one is answered.
	defer beside(ctx, app.Run)()
	if !config.RateLimits {
		app.Logs.Warn("RATE_LIMITS is off: requests may come as often as anybody likes")
	}
	app.Logs.Info("serving", "address", listener.Addr().String(), "public_url", config.PublicURL.String(), "version", version)
	return bootstrap.Serve(ctx, app.API, listener, app.Logs.Logger)
}

// beside starts what goes on beside requests, and returns what ends it. It does
// not end with ctx.
func beside(ctx context.Context, run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		run(ctx)
	}()
	return func() {
		cancel()
		<-stopped
	}
}
