// Package redis shares a cache, a signal and counts of requests between
// processes by way of a Redis server. None of it is needed: without the server
// everything works, more slowly.
package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/sony/gobreaker/v2"
)

// What a server that does not answer may cost.
const (
	// bound is how long a call takes at most, connecting included.
	bound = 50 * time.Millisecond
	// tolerance is how many calls in a row fail before no more are made.
	tolerance = 3
	// rest is how long none are made then. One tries again after that.
	rest = time.Second
	// idle is how long an unused connection is trusted. After an outage all of
	// them may be dead, and each would cost a try.
	idle = 2 * time.Second
)

// errAbandoned is a call whose caller did not wait for it. It says nothing
// about the server.
var errAbandoned = errors.New("the caller has gone")

// Client is a connection to a Redis server that may be down.
type Client struct {
	redis   *goredis.Client
	breaker *gobreaker.CircuitBreaker[struct{}]
	bound   time.Duration
	log     *slog.Logger
}

// Open returns a Client for an address like redis://user:password@host:6379/0,
// or rediss:// for TLS. It does not connect, so it does not matter whether the
// server is up. The log hears when it goes down, and when it is back. An error
// means that this is no such address.
func Open(address string, log *slog.Logger) (*Client, error) {
	return open(address, log, bound, tolerance)
}

func open(address string, log *slog.Logger, bound time.Duration, tolerance uint32) (*Client, error) {
	options, err := goredis.ParseURL(address)
	if err != nil {
		// Not with the cause, which can quote the password.
		return nil, errors.New("open redis: the address is not like redis://user:password@host:6379/0")
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = bound, bound, bound, bound
	options.ContextTimeoutEnabled = true // the sum of these is bounded, too
	options.DialerRetries, options.MaxRetries = 1, -1
	options.ConnMaxIdleTime, options.MinIdleConns = idle, 0
	options.PipelinePoolSize = -1                       // two commands at once do not need a pool of their own
	options.Protocol, options.DisableIdentity = 2, true // nothing to negotiate on a new connection
	logging.Disable()                                   // go-redis has one logger for the whole process; the breaker tells ours
	return &Client{
		redis: goredis.NewClient(options), breaker: newBreaker(log, tolerance), bound: bound, log: log,
	}, nil
}

func newBreaker(log *slog.Logger, tolerance uint32) *gobreaker.CircuitBreaker[struct{}] {
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:      rest,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= tolerance },
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, goredis.Nil) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errAbandoned) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed:
				log.Warn("redis does not answer: going on without")
			case to == gobreaker.StateClosed:
				log.Info("redis answers again")
			}
		},
	})
}

// Ping returns an error if the server does not answer in time, or did not
// answer a moment ago.
func (c *Client) Ping(ctx context.Context) error {
	return c.do(ctx, func(ctx context.Context) error { return c.redis.Ping(ctx).Err() })
}

// Close closes all connections. What is still called does no harm.
func (c *Client) Close() { _ = c.redis.Close() }

// do makes a call, unless the last ones have failed.
func (c *Client) do(ctx context.Context, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := c.breaker.Execute(func() (struct{}, error) {
		bounded, cancel := context.WithTimeout(ctx, c.bound)
		defer cancel()
		err := call(bounded)
		if err != nil && (ctx.Err() != nil || isTimeout(err) && sameDeadline(ctx, bounded)) {
			err = fmt.Errorf("%w: %w", errAbandoned, err)
		}
		return struct{}{}, err
	})
	return err
}

// sameDeadline says whether the bound came to nothing, since the caller waits
// no longer than that anyway.
func sameDeadline(ctx, bounded context.Context) bool {
	theirs, ok := ctx.Deadline()
	ours, _ := bounded.Deadline()
	return ok && theirs.Equal(ours)
}

// isTimeout says whether the error only means that nothing came in time.
func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
