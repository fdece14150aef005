// Package inmemory assembles Rowhouse on in-memory adapters: one process that
// needs nothing else, for demos and tests.
package inmemory

import (
	"rowhouse/adapters/httpapi"
	"rowhouse/adapters/memory"
	"rowhouse/bootstrap"
	"rowhouse/core/account"
	"rowhouse/core/organization"
	"rowhouse/core/workspace"
	"rowhouse/ports"
)

// App is the assembled product, with a handle on what demos and tests hold.
type App struct {
	API           *httpapi.API
	Store         ports.Store
	Mailbox       *memory.Mailbox
	Accounts      *account.Service
	Organizations *organization.Service
	Workspaces    *workspace.Service
}

// Options are what demos and tests decide differently. All but the last are
// required.
type Options struct {
	Store    ports.Store
	Throttle ports.Throttle
	// RateLimiter goes by real time, whatever Clock says.
	RateLimiter ports.RateLimiter
	Clock       ports.Clock
	IDs         ports.IDs
	Tokens      ports.Tokens
	Passwords   ports.Passwords
	// VerifyAtOnce counts an address as proven on sign-up.
	VerifyAtOnce bool
}

func newAccountConfig(config bootstrap.Config, options Options) account.Config {
	return account.Config{Key: config.SecretKey, VerifyAtOnce: options.VerifyAtOnce}
}

// newChecks returns what readiness reports: nothing here can be down.
func newChecks() []httpapi.Check { return nil }
