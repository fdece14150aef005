package redis_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"

	"rowhouse/adapters/redis"
	"rowhouse/ports"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, address string }{
		{"nothing", ""},
		{"another scheme", "http://:secret@localhost:6379"},
		{"no scheme", "localhost:6379"},
		{"a port that is no number", "redis://:secret@localhost:port"},
		{"a password that is not escaped", "redis://:sec/ret@localhost:6379"},
		{"a database that is no number", "redis://:secret@localhost:6379/secret"},
		{"an unknown parameter", "redis://:secret@localhost:6379?secret=1"},
	} {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := redis.Open(tt.address, slog.New(slog.DiscardHandler))
			if err == nil || !strings.HasPrefix(err.Error(), "open redis: ") || strings.Contains(err.Error(), "sec") {
				t.Errorf("Open(%q) = %v, want an error that says what failed and no secret", tt.address, err)
			}
		})
	}
	for _, address := range []string{"redis://localhost:1", "rediss://user:secret@nowhere.invalid/3", "redis://[::1]:1/0?min_idle_conns=5"} {
		t.Run(address+" is taken", func(t *testing.T) {
			t.Parallel()
			if err := openClient(t, redis.Open, address).Ping(t.Context()); err == nil {
				t.Error("Ping = nil, want an error")
			}
		})
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	if err := openClient(t, redis.OpenPatient, address(t)).Ping(t.Context()); err != nil {
		t.Errorf("Ping = %v", err)
	}
}

// broken is a server that nobody gets an answer from. It counts who tried.
type broken struct {
	address string
	tried   atomic.Int64
}

// newBroken returns one that does with each connection as it is told.
func newBroken(t *testing.T, serve func(net.Conn)) *broken {
	t.Helper()
	b := &broken{}
	listener := listenTCP(t, func(conn net.Conn) {
		defer conn.Close()
		b.tried.Add(1)
		serve(conn)
	})
	b.address = "redis://" + listener.Addr().String()
	return b
}

func swallow(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func refuse(net.Conn) {}

func fail(conn net.Conn) {
	line := make([]byte, 1024)
	for {
		if _, err := conn.Read(line); err != nil {
			return
		}
		if _, err := conn.Write([]byte("-LOADING Redis is loading the dataset in memory\r\n")); err != nil {
			return
		}
	}
}

// callAll uses everything once.
func callAll(ctx context.Context, client *redis.Client, namespace ports.CacheNamespace) (found bool, err error) {
	namespace.Delete(ctx, memberKey("ada"))
	_, found = namespace.Get(ctx, memberKey("ada"))
	namespace.Set(ctx, memberKey("grace"), []byte("value"), time.Minute)
	return found, errors.Join(redis.NewSignal(client).Send(ctx), client.Ping(ctx))
}

func TestClient_LeavesABrokenServerAlone(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){"never answers": swallow, "hangs up": refuse} {
		t.Run("one that "+name, func(t *testing.T) {
			t.Parallel()
			server, log := newBroken(t, serve), &logbook{}
			// What is bounded stays so, whatever the address asks for.
			parameters := "?min_idle_conns=9&max_retries=9&dial_timeout=1h&read_timeout=1h&pool_timeout=1h&protocol=3"
			client := openClient(t, log.opener(redis.Open), server.address+parameters)
			cache, began := newCache(t, client), time.Now()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 50 {
						if found, err := callAll(t.Context(), client, cache.Tenant(newOrganizationID())); found || err == nil {
							t.Errorf("Get found something: %t; Send and Ping = %v; want none and an error", found, err)
						}
					}
				})
			}
			wg.Wait()
			// Those under way when the last one failed come on top, and one a second.
			most := redis.Tolerance + 3 + int64(time.Since(began)/time.Second)
			if tried := server.tried.Load(); tried < redis.Tolerance || tried > most {
				t.Errorf("the server was tried %d times, want %d to %d", tried, redis.Tolerance, most)
			}
			if n := log.count("redis does not answer"); n != 1 {
				t.Errorf("the log says %d times that it does not answer, want once", n)
			}
		})
	}
}

// The control to the test above: what is counted there grows with the calls.
func TestClient_WithoutABreakerTriesEachTime(t *testing.T) {
	t.Parallel()
	server := newBroken(t, swallow)
	client := openClient(t, redis.OpenUnguarded, server.address)
	cache := newCache(t, client).Tenant(newOrganizationID())
	for range 3 {
		if found, err := callAll(t.Context(), client, cache); found || err == nil {
			t.Errorf("Get found something: %t; Send and Ping = %v; want none and an error", found, err)
		}
	}
	if tried := server.tried.Load(); tried != 3*5 {
		t.Errorf("the server was tried %d times, want %d", tried, 3*5)
	}
}

func TestClient_TakesAnErrorForNoAnswer(t *testing.T) {
	t.Parallel()
	client := openClient(t, redis.Open, newBroken(t, fail).address)
	for i := range redis.Tolerance {
		if err := client.Ping(t.Context()); err == nil || errors.Is(err, gobreaker.ErrOpenState) {
			t.Fatalf("Ping %d = %v, want what the server says", i, err)
		}
	}
	if err := client.Ping(t.Context()); !errors.Is(err, gobreaker.ErrOpenState) {
		t.Errorf("Ping = %v, want %v", err, gobreaker.ErrOpenState)
	}
}

// Who does not wait says nothing about the server.
func TestClient_DoesNotCountWhoHasGone(t *testing.T) {
	t.Parallel()
	client := openClient(t, redis.OpenPatient, newBroken(t, swallow).address)
	for range 3 * redis.Tolerance {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if err := client.Ping(ctx); err == nil || errors.Is(err, gobreaker.ErrOpenState) {
			t.Fatalf("Ping = %v, want the caller's timeout", err)
		}
		cancel()
	}
}
