package redis

import (
	"context"
	"fmt"
	"hash/maphash"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// RateLimiter is a ports.RateLimiter that all processes share. It goes by the
// clock of the server.
type RateLimiter struct {
	client *Client
	take   *goredis.Script

	// turns has room for one call each. Those under one key wait for each other,
	// before their time begins to count: many at once would all want
	// connections, and the last of them look as if nobody answered.
	turns [64]chan struct{}
	seed  maphash.Seed
}

var _ ports.RateLimiter = (*RateLimiter)(nil)

// NewRateLimiter returns a RateLimiter on the client.
func NewRateLimiter(client *Client) *RateLimiter {
	l := &RateLimiter{client: client, take: goredis.NewScript(takeRate), seed: maphash.MakeSeed()}
	for i := range l.turns {
		l.turns[i] = make(chan struct{}, 1)
	}
	return l
}

// takeRate is domain.Rate.Take, for the server to run: nobody else is served
// meanwhile. It is given interval and tolerance, in microseconds, and returns
// whether the use is allowed, and how much is owed after it. An instant in
// microseconds is well below what Lua's numbers hold exactly, 2^53.
const takeRate = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local paid_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next = paid_at + ARGV[1]
if next - now > tonumber(ARGV[2]) then
	return {0, paid_at - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
return {1, next - now}
`

// Allow implements ports.RateLimiter. It takes one round trip, and fails at
// once while the server is down.
func (l *RateLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	turn := l.turns[maphash.String(l.seed, key)%uint64(len(l.turns))]
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return domain.RateDecision{}, ctx.Err()
	}
	var said []int64
	err := l.client.do(ctx, func(ctx context.Context) (err error) {
		said, err = l.take.Run(ctx, l.client.redis, []string{rateKey(key)}, rate.Interval().Microseconds(), rate.Tolerance().Microseconds()).Int64Slice()
		return err
	})
	switch {
	case ctx.Err() != nil:
		return domain.RateDecision{}, ctx.Err()
	case err == nil && len(said) != 2:
		err = fmt.Errorf("redis answers %d numbers, not 2", len(said))
	}
	if err != nil {
		return domain.RateDecision{}, fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	return rate.Decision(said[0] == 1, time.Duration(said[1])*time.Microsecond), nil
}
