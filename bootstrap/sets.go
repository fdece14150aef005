package bootstrap

import (
	"context"
	"fmt"

	"github.com/google/wire"

	"rowhouse/adapters/blob"
	"rowhouse/adapters/httpapi"
	"rowhouse/adapters/imaging"
	"rowhouse/adapters/unidecode"
	"rowhouse/core/account"
	"rowhouse/core/billing"
	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/invitation"
	"rowhouse/core/mailing"
	"rowhouse/core/membership"
	"rowhouse/core/metering"
	"rowhouse/core/notification"
	"rowhouse/core/organization"
	"rowhouse/core/ratelimit"
	"rowhouse/core/slug"
	"rowhouse/core/workspace"
	"rowhouse/ports"
)

// Core builds every use case from ports alone. Each assembly adds a set of
// adapters that binds the ports; wire refuses to build if one is missing.
var Core = wire.NewSet(
	account.NewService,
	billing.NewService,
	image.NewStore,
	invitation.NewService,
	mailing.NewJobs,
	membership.NewService,
	metering.NewService,
	organization.NewService,
	ratelimit.NewService,
	slug.NewMaker,
	workspace.NewService,
	NewSecretKey, NewRateLimits,
)

// Driving builds the adapters through which the world reaches the core.
var Driving = wire.NewSet(
	httpapi.New,
	wire.FieldsOf(new(Logs), "Logger"),
	NewHTTPConfig,
	wire.Struct(new(httpapi.Services), "*"),
)

// Driven builds the driven adapters that are the same in every assembly. The
// others an assembly brings itself.
var Driven = wire.NewSet(
	OpenBlobs, wire.Bind(new(ports.Blobs), new(*blob.Store)),
	imaging.DefaultConfig, imaging.New, wire.Bind(new(ports.Images), new(*imaging.Images)),
	wire.Value(unidecode.Transliterator{}), wire.Bind(new(ports.Transliterator), new(unidecode.Transliterator)),
)

// Version is the release that this binary was built from.
type Version string

// NewSecretKey provides what makes tokens and authenticates what comes back.
func NewSecretKey(config Config) domain.SecretKey { return config.SecretKey }

// NewPublicURL provides the address that links in mails are made from.
func NewPublicURL(config Config) notification.PublicURL {
	return notification.PublicURL(config.PublicURL.String())
}

// NewRateLimits provides how often requests may come.
func NewRateLimits(config Config) ratelimit.Config {
	return ratelimit.Config{Key: config.SecretKey, Rates: config.Rates()}
}

// NewHTTPConfig provides what the HTTP API needs to know.
func NewHTTPConfig(config Config, version Version, clock ports.Clock, ids ports.IDs, logs Logs, checks []httpapi.Check) httpapi.Config {
	return httpapi.Config{
		PublicURL: config.PublicURL, TrustedProxies: config.TrustedProxies, Key: config.SecretKey,
		Version: string(version), Now: clock.Now, NewID: ids.New, Requests: logs.Requests, Checks: checks,
	}
}

// OpenBlobs provides the store of files that BLOB_URL names, and what closes it.
func OpenBlobs(ctx context.Context, config Config) (*blob.Store, func(), error) {
	blobs, closeBlobs, err := blob.Open(ctx, config.BlobURL)
	if err != nil {
		return nil, nil, fmt.Errorf("BLOB_URL: %w", err)
	}
	return blobs, closeBlobs, nil
}
