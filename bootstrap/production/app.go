// Package production assembles Rowhouse on real servers: PostgreSQL, Redis,
// RabbitMQ and a mail server.
package production

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rowhouse/adapters/httpapi"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/adapters/rabbitmq"
	"rowhouse/adapters/redis"
	"rowhouse/adapters/smtp"
	"rowhouse/adapters/tandem"
	"rowhouse/bootstrap"
	"rowhouse/core/account"
	"rowhouse/core/demo"
	"rowhouse/core/organization"
	"rowhouse/core/workspace"
	"rowhouse/ports"
)

// App is the assembled product.
type App struct {
	API           *httpapi.API
	Store         ports.Store
	Accounts      *account.Service
	Organizations *organization.Service
	Workspaces    *workspace.Service

	Database *postgres.Store
	Rows     *rowcache.Store
	Clock    ports.Clock
	Logs     bootstrap.Logs
}

// Options are what tests decide differently.
type Options struct {
	Clock     ports.Clock
	RealClock ports.RealClock
	IDs       ports.IDs
	Tokens    ports.Tokens
	Passwords ports.Passwords
	// Elapsed is a clock that only goes forward, whatever Clock does.
	Elapsed rowcache.Elapsed
	// Store, Throttle and RateLimiter are put around the real ones; nil leaves
	// them as they are.
	Store       func(ports.Store) ports.Store
	Throttle    func(ports.Throttle) ports.Throttle
	RateLimiter func(ports.RateLimiter) ports.RateLimiter
	// VerifyAtOnce counts an address as proven on sign-up.
	VerifyAtOnce bool
}

// Run does what goes on beside requests, until ctx ends: it follows what other
// processes change, and sweeps up.
func (a *App) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { a.Rows.Run(ctx) })
	wg.Go(func() { a.sweep(ctx) })
	wg.Wait()
}

const sweepInterval = time.Minute

func (a *App) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := a.Database.Sweep(ctx, a.Clock.Now()); err != nil && ctx.Err() == nil {
			a.Logs.WarnContext(ctx, "cannot sweep up", "error", err)
		}
	}
}

func newAccountConfig(config bootstrap.ServiceConfig, options Options) account.Config {
	return account.Config{Key: config.SecretKey, VerifyAtOnce: options.VerifyAtOnce}
}

func openDatabase(ctx context.Context, config bootstrap.ServiceConfig) (*postgres.Store, func(), error) {
	store, err := postgres.Open(ctx, config.DatabaseURL, postgres.PoolConfig{
		MaxConnections: config.DatabaseMaxConnections, MaxWait: config.DatabaseMaxWait,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return store, store.Close, nil
}

func openRedis(config bootstrap.ServiceConfig, logs bootstrap.Logs) (*redis.Client, func(), error) {
	client, err := redis.Open(config.RedisURL, logs.Logger)
	if err != nil {
		return nil, nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	return client, client.Close, nil
}

func openQueue(config bootstrap.ServiceConfig, logs bootstrap.Logs) (*rabbitmq.Queue, func(), error) {
	queue, err := rabbitmq.Open(config.AMQPURL, logs.Logger, rabbitmq.Options{Prefix: config.AMQPPrefix})
	if err != nil {
		return nil, nil, fmt.Errorf("AMQP_URL: %w", err)
	}
	return queue, queue.Close, nil
}

func newRows(database *postgres.Store, cache *redis.Cache, signal *redis.Signal, options Options) *rowcache.Store {
	return rowcache.New(database, cache, signal, options.Elapsed)
}

func newStore(rows *rowcache.Store, options Options) ports.Store {
	rows.SetClock(options.RealClock) // limits on attempts go by it
	if options.Store != nil {
		return options.Store(rows)
	}
	return rows
}

func newThrottle(database *postgres.Store, clock ports.Clock, options Options) ports.Throttle {
	throttle := postgres.NewThrottle(database, clock)
	if options.Throttle != nil {
		return options.Throttle(throttle)
	}
	return throttle
}

// newRateLimiter counts in Redis, which is asked first, and in the database.
func newRateLimiter(client *redis.Client, database *postgres.Store, options Options) ports.RateLimiter {
	limiter := tandem.NewRateLimiter(redis.NewRateLimiter(client), postgres.NewRateLimiter(database))
	if options.RateLimiter != nil {
		return options.RateLimiter(limiter)
	}
	return limiter
}

func newServer(config bootstrap.ServiceConfig) (*smtp.Mailer, func(), error) {
	mailer, err := smtp.New(config.SMTPURL, config.MailFrom)
	if err != nil {
		return nil, nil, fmt.Errorf("SMTP_URL, MAIL_FROM: %w", err)
	}
	return mailer, mailer.Close, nil
}

// newChecks returns what readiness reports. Only the database decides: the rest
// can be down for a while.
func newChecks(database *postgres.Store, client *redis.Client, queue *rabbitmq.Queue, server *smtp.Mailer) []httpapi.Check {
	return []httpapi.Check{
		{Name: "postgresql", Gating: true, Probe: database.Ping},
		{Name: "migrations", Gating: true, Probe: database.CheckSchema},
		{Name: "redis", Probe: client.Ping},
		{Name: "rabbitmq", Probe: queue.Ping},
		{Name: "smtp", Probe: server.Ping},
	}
}

// noDemo leaves out what only demos have.
func noDemo() *demo.Service { return nil }
