package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rowhouse/adapters/argon2"
	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/bootstrap/production"
	"rowhouse/core/domain"
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
			return runServe(cmd.Context(), config, cmd.ErrOrStderr())
		},
	}
}

func runServe(ctx context.Context, config bootstrap.ServiceConfig, output io.Writer) error {
	logs, flush := bootstrap.NewLogs(output, config.LogLevel)
	defer flush()
	app, closeApp, err := newService(ctx, config, logs)
	if err != nil {
		return err
	}
	defer closeApp()
	if err := awaitDatabase(ctx, app, logs); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", config.ListenAddr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with LISTEN_ADDR)", err)
	}
	// What goes on beside requests goes on until the last one is answered.
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		app.Run(beside)
	}()
	defer func() {
		stop()
		<-stopped
	}()
	logs.Info("serving", "address", listener.Addr().String(), "public_url", config.PublicURL.String(), "version", version)
	return bootstrap.Serve(ctx, app.API, listener, logs.Logger)
}

// newService assembles the product on real servers.
func newService(ctx context.Context, config bootstrap.ServiceConfig, logs bootstrap.Logs) (*production.App, func(), error) {
	return production.New(ctx, config, bootstrap.Version(version), logs, production.Options{
		Clock: system.Clock{}, IDs: system.IDs{}, Tokens: system.Tokens{}, Elapsed: system.NewStopwatch().Elapsed,
		Passwords: argon2.New(argon2.DefaultConfig()),
	})
}

// How long to wait for the database at the start, and between two tries.
const (
	databasePatience = time.Minute
	firstPause       = 100 * time.Millisecond
	longestPause     = 5 * time.Second
)

// awaitDatabase waits until the database answers. It does not wait where what
// it answers means that we must not run.
func awaitDatabase(ctx context.Context, app *production.App, logs bootstrap.Logs) error {
	waiting, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := app.Database.Check(waiting)
		if !errors.Is(err, domain.ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		logs.WarnContext(ctx, "waiting for PostgreSQL", "error", err)
		select {
		case <-time.After(pause):
		case <-waiting.Done():
			return fmt.Errorf("PostgreSQL did not answer within %s: %w", databasePatience, err)
		}
	}
}
