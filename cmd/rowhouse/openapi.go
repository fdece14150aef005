package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"rowhouse/adapters/argon2"
	"rowhouse/adapters/memory"
	"rowhouse/adapters/memory/memqueue"
	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/bootstrap/inmemory"
	"rowhouse/ports"
)

func newOpenAPICommand() *cobra.Command {
	return &cobra.Command{
		Use:   "openapi",
		Short: "Write the OpenAPI document, without a server",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := bootstrap.LoadDemoConfig(nil, newKey)
			if err != nil {
				return err
			}
			app, closeApp, err := newDemo(cmd.Context(), config, bootstrap.Logs{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				return err
			}
			defer closeApp()
			document, err := app.API.Document()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), string(document))
			return err
		},
	}
}

// newDemo assembles the product in memory, empty.
func newDemo(ctx context.Context, config bootstrap.Config, logs bootstrap.Logs) (*inmemory.App, func(), error) {
	store := memory.NewStore()
	store.SetClock(system.Clock{})
	return inmemory.New(ctx, config, bootstrap.Version(version), logs, inmemory.Options{
		Store: store, Jobs: memory.NewJobs(store), Queue: memqueue.New(logs.Logger, time.Second), Throttle: memory.NewThrottle(system.Clock{}),
		RateLimiter: memory.NewRateLimiter(system.Clock{}),
		Clock:       memory.NewMovedClock(system.Clock{}), RealClock: ports.RealClock{Clock: system.Clock{}},
		IDs: system.IDs{}, Tokens: system.Tokens{}, Passwords: argon2.New(argon2.DefaultConfig()),
		Pace: bootstrap.DemoPace(), VerifyAtOnce: true,
	})
}
