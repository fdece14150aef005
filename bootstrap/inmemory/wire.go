//go:build wireinject

package inmemory

import (
	"context"

	"github.com/google/wire"

	"rowhouse/adapters/memory"
	"rowhouse/bootstrap"
	"rowhouse/core/demo"
	"rowhouse/ports"
)

// adapters binds the driven ports that bootstrap.Driven leaves.
var adapters = wire.NewSet(
	memory.NewMailbox, wire.Bind(new(ports.Mailer), new(*memory.Mailbox)), wire.Bind(new(ports.Mailbox), new(*memory.Mailbox)),
	wire.FieldsOf(new(Options), "Store", "Jobs", "Queue", "Throttle", "RateLimiter", "Clock", "RealClock", "IDs", "Tokens", "Passwords", "Pace"),
	wire.Bind(new(ports.Clock), new(demo.Clock)),
)

// New returns the whole product in one process, empty. The function that it
// returns closes it.
func New(ctx context.Context, config bootstrap.Config, version bootstrap.Version, logs bootstrap.Logs, options Options) (*App, func(), error) {
	panic(wire.Build(
		bootstrap.Core,
		bootstrap.Driving,
		bootstrap.Driven,
		bootstrap.Working,
		adapters,
		newDemoWork,
		demo.NewService,
		newAccountConfig,
		newChecks,
		wire.Struct(new(App), "*"),
	))
}
