//go:build wireinject

package production

import (
	"context"

	"github.com/google/wire"

	"rowhouse/adapters/blob"
	"rowhouse/adapters/imaging"
	"rowhouse/adapters/redis"
	"rowhouse/adapters/unidecode"
	"rowhouse/bootstrap"
	"rowhouse/ports"
)

// adapters binds every driven port.
var adapters = wire.NewSet(
	openDatabase, newRows, newStore, newThrottle,
	openRedis, redis.NewCache, redis.NewSignal,
	newServer, newMailer,
	openBlobs, wire.Bind(new(ports.Blobs), new(*blob.Store)),
	imaging.DefaultConfig, imaging.New, wire.Bind(new(ports.Images), new(*imaging.Images)),
	wire.Value(unidecode.Transliterator{}), wire.Bind(new(ports.Transliterator), new(unidecode.Transliterator)),
	wire.FieldsOf(new(Options), "Clock", "IDs", "Tokens", "Passwords"),
)

// New returns the whole product. It connects to nothing yet. The function that
// it returns closes it.
func New(ctx context.Context, config bootstrap.ServiceConfig, version bootstrap.Version, logs bootstrap.Logs, options Options) (*App, func(), error) {
	panic(wire.Build(
		bootstrap.Core,
		bootstrap.Driving,
		adapters,
		noDemo,
		newAccountConfig,
		newChecks,
		wire.FieldsOf(new(bootstrap.ServiceConfig), "Config"),
		wire.Struct(new(App), "*"),
	))
}
