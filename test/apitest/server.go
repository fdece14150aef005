// Package apitest runs the whole product behind its HTTP API, for tests, and
// speaks to it as browsers and programs do. Every answer that comes back is
// held against the OpenAPI document.
package apitest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/httpapi"
	"rowhouse/adapters/memory"
	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// PublicURL is where the product under test believes to be reached.
const PublicURL = "http://rowhouse.test"

// Server is the product under test.
type Server struct {
	API     *httpapi.API
	Store   ports.Store
	Mailbox *memory.Mailbox
	Work    *bootstrap.Work

	Clock     *memory.Clock
	Passwords *Passwords
	Logs      *Logs

	transport *http.Transport
	contract  *contract
	people    atomic.Int64
}

// wiring is what tests decide about the assembly.
type wiring struct {
	inMemory     bool
	verifyAtOnce bool
	passwords    ports.Passwords
	store        func(ports.Store) ports.Store
	throttle     func(ports.Throttle) ports.Throttle
	rateLimiter  func(ports.RateLimiter) ports.RateLimiter
	redis        string // its address; "" for the tests' own
}

// Option changes how the product under test is assembled.
type Option func(*bootstrap.Config, *wiring)

// InMemory runs the product in memory, as demos do, whatever the other tests
// run on.
func InMemory(_ *bootstrap.Config, w *wiring) { w.inMemory = true }

// Unverified makes addresses wait for their link, as in service mode.
func Unverified(_ *bootstrap.Config, w *wiring) { w.verifyAtOnce = false }

// OverHTTPS lets the product believe that it is reached over HTTPS.
func OverHTTPS(c *bootstrap.Config, _ *wiring) { c.PublicURL.Scheme = "https" }

// BehindProxy trusts the test's own address as a proxy.
func BehindProxy(c *bootstrap.Config, _ *wiring) { c.TrustedProxies = []string{"127.0.0.1"} }

// LimitingRates lets requests come as often as in service mode by default, and
// no more. Nobody else counts with this server, on Redis neither.
func LimitingRates(c *bootstrap.Config, _ *wiring) {
	c.SecretKey = domain.SecretKey(system.Tokens{}.New())
	defaults := must(bootstrap.LoadDemoConfig([]string{"RATE_LIMITS=on"}, func() []byte { return c.SecretKey }))
	c.RateConfig = defaults.RateConfig
}

// WithoutRedis lets nobody answer where Redis is expected. In memory there is
// none anyway.
func WithoutRedis(_ *bootstrap.Config, w *wiring) { w.redis = "redis://127.0.0.1:1" }

// WithStore lets the product use another store around its own, for controls:
// variants that are broken on purpose and must be found out.
func WithStore(wrap func(ports.Store) ports.Store) Option {
	return func(_ *bootstrap.Config, w *wiring) { w.store = wrap }
}

// WithThrottle is WithStore for the throttle.
func WithThrottle(wrap func(ports.Throttle) ports.Throttle) Option {
	return func(_ *bootstrap.Config, w *wiring) { w.throttle = wrap }
}

// WithRateLimiter is WithStore for the rate limiter.
func WithRateLimiter(wrap func(ports.RateLimiter) ports.RateLimiter) Option {
	return func(_ *bootstrap.Config, w *wiring) { w.rateLimiter = wrap }
}

// WithPasswords lets the product use other passwords than s.Passwords.
func WithPasswords(passwords ports.Passwords) Option {
	return func(_ *bootstrap.Config, w *wiring) { w.passwords = passwords }
}

// WithConfig changes the configuration.
func WithConfig(change func(*bootstrap.Config)) Option {
	return func(c *bootstrap.Config, _ *wiring) { change(c) }
}

