// Package service_test runs the product as those do who operate it: as
// processes of their own, on a real PostgreSQL, Redis and RabbitMQ, with the
// faults in between that networks and servers have.
package service_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"rowhouse/adapters/postgres/pgtest"
)

// binary is the product, built for these tests.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	if careless := os.Getenv("CARELESS"); careless != "" {
		beCareless(careless) // until it is killed
	}
	if testing.Short() {
		os.Exit(m.Run()) // every test leaves itself out
	}
	// Most of these tests wait for a clock, not for the machine. Those that keep
	// it busy take turns, see busy.
	if !isSet("test.parallel") {
		if err := flag.Set("test.parallel", "32"); err != nil {
			fail(err)
		}
	}
	if err := build(); err != nil {
		fail(err)
	}
	code := pgtest.Run(m)
	if err := deleteQueues(); err != nil {
		fmt.Fprintln(os.Stderr, "service: delete the queues:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func isSet(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "service:", err)
	os.Exit(1)
}

// build builds the product beside the test's own binary, in a folder that
// go test makes and removes.
func build() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	binary = filepath.Join(filepath.Dir(self), "rowhouse-under-test")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/rowhouse") //nolint:noctx // as long as it takes
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the product: %w\n%s", err, out)
	}
	return nil
}

var machine sync.Mutex

// busy returns when no other test of this package keeps the machine busy. Until
// the test ends it may: what is measured here is the product, not how tests get
// into each other's way.
func busy(t *testing.T) {
	t.Helper()
	machine.Lock()
	t.Cleanup(machine.Unlock)
}

// report shows a figure, also where only what is printed is kept.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	fmt.Printf("service: %s: %s\n", t.Name(), line)
}
