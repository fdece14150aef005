package redis_test

import (
	"testing"
	"time"

	"rowhouse/adapters/redis"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestCache(t *testing.T) {
	t.Parallel()
	porttest.TestCache(t, openCaches)
}

func TestCacheNamespace(t *testing.T) {
	t.Parallel()
	porttest.TestCacheNamespace(t, openCaches)
}

func openCaches(t *testing.T) (one, another ports.Cache) {
	t.Helper()
	return newCache(t, openClient(t, redis.OpenPatient, address(t))), newCache(t, openClient(t, redis.OpenPatient, address(t)))
}

func TestSignal(t *testing.T) {
	t.Parallel()
	porttest.TestSignal(t, func(t *testing.T) (one, another ports.Signal) {
		t.Helper()
		channel := redis.SignalChannel + ":" + string(newOrganizationID())
		return redis.NewSignalOn(openClient(t, redis.OpenPatient, address(t)), channel, time.Minute),
			redis.NewSignalOn(openClient(t, redis.OpenPatient, address(t)), channel, time.Minute)
	})
}

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	porttest.TestRateLimiter(t, func(t *testing.T) (limiters [porttest.Instances]ports.RateLimiter) {
		t.Helper()
		for i := range limiters {
			limiters[i] = redis.NewRateLimiter(openClient(t, redis.OpenPatient, address(t)))
		}
		return limiters
	})
}
