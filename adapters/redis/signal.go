package redis

import (
	"context"
	"math/rand/v2"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"rowhouse/ports"
)

// SignalChannel is where signals go.
const SignalChannel = "rowhouse:changed"

// How a Signal gets over a connection that broke.
const (
	// patience is how long nothing may be heard before the server is asked for
	// an answer, and how long for that.
	patience = 5 * time.Second
	// The time between two tries doubles from one to the other.
	minPause, maxPause = 50 * time.Millisecond, 2 * time.Second
)

// Signal is a ports.Signal.
type Signal struct {
	client   *Client
	channel  string
	patience time.Duration
}

var _ ports.Signal = (*Signal)(nil)

// NewSignal returns a Signal on the client.
func NewSignal(client *Client) *Signal { return &Signal{client, SignalChannel, patience} }

// Send implements ports.Signal.
func (s *Signal) Send(ctx context.Context) error {
	return s.client.do(ctx, func(ctx context.Context) error {
		return s.client.redis.Publish(ctx, s.channel, "").Err()
	})
}

// Listen implements ports.Signal. It connects, and connects again, in a
// goroutine of its own.
func (s *Signal) Listen(ctx context.Context) <-chan struct{} {
	changed := make(chan struct{}, 1)
	go func() {
		defer close(changed)
		for try := 0; ctx.Err() == nil; try++ {
			heard, err := s.follow(ctx, changed)
			if heard {
				try = 0
			}
			if try == 0 && ctx.Err() == nil {
				s.client.log.Warn("signals can get lost: the subscription broke", "error", err)
			}
			pause(ctx, try)
		}
	}()
	return changed
}

// follow subscribes and passes on what it hears, until the connection breaks or
// ctx ends. It returns whether it heard anything.
func (s *Signal) follow(ctx context.Context, changed chan<- struct{}) (heard bool, err error) {
	subscription := s.client.redis.Subscribe(ctx)
	defer func() { _ = subscription.Close() }()
	// ReceiveTimeout does not end with ctx, but with the connection.
	defer context.AfterFunc(ctx, func() { _ = subscription.Close() })()
	if err := subscription.Subscribe(ctx, s.channel); err != nil {
		return false, err
	}
	for asked := false; ; {
		message, err := subscription.ReceiveTimeout(ctx, s.patience)
		if isTimeout(err) && !asked {
			asked, err = true, subscription.Ping(ctx)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return heard, err
		}
		asked = false
		switch message.(type) {
		case *goredis.Message, *goredis.Subscription: // before which others may have got lost
			heard = true
			select {
			case changed <- struct{}{}:
			default: // one waits to be taken
			}
		}
	}
}

// pause waits before the next try, for a random time so that not all processes
// come back at once.
func pause(ctx context.Context, try int) {
	longest := min(minPause<<min(try, 10), maxPause)
	select {
	case <-ctx.Done():
	case <-time.After(longest/2 + rand.N(longest/2)): //nolint:gosec // need not be a secret
	}
}
