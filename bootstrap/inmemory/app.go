// Package inmemory assembles Rowhouse on in-memory adapters: one process that
// needs nothing else, for demos and tests.
package inmemory

import (
	"context"
	"time"

	"rowhouse/adapters/httpapi"
	"rowhouse/adapters/memory"
	"rowhouse/bootstrap"
	"rowhouse/core/account"
	"rowhouse/core/demo"
	"rowhouse/core/domain"
	"rowhouse/core/notification"
	"rowhouse/core/organization"
	"rowhouse/core/workspace"
	"rowhouse/ports"
)

// App is the assembled product, with a handle on what demos and tests hold.
type App struct {
	API           *httpapi.API
	Store         ports.Store
	Mailbox       *memory.Mailbox
	Notifications *notification.Service
	Accounts      *account.Service
	Organizations *organization.Service
	Workspaces    *workspace.Service
	Work          *bootstrap.Work
}

// Options are what demos and tests decide differently. All but the last are
// required.
type Options struct {
	Store    ports.Store
	Jobs     ports.Jobs // those of the store
	Queue    ports.Queue
	Throttle ports.Throttle
	// RateLimiter goes by real time, whatever Clock says.
	RateLimiter ports.RateLimiter
	Clock       demo.Clock
	RealClock   ports.RealClock
	IDs         ports.IDs
	Tokens      ports.Tokens
	Passwords   ports.Passwords
	Pace        bootstrap.Pace
	// VerifyAtOnce counts an address as proven on sign-up.
	VerifyAtOnce bool
}

func newAccountConfig(config bootstrap.Config, options Options) account.Config {
	return account.Config{Key: config.SecretKey, VerifyAtOnce: options.VerifyAtOnce}
}

// newDemoWork returns what a demo does when its clock has been moved: it does
// all that is due by then, and waits for what is on its way through the queue.
func newDemoWork(work *bootstrap.Work, jobs ports.Jobs) demo.Work {
	return func(ctx context.Context) error {
		if err := work.Scheduler.Tick(ctx); err != nil {
			return err
		}
		if _, err := work.Worker.Drain(ctx); err != nil {
			return err
		}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			left, err := jobs.List(ctx, domain.JobQueued, "", domain.PageRequest{Limit: 1})
			if err != nil || len(left.Items) == 0 {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// newChecks returns what readiness reports: nothing here can be down.
func newChecks() []httpapi.Check { return nil }
