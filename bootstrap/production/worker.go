package production

import (
	"context"
	"fmt"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/smtp"
	"rowhouse/bootstrap"
	"rowhouse/ports"
)

// Worker is what does the jobs, on the role of the database that may see them
// across tenants.
type Worker struct {
	Work     *bootstrap.Work
	Jobs     ports.Jobs
	Database *postgres.Store
}

// WorkerOptions are what tests decide differently.
type WorkerOptions struct {
	Clock     ports.Clock
	RealClock ports.RealClock
	IDs       ports.IDs
	// Mailer sends mail instead of the server of SMTP_URL; nil for that.
	Mailer ports.Mailer
}

func openWorkerDatabase(ctx context.Context, config bootstrap.ServiceConfig) (*postgres.Store, func(), error) {
	store, err := postgres.Open(ctx, config.DatabaseWorkerURL, postgres.PoolConfig{
		MaxConnections: config.DatabaseMaxConnections, MaxWait: workerPatience,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("DATABASE_WORKER_URL: %w", err)
	}
	return store, store.Close, nil
}

// workerPatience is how long a job waits for a connection: nobody waits for it.
const workerPatience = 10 * time.Second

func newMailer(server *smtp.Mailer, options WorkerOptions) ports.Mailer {
	if options.Mailer != nil {
		return options.Mailer
	}
	return server
}

func newPace(config bootstrap.ServiceConfig) bootstrap.Pace {
	return bootstrap.Pace{Relay: 200 * time.Millisecond, Schedule: 10 * time.Second, Concurrency: config.WorkerConcurrency}
}
