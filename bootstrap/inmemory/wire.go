//go:build wireinject

package inmemory

import (
	"context"

	"github.com/google/wire"

	"rowhouse/adapters/blob"
	"rowhouse/adapters/imaging"
	"rowhouse/adapters/memory"
	"rowhouse/adapters/unidecode"
	"rowhouse/bootstrap"
	"rowhouse/core/demo"
	"rowhouse/ports"
)

// adapters binds every driven port.
var adapters = wire.NewSet(
	memory.NewMailbox, wire.Bind(new(ports.Mailer), new(*memory.Mailbox)), wire.Bind(new(ports.Mailbox), new(*memory.Mailbox)),
	openBlobs, wire.Bind(new(ports.Blobs), new(*blob.Store)),
	imaging.DefaultConfig, imaging.New, wire.Bind(new(ports.Images), new(*imaging.Images)),
	wire.Value(unidecode.Transliterator{}), wire.Bind(new(ports.Transliterator), new(unidecode.Transliterator)),
	wire.FieldsOf(new(Options), "Store", "Throttle", "Clock", "IDs", "Tokens", "Passwords"),
)

// New returns the whole product in one process, empty. The function that it
// returns closes it.
func New(ctx context.Context, config bootstrap.Config, version bootstrap.Version, logs bootstrap.Logs, options Options) (*App, func(), error) {
	panic(wire.Build(
		bootstrap.Core,
		bootstrap.Driving,
		adapters,
		demo.NewService,
		newAccountConfig,
		newChecks,
		wire.Struct(new(App), "*"),
	))
}
