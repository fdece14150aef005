package redis_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"rowhouse/adapters/redis"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// patience is how long tests wait for what must happen sooner or later. It is
// twice as long as anything may take to recover.
const patience = 20 * time.Second

// address returns that of a Redis server, which others use meanwhile.
func address(t testing.TB) string {
	t.Helper()
	address := os.Getenv("TEST_REDIS_URL")
	switch {
	case address != "":
	case testing.Short():
		t.Skip("-short: without services")
	default:
		t.Fatal("TEST_REDIS_URL is not set: `make test` starts a server")
	}
	return address
}

// opener is Open, or what takes its place.
type opener func(address string, log *slog.Logger) (*redis.Client, error)

func openClient(t testing.TB, open opener, address string) *redis.Client {
	t.Helper()
	client, err := open(address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func newCache(t testing.TB, client *redis.Client) *redis.Cache {
	t.Helper()
	cache, closeCache, err := redis.NewCache(client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeCache)
	return cache
}

// rawClient returns a connection that can do everything.
func rawClient(t testing.TB) *goredis.Client {
	t.Helper()
	options, err := goredis.ParseURL(address(t))
	if err != nil {
		t.Fatal(err)
	}
	client := goredis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}

// newOrganizationID returns an id that no other test uses.
func newOrganizationID() domain.OrganizationID {
	const digits = "0123456789abcdef"
	id := []byte("xxxxxxxx-xxxx-7xxx-axxx-xxxxxxxxxxxx")
	for i := range id {
		if id[i] == 'x' {
			id[i] = digits[rand.N(len(digits))]
		}
	}
	return domain.OrganizationID(id)
}

func memberKey(id string) ports.CacheKey { return ports.CacheKey{Kind: "member", ID: id, Version: 1} }

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for since := time.Now(); !is(); <-again.C {
		if time.Since(since) > patience {
			t.Fatalf("%s did not happen", what)
		}
	}
}

// logbook is what was logged.
type logbook struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(line)
}

// count returns how many lines contain the text.
func (l *logbook) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.lines.String(), text)
}

func (l *logbook) opener(open opener) opener {
	return func(address string, _ *slog.Logger) (*redis.Client, error) {
		return open(address, slog.New(slog.NewTextHandler(l, nil)))
	}
}

// listenTCP returns a listener, and serves its connections until the test ends.
func listenTCP(t *testing.T, serve func(net.Conn)) net.Listener {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("err = %v, want %v", err, want)
	}
}
