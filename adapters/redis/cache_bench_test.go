package redis_test

import (
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/redis"
)

// What a value of 500 bytes costs, from either level.
func BenchmarkCache_Get(b *testing.B) {
	acme, key, value := newOrganizationID(), memberKey("ada"), []byte(strings.Repeat("0123456789", 50))
	client := openClient(b, redis.OpenPatient, address(b))
	cache := newCache(b, client)
	cache.Tenant(acme).Set(b.Context(), key, value, 10*time.Minute)
	b.Run("in the process", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, found := cache.Tenant(acme).Get(b.Context(), key); !found {
				b.Fatal("Get found nothing")
			}
		}
	})
	b.Run("on the server", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cache.Forget(b.Context(), acme, key)
			if _, found := cache.Tenant(acme).Get(b.Context(), key); !found {
				b.Fatal("Get found nothing")
			}
		}
	})
	closed := newCache(b, openClient(b, redis.Open, "redis://127.0.0.1:1"))
	b.Run("without a server", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, found := closed.Tenant(acme).Get(b.Context(), key); found {
				b.Fatal("Get found something")
			}
		}
	})
}
