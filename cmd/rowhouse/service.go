package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rowhouse/adapters/argon2"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/bootstrap/production"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// withService assembles the product on real servers, for as long as fn runs.
// The database has answered by then; what is logged goes to output.
func withService(ctx context.Context, config bootstrap.ServiceConfig, output io.Writer, fn func(*production.App) error) error {
	logs, flush := bootstrap.NewLogs(output, config.LogLevel)
	defer flush()
	app, closeApp, err := production.New(ctx, config, bootstrap.Version(version), logs, production.Options{
		Clock: system.Clock{}, RealClock: ports.RealClock{Clock: system.Clock{}}, IDs: system.IDs{}, Tokens: system.Tokens{}, Elapsed: system.NewStopwatch().Elapsed,
		Passwords: argon2.New(argon2.DefaultConfig()),
	})
	if err != nil {
		return err
	}
	defer closeApp()
	if err := awaitDatabase(ctx, app.Database, logs); err != nil {
		return err
	}
	return fn(app)
}

// How long to wait for the database at the start, and between two tries.
const (
	databasePatience = time.Minute
	firstPause       = 100 * time.Millisecond
	longestPause     = 5 * time.Second
)

// awaitDatabase waits until the database answers. It does not wait where what
// it answers means that we must not run.
func awaitDatabase(ctx context.Context, database *postgres.Store, logs bootstrap.Logs) error {
	waiting, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := database.Check(waiting)
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
