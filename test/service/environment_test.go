package service_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/rabbitmq/rabbittest"
)

// patience is how long tests wait for what must happen sooner or later, on a
// machine that does much else.
const patience = 30 * time.Second

// secretKey is that of all processes here, so that they take each other's
// cookies.
const secretKey = "YSBrZXkgZm9yIHRlc3RzIHRoYXQgaXMgbG9uZyBlbm91Z2g="

// environment is the configuration of a process: all that it gets to know.
type environment map[string]string

// newEnvironment returns one that works, on a database. The port is chosen by
// the operating system. Nobody takes mails. Tests crowd, so nobody is turned
// away for waiting, or for coming too often. Nobody else has its queues.
func newEnvironment(t *testing.T, d *pgtest.Database) environment {
	t.Helper()
	return environment{
		"LISTEN_ADDR": "127.0.0.1:0", "PUBLIC_URL": "http://localhost:8000", "SECRET_KEY": secretKey, "BLOB_URL": "mem://",
		"DATABASE_URL": d.URL(postgres.RoleApp), "DATABASE_MAX_WAIT": "1m", "REDIS_URL": redisURL(t),
		"DATABASE_WORKER_URL": d.URL(postgres.RoleWorker), "AMQP_URL": rabbittest.URL(t), "AMQP_PREFIX": newPrefix(d),
		"RATE_LIMITS": "off", "SMTP_URL": "smtp://127.0.0.1:9?tls=none", "MAIL_FROM": "Rowhouse <no-reply@example.com>",
	}
}

// jobs and dead are what the queues of an environment are called.
func (e environment) jobs() string { return e["AMQP_PREFIX"] + ".jobs.v1" }
func (e environment) dead() string { return e["AMQP_PREFIX"] + ".dead.v1" }

// prefixes are those of all environments so far.
var prefixes struct {
	sync.Mutex

	all []string
}

// newPrefix is for the queues of one environment: a database is handed on to
// the next test, queues are not.
func newPrefix(d *pgtest.Database) string {
	prefixes.Lock()
	defer prefixes.Unlock()
	prefix := fmt.Sprintf("%s_%d", d.Name(), len(prefixes.all))
	prefixes.all = append(prefixes.all, prefix)
	return prefix
}

// deleteQueues deletes the queues of all environments. It is for when all tests
// are over: in RabbitMQ 3.10, a queue that goes when it has only just come ends
// the supervisor of all that keep messages until the dead queue has them, and
// the broker declares no such queue from then on.
func deleteQueues() error {
	address := os.Getenv("TEST_AMQP_URL")
	if address == "" || len(prefixes.all) == 0 {
		return nil
	}
	var names []string
	for _, prefix := range prefixes.all {
		e := environment{"AMQP_PREFIX": prefix}
		names = append(names, e.jobs(), e.dead())
	}
	return rabbittest.Delete(address, names...)
}

// with returns the environment with another value.
func (e environment) with(name, value string) environment {
	changed := maps.Clone(e)
	changed[name] = value
	return changed
}

func (e environment) list() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		list = append(list, name+"="+e[name])
	}
	return list
}

func redisURL(t *testing.T) string {
	t.Helper()
	address := os.Getenv("TEST_REDIS_URL")
	if address == "" {
		t.Fatal("TEST_REDIS_URL is not set: `make test` starts a server")
	}
	return address
}

// eventually waits until something is so, and returns how long that took.
func eventually(t *testing.T, within time.Duration, what string, is func() bool) time.Duration {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	since := time.Now()
	for !is() {
		if time.Since(since) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
		<-again.C
	}
	return time.Since(since)
}
