//go:build wireinject

package production

import (
	"context"

	"github.com/google/wire"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/rabbitmq"
	"rowhouse/adapters/redis"
	"rowhouse/bootstrap"
	"rowhouse/ports"
)

// adapters binds the driven ports that bootstrap.Driven leaves.
var adapters = wire.NewSet(
	openDatabase, newRows, newStore, newThrottle, newRateLimiter,
	openRedis, redis.NewCache, redis.NewSignal,
	openQueue, newServer,
	wire.FieldsOf(new(Options), "Clock", "RealClock", "IDs", "Tokens", "Passwords"),
)

// New returns the whole product. It connects to nothing yet. The function that
// it returns closes it.
func New(ctx context.Context, config bootstrap.ServiceConfig, version bootstrap.Version, logs bootstrap.Logs, options Options) (*App, func(), error) {
	panic(wire.Build(
		bootstrap.Core,
		bootstrap.Driving,
		bootstrap.Driven,
		adapters,
		noDemo,
		newAccountConfig,
		newChecks,
		wire.FieldsOf(new(bootstrap.ServiceConfig), "Config"),
		wire.Struct(new(App), "*"),
	))
}

// NewWorker returns what does the jobs. It connects to nothing yet. The
// function that it returns closes it.
func NewWorker(ctx context.Context, config bootstrap.ServiceConfig, logs bootstrap.Logs, options WorkerOptions) (*Worker, func(), error) {
	panic(wire.Build(
		bootstrap.Working,
		openWorkerDatabase, wire.Bind(new(ports.Store), new(*postgres.Store)),
		postgres.NewJobs, wire.Bind(new(ports.Jobs), new(*postgres.Jobs)),
		openQueue, wire.Bind(new(ports.Queue), new(*rabbitmq.Queue)),
		newServer, newMailer,
		newPace, bootstrap.NewSecretKey,
		wire.FieldsOf(new(WorkerOptions), "Clock", "RealClock", "IDs"),
		wire.FieldsOf(new(bootstrap.ServiceConfig), "Config"),
		wire.FieldsOf(new(bootstrap.Logs), "Logger"),
		wire.Struct(new(Worker), "*"),
	))
}
