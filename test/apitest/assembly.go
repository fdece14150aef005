package apitest

import (
	"cmp"
	"context"
	"os"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/memory/memqueue"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/bootstrap/inmemory"
	"rowhouse/bootstrap/production"
	"rowhouse/ports"
)

// OnRealServers reports whether the product under test runs on PostgreSQL and
// Redis, and not in memory: with TEST_ASSEMBLY=production. The tests are the
// same.
func OnRealServers() bool { return os.Getenv("TEST_ASSEMBLY") == "production" }

// Main runs the tests of a package and cleans up after them.
func Main(m *testing.M) {
	if OnRealServers() {
		pgtest.Main(m)
	}
	os.Exit(m.Run())
}

func (s *Server) assembleInMemory(tb testing.TB, config bootstrap.Config, w wiring) (closeApp func()) {
	tb.Helper()
	store := memory.NewStore()
	store.SetClock(s.Clock)
	app, closeApp, err := inmemory.New(tb.Context(), config, "test", s.logs(), inmemory.Options{
		Store: w.store(store), Jobs: memory.NewJobs(store), Queue: memqueue.New(s.logs().Logger, time.Millisecond), Throttle: w.throttle(memory.NewThrottle(s.Clock)),
		RateLimiter: w.rateLimiter(memory.NewRateLimiter(system.Clock{})),
		Clock:       s.Clock, RealClock: ports.RealClock{Clock: s.Clock}, IDs: system.IDs{}, Tokens: system.Tokens{},
		Passwords: w.passwords, Pace: bootstrap.DemoPace(), VerifyAtOnce: w.verifyAtOnce,
	})
	if err != nil {
		tb.Fatal(err)
	}
	s.API, s.Store, s.Mailbox, s.Work = app.API, app.Store, app.Mailbox, app.Work
	return closeApp
}

// assembleProduction is production's own assembly, on a database of the test's
// own. What differs is what tests have to see or to decide: the clock, the
// mails, and passwords that are hashed at once. Tests crowd, so nobody is
// turned away for waiting.
func (s *Server) assembleProduction(tb testing.TB, config bootstrap.Config, w wiring) (closeApp func()) {
	tb.Helper()
	d := pgtest.New(tb)
	s.Mailbox = memory.NewMailbox()
	service := bootstrap.ServiceConfig{
		Config: config, DatabaseURL: d.URL(postgres.RoleApp), DatabaseMaxConnections: 12, DatabaseMaxWait: time.Minute,
		RedisURL: cmp.Or(w.redis, os.Getenv("TEST_REDIS_URL")), SMTPURL: "smtp://127.0.0.1:9", MailFrom: "no-reply@example.com",
		DatabaseWorkerURL: d.URL(postgres.RoleWorker), AMQPURL: os.Getenv("TEST_AMQP_URL"), AMQPPrefix: d.Name(), WorkerConcurrency: 4,
	}
	app, disconnect, err := production.New(tb.Context(), service, "test", s.logs(), production.Options{
		Clock: s.Clock, RealClock: ports.RealClock{Clock: s.Clock}, IDs: system.IDs{}, Tokens: system.Tokens{},
		Passwords: w.passwords, VerifyAtOnce: w.verifyAtOnce,
		Elapsed: system.NewStopwatch().Elapsed, Store: w.store, Throttle: w.throttle, RateLimiter: w.rateLimiter,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := app.Database.Check(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	worker, closeWorker, err := production.NewWorker(tb.Context(), service, s.logs(), production.WorkerOptions{
		Clock: s.Clock, RealClock: ports.RealClock{Clock: s.Clock}, IDs: system.IDs{}, Mailer: s.Mailbox,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := worker.Database.Check(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	s.API, s.Store, s.Work = app.API, app.Store, worker.Work
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		app.Run(ctx)
	}()
	return func() {
		stop()
		<-stopped
		closeWorker()
		disconnect()
	}
}
