package redis

import (
	"context"
	"log/slog"
	"math"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Tolerance is how many calls in a row fail before no more are made.
const Tolerance = tolerance

// OpenPatient returns a Client that waits longer, so that a busy machine does
// not look like a dead server.
func OpenPatient(address string, log *slog.Logger) (*Client, error) {
	return open(address, log, 20*time.Second, tolerance)
}

// OpenUnguarded returns a Client without a breaker.
func OpenUnguarded(address string, log *slog.Logger) (*Client, error) {
	return open(address, log, bound, math.MaxUint32)
}

// NewSignalOn returns a Signal on a channel of its own, which asks the server
// for an answer when nothing was heard for so long.
func NewSignalOn(client *Client, channel string, patience time.Duration) *Signal {
	return &Signal{client, channel, patience}
}

// Forget deletes a value from the local level.
func (c *Cache) Forget(ctx context.Context, id domain.OrganizationID, key ports.CacheKey) {
	name, _ := tenantSpace(id).key(key)
	_ = c.local.Delete(ctx, name)
}
