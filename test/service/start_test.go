package service_test

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// refusing is how long a process takes at most to say why it does not start.
const refusing = 5 * time.Second

func TestServeWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	database := newProxy(t, d.Address())
	database.cut()
	p := launch(t, newEnvironment(t, d).with("DATABASE_URL", d.URLAt(postgres.RoleApp, database.address)))
	eventually(t, patience, "it says that it waits", func() bool {
		p.mustLive(t)
		return strings.Count(p.output(t), "waiting for PostgreSQL") >= 3
	})
	database.heal()
	back := time.Now()
	p.awaitReady(t)
	report(t, "ready %s after the database is there", time.Since(back))
	newPeople(t, d).newcomer(t, "Ada", p).found(t, "Acme")
}

// mustNotServe fails the test unless the process ends in time, with a reason
// that names all of this, and none of the secrets it was given.
func mustNotServe(t *testing.T, e environment, names ...string) {
	t.Helper()
	p := launch(t, e)
	state := p.awaitEnd(t, refusing)
	outcome{code: state.ExitCode(), output: p.output(t)}.mustRefuse(t, names...)
	mustNotTell(t, p.output(t))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// secret stands in for passwords.
const secret = "hunter2-hunter2"

func mustNotTell(t *testing.T, output string) {
	t.Helper()
	for _, hidden := range []string{secret, secretKey} {
		if strings.Contains(output, hidden) {
			t.Errorf("it told a secret: %s", output)
		}
	}
}

func TestServeRefusesToStart(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	works := newEnvironment(t, d)
	t.Run("as a superuser", func(t *testing.T) {
		t.Parallel()
		mustNotServe(t, works.with("DATABASE_URL", withPassword(d.URL(pgtest.Superuser))), "DATABASE_URL", "superuser", postgres.RoleApp)
	})
	t.Run("on a database without a schema", func(t *testing.T) {
		t.Parallel()
		mustNotServe(t, works.with("DATABASE_URL", withPassword(pgtest.Empty(t).URL(postgres.RoleApp))), "rowhouse migrate up")
	})
	t.Run("on a database that does not exist", func(t *testing.T) {
		t.Parallel()
		nowhere := must(url.Parse(works["DATABASE_URL"]))
		nowhere.Path = "/rowhouse_that_is_not_there"
		mustNotServe(t, works.with("DATABASE_URL", nowhere.String()), "rowhouse_that_is_not_there", "does not exist")
	})
	t.Run("without its variables, and names all of them", func(t *testing.T) {
		t.Parallel()
		for _, command := range []string{"serve", "seed"} {
			said := run(t, environment{"SECRET_KEY": secret, "DATABASE_MAX_WAIT": secret, "SMTP_URL": ""}, command)
			said.mustRefuse(t, "SECRET_KEY", "DATABASE_MAX_WAIT", "SMTP_URL", "PUBLIC_URL", "BLOB_URL", "DATABASE_URL", "REDIS_URL", "AMQP_URL", "MAIL_FROM")
			mustNotTell(t, said.output)
		}
	})
	t.Run("with addresses that are none, and does not repeat them", func(t *testing.T) {
		t.Parallel()
		for name, value := range map[string]string{
			"DATABASE_URL": "postgres://rowhouse_app:" + secret + "@localhost:port/rowhouse",
			"REDIS_URL":    "redis://:" + secret + "@localhost:port",
			"AMQP_URL":     "amqp://ada:" + secret + "@localhost:port",
			"SMTP_URL":     "smtp://ada:" + secret + "@localhost:port",
			"BLOB_URL":     "s4://" + secret,
		} {
			mustNotServe(t, works.with(name, value), name)
		}
	})
	t.Run("on an address that is taken", func(t *testing.T) {
		t.Parallel()
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		mustNotServe(t, works.with("LISTEN_ADDR", listener.Addr().String()), "LISTEN_ADDR", "address already in use")
	})
}

// withPassword adds a password that nobody asks for.
func withPassword(address string) string {
	u := must(url.Parse(address))
	if _, given := u.User.Password(); !given {
		u.User = url.UserPassword(u.User.Username(), secret)
	}
	return u.String()
}
