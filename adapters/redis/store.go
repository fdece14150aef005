package redis

import (
	"context"
	"errors"
	"time"

	"github.com/eko/gocache/lib/v4/store"
	redisstore "github.com/eko/gocache/store/redis/v4"
	goredis "github.com/redis/go-redis/v9"
)

// guardedStore is gocache's store for Redis, behind the breaker.
type guardedStore struct {
	*redisstore.RedisStore

	client *Client
}

func newGuardedStore(client *Client) guardedStore {
	return guardedStore{redisstore.NewRedis(client.redis), client}
}

// GetWithTTL returns a string and how long it lasts; a negative time means
// forever. It takes one round trip, where that of RedisStore takes two, and is
// exact to a millisecond, where that rounds half a second to zero.
func (s guardedStore) GetWithTTL(ctx context.Context, key any) (any, time.Duration, error) {
	name, _ := key.(string)
	var value *goredis.StringCmd
	var ttl *goredis.DurationCmd
	err := s.client.do(ctx, func(ctx context.Context) error {
		_, err := s.client.redis.Pipelined(ctx, func(pipe goredis.Pipeliner) error {
			value, ttl = pipe.Get(ctx, name), pipe.PTTL(ctx, name)
			return nil
		})
		return err
	})
	switch {
	case errors.Is(err, goredis.Nil):
		return nil, 0, store.NotFoundWithCause(err)
	case err != nil:
		return nil, 0, err
	}
	return value.Val(), ttl.Val(), nil
}

// Set keeps a string.
func (s guardedStore) Set(ctx context.Context, key, value any, options ...store.Option) error {
	return s.client.do(ctx, func(ctx context.Context) error {
		return s.RedisStore.Set(ctx, key, value, options...)
	})
}