// New starts the product, empty, on a clock that stands still until a test
// moves it. Requests may come as often as they like. It stops with the test. See OnRealServers for what it runs on.
func New(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	s := &Server{Clock: memory.NewClock(), Passwords: &Passwords{}, Logs: &Logs{}}
	config := bootstrap.Config{
		PublicURL: must(url.Parse(PublicURL)), BlobURL: "mem://", LogLevel: slog.LevelInfo,
		SecretKey: domain.SecretKey("a key for tests that is long enough"),
	}
	w := wiring{
		verifyAtOnce: true, passwords: s.Passwords,
		store:       func(store ports.Store) ports.Store { return store },
		throttle:    func(throttle ports.Throttle) ports.Throttle { return throttle },
		rateLimiter: func(limiter ports.RateLimiter) ports.RateLimiter { return limiter },
	}
	for _, option := range options {
		option(&config, &w)
	}
	var closeApp func()
	if OnRealServers() && !w.inMemory {
		closeApp = s.assembleProduction(tb, config, w)
	} else {
		closeApp = s.assembleInMemory(tb, config, w)
	}
	s.contract = newContract(tb, s.API)
	s.listen(tb, closeApp)
	return s
}

// Mails does what waits to be done, and returns the mails to an address, newest
// first.
func (s *Server) Mails(tb testing.TB, to domain.Email) []domain.Mail {
	tb.Helper()
	s.Settle(tb)
	mails, err := s.Mailbox.List(tb.Context(), to)
	if err != nil {
		tb.Fatal(err)
	}
	return mails
}

// Settle does the jobs that wait to be done. None may fail.
func (s *Server) Settle(tb testing.TB) {
	tb.Helper()
	outcomes, err := s.Work.Worker.Drain(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	for _, o := range outcomes {
		if o.Failure != nil {
			tb.Errorf("job %s: %v", o.Job.Kind, o.Failure)
		}
	}
}

func (s *Server) logs() bootstrap.Logs {
	return bootstrap.Logs{Logger: slog.New(slog.NewJSONHandler(s.Logs, nil)), Requests: s.Logs}
}

// listen serves on a free port of this machine.
func (s *Server) listen(tb testing.TB, closeApp func()) {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.API.App.Listener(httpapi.NewListener(listener)) }()
	s.transport = &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, listener.Addr().String())
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 256,
	}
	tb.Cleanup(func() {
		if failures := s.Logs.Failures(); tb.Failed() && failures != "" {
			tb.Logf("the product logged:\n%s", failures)
		}
		s.transport.CloseIdleConnections()
		if err := s.API.App.Shutdown(); err != nil {
			tb.Errorf("stop serving: %v", err)
		}
		// A server that was not asked anything may not even listen yet.
		_ = listener.Close()
		if err := <-stopped; err != nil && !errors.Is(err, net.ErrClosed) {
			tb.Errorf("serve: %v", err)
		}
		closeApp()
	})
}

// Dial opens a bare connection, for requests that no client would send.
func (s *Server) Dial(tb testing.TB) net.Conn {
	tb.Helper()
	conn, err := s.transport.DialContext(tb.Context(), "tcp", "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Passwords is a ports.Passwords that hashes at once and counts.
type Passwords struct {
	Verifications atomic.Int64
	// Held, while it is not nil, keeps verifications waiting until it is
	// closed, so that a test can have many under way at once.
	Held chan struct{}
}

// Hash implements ports.Passwords.
func (*Passwords) Hash(_ context.Context, password string) (domain.PasswordHash, error) {
	sum := sha256.Sum256([]byte(password))
	return domain.PasswordHash(hex.EncodeToString(sum[:])), nil
}

// Verify implements ports.Passwords.
func (p *Passwords) Verify(ctx context.Context, password string, hash domain.PasswordHash) (match, outdated bool, err error) {
	p.Verifications.Add(1)
	if p.Held != nil {
		select {
		case <-p.Held:
		case <-time.After(10 * time.Second):
		}
	}
	want, err := p.Hash(ctx, password)
	return hash != "" && hash == want, false, err
}

// Logs keeps what was logged.
type Logs struct {
	// Discard keeps nothing, for benchmarks.
	Discard bool

	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Discard {
		return len(p), nil
	}
	return l.text.Write(p)
}

// String returns everything that was logged.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Failures returns the lines about failures that nobody foresaw.
func (l *Logs) Failures() string {
	var failures strings.Builder
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			failures.WriteString(line)
		}
	}
	return failures.String()
}

var _ io.Writer = (*Logs)(nil)
