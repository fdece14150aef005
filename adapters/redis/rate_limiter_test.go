package redis_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"strconv"
	"testing"
	"time"

	"rowhouse/adapters/redis"
	"rowhouse/core/domain"
)

var fivePerHour = domain.Rate{Limit: 5, Period: time.Hour, Burst: 5}

// nameOfRate is where the server keeps what was done under a key.
func nameOfRate(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "g:rate:" + hex.EncodeToString(sum[:])
}

func TestRateLimiter_KeepsLittle(t *testing.T) {
	t.Parallel()
	limiter, raw, key := redis.NewRateLimiter(openClient(t, redis.OpenPatient, address(t))), rawClient(t), string(newOrganizationID())
	for used := range 2 {
		decision, err := limiter.Allow(t.Context(), key, fivePerHour)
		if err != nil {
			t.Fatal(err)
		}
		// It is forgotten once nothing is owed, to a millisecond.
		left, err := raw.PTTL(t.Context(), nameOfRate(key)).Result()
		if err != nil || left <= 0 || left > decision.ResetAfter+time.Millisecond {
			t.Errorf("after use %d the key lasts %v, %v; want at most %v", used+1, left, err, decision.ResetAfter)
		}
	}
	if held, err := raw.Get(t.Context(), nameOfRate(key)).Result(); err != nil || len(held) != len("1700000000000000") {
		t.Errorf("the server keeps %q, %v; want an instant in microseconds", held, err)
	}
}

// What is owed beyond all measure, as after the clock of the server was set
// back, opens nothing. Nor does what is no instant.
func TestRateLimiter_RefusesWhatItCannotCount(t *testing.T) {
	t.Parallel()
	limiter, raw := redis.NewRateLimiter(openClient(t, redis.OpenPatient, address(t))), rawClient(t)
	t.Run("an instant that is far away", func(t *testing.T) {
		t.Parallel()
		key := string(newOrganizationID())
		later := time.Now().Add(100 * time.Hour)
		if err := raw.Set(t.Context(), nameOfRate(key), strconv.FormatInt(later.UnixMicro(), 10), time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		decision, err := limiter.Allow(t.Context(), key, fivePerHour)
		if err != nil || decision.Allowed || decision.Remaining != 0 || decision.RetryAfter < 99*time.Hour {
			t.Errorf("Allow = %+v, %v; want it refused for long", decision, err)
		}
	})
	t.Run("a value of another type", func(t *testing.T) {
		t.Parallel()
		key := string(newOrganizationID())
		if err := raw.LPush(t.Context(), nameOfRate(key), "x").Err(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { raw.Del(context.Background(), nameOfRate(key)) })
		wantUnavailable(t, limiter, key)
	})
}

func wantUnavailable(t *testing.T, limiter *redis.RateLimiter, key string) {
	t.Helper()
	decision, err := limiter.Allow(t.Context(), key, fivePerHour)
	wantError(t, err, domain.ErrUnavailable)
	if decision != (domain.RateDecision{}) {
		t.Errorf("decision = %+v, want none", decision)
	}
}

func TestRateLimiter_FailsAtOnceWithoutAServer(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){"never answers": swallow, "hangs up": refuse, "is not ready": fail} {
		t.Run("one that "+name, func(t *testing.T) {
			t.Parallel()
			server := newBroken(t, serve)
			limiter := redis.NewRateLimiter(openClient(t, redis.Open, server.address))
			began := time.Now()
			for range 1000 {
				wantUnavailable(t, limiter, "key")
			}
			if took := time.Since(began); took > patience {
				t.Errorf("1000 calls took %v", took)
			}
			if tried := server.tried.Load(); tried > 100 {
				t.Errorf("the server was tried %d times", tried)
			}
		})
	}
}
