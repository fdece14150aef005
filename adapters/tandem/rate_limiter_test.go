package tandem_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/redis"
	"rowhouse/adapters/system"
	"rowhouse/adapters/tandem"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// place is a limiter that can go away.
type place struct {
	ports.RateLimiter

	gone  atomic.Bool
	calls atomic.Int64
}

func newPlace() *place { return &place{RateLimiter: memory.NewRateLimiter(system.Clock{})} }

func (p *place) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	p.calls.Add(1)
	if p.gone.Load() {
		return domain.RateDecision{}, domain.ErrUnavailable
	}
	return p.RateLimiter.Allow(ctx, key, rate)
}

func three(first, second ports.RateLimiter) (limiters [porttest.Instances]ports.RateLimiter) {
	for i := range limiters {
		limiters[i] = tandem.NewRateLimiter(first, second)
	}
	return limiters
}

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]struct{ first, second bool }{
		"in both places": {}, "in the first alone": {second: true}, "in the second alone": {first: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.TestRateLimiter(t, func(*testing.T) [porttest.Instances]ports.RateLimiter {
				first, second := newPlace(), newPlace()
				first.gone.Store(gone.first)
				second.gone.Store(gone.second)
				return three(first, second)
			})
		})
	}
}

func TestRateSwitchOver(t *testing.T) {
	t.Parallel()
	porttest.TestRateSwitchOver(t, func(*testing.T) porttest.SwitchOver {
		first, second := newPlace(), newPlace()
		return porttest.SwitchOver{
			Limiters: three(first, second),
			CutFirst: func() { first.gone.Store(true) }, CutSecond: func() { second.gone.Store(true) },
		}
	})
}

func TestRateLimiter_SparesTheSecondPlace(t *testing.T) {
	t.Parallel()
	first, second := newPlace(), newPlace()
	limiter, rate := tandem.NewRateLimiter(first, second), domain.Rate{Limit: 2, Period: time.Hour, Burst: 2}
	for range 100 {
		if _, err := limiter.Allow(t.Context(), "ada", rate); err != nil {
			t.Fatal(err)
		}
	}
	if n := second.calls.Load(); n != rate.Limit {
		t.Errorf("the second place was asked %d times, want %d", n, rate.Limit)
	}
}

// Whichever place knows of more decides, and says how much is left.
func TestRateLimiter_BelievesTheStricterPlace(t *testing.T) {
	t.Parallel()
	rate := domain.Rate{Limit: 5, Period: time.Hour, Burst: 5}
	for name, used := range map[string]struct{ first, second int64 }{
		"the first":  {3, 0},
		"the second": {0, 3},
		"both":       {3, 3},
	} {
		t.Run(name+" knows of three", func(t *testing.T) {
			t.Parallel()
			first, second := newPlace(), newPlace()
			use := func(limiter ports.RateLimiter, times int64) (d domain.RateDecision) {
				t.Helper()
				for range times {
					var err error
					if d, err = limiter.Allow(t.Context(), "ada", rate); err != nil {
						t.Fatal(err)
					}
				}
				return d
			}
			use(first, used.first)
			use(second, used.second)
			limiter := tandem.NewRateLimiter(first, second)
			for _, remaining := range []int64{1, 0} {
				if d := use(limiter, 1); !d.Allowed || d.Remaining != remaining {
					t.Errorf("Allow = %+v, want it allowed and %d remaining", d, remaining)
				}
			}
			if d := use(limiter, 1); d.Allowed {
				t.Errorf("Allow = %+v, want it refused", d)
			}
		})
	}
}

// The same on the real servers, each process with its own connections to both.
func TestRateSwitchOver_FromRedisToPostgreSQL(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: without services")
	}
	porttest.TestRateSwitchOver(t, func(t *testing.T) porttest.SwitchOver {
		t.Helper()
		target, err := url.Parse(os.Getenv("TEST_REDIS_URL"))
		if err != nil || target.Host == "" {
			t.Fatal("TEST_REDIS_URL is not set: `make test` starts a server")
		}
		d := pgtest.New(t)
		toRedis, toPostgres := newWire(t, target.Host), newWire(t, d.Address())
		target.Host = toRedis.address
		s := porttest.SwitchOver{CutFirst: toRedis.cut, CutSecond: toPostgres.cut, Hasty: true}
		for i := range s.Limiters {
			client, err := redis.Open(target.String(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			store, err := postgres.Open(t.Context(), d.URLAt(postgres.RoleApp, toPostgres.address), postgres.PoolConfig{MaxWait: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(store.Close)
			s.Limiters[i] = tandem.NewRateLimiter(redis.NewRateLimiter(client), postgres.NewRateLimiter(store))
		}
		return s
	})
}

// wire leads to a server until it is cut.
type wire struct {
	address  string
	listener net.Listener

	mu    sync.Mutex
	conns []net.Conn
	isCut bool
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: listener.Addr().String(), listener: listener}
	t.Cleanup(w.cut)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.lead(client, server)
		}
	}()
	return w
}

func (w *wire) lead(client net.Conn, server string) {
	defer client.Close()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", server)
	if err != nil {
		return
	}
	defer conn.Close()
	if !w.keep(client, conn) {
		return
	}
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, conn)
	}()
	_, _ = io.Copy(conn, client)
}

func (w *wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, conns...)
	return !w.isCut
}

// cut breaks all connections, and takes no more.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = true
	_ = w.listener.Close()
	for _, conn := range w.conns {
		_ = conn.Close()
	}
}
