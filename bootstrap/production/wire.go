//go:build wireinject

package production

import (
	"context"

	"github.com/google/wire"

	"rowhouse/adapters/redis"
	"rowhouse/bootstrap"
)

// adapters binds the driven ports that bootstrap.Driven leaves.
var adapters = wire.NewSet(
	openDatabase, newRows, newStore, newThrottle, newRateLimiter,
	openRedis, redis.NewCache, redis.NewSignal,
	newServer, newMailer,
	wire.FieldsOf(new(Options), "Clock", "IDs", "Tokens", "Passwords"),
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
