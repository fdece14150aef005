package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	services "rowhouse/test/services"
)

// fails runs a command that must not be reached, and returns what is said.
func (m *machine) fails() string {
	m.t.Helper()
	r := m.runScript("echo ran")
	if r.exitCode() != 1 || r.out.Len() > 0 {
		m.t.Errorf("exit code %d, want 1; the command said %q", r.exitCode(), r.out.String())
	}
	if left := m.left(); len(left) > 0 {
		m.t.Errorf("left behind: %q", left)
	}
	return r.errOut.String()
}

func (m *machine) mustSay(said string, all ...string) {
	m.t.Helper()
	for _, want := range all {
		if !strings.Contains(said, want) {
			m.t.Errorf("it says %q, want %q in it", said, want)
		}
	}
}

func TestAMissingServerIsAFailure(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	if err := os.Remove(filepath.Join(m.bin, "redis-server")); err != nil {
		t.Fatal(err)
	}
	m.mustSay(m.fails(), "Redis is not installed", "make setup", "Docker", "TEST_REDIS_URL")
	if m.recorded() != "" {
		t.Errorf("started: %s", m.recorded())
	}
}

func TestOlder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version, oldest string
		want            bool
	}{
		{"3.9.27", "3.10", true},
		{"3.10", "3.10", false},
		{"3.10.8", "3.10", false},
		{"4.1.0", "3.10", false},
		{"3", "3.10", true},
		{"14.9", "15", true},
		{"15.18", "15", false},
		{"17", "15", false},
		{"1", "", false},
	} {
		if got := services.Older(tt.version, tt.oldest); got != tt.want {
			t.Errorf("Older(%q, %q) = %t", tt.version, tt.oldest, got)
		}
	}
}

func TestAServerWithoutAVersionIsAFailure(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	m.installServer("redis-server", "no number", "Ready to accept connections")
	m.mustSay(m.fails(), "does not say its version")
}

func TestAServerThatDoesNotStartIsAFailure(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	m.install("redis-server", `[ "$1" = --version ] && { echo 7.0; exit; }; echo "out of luck"; exit 3`)
	m.mustSay(m.fails(), "Redis did not start", "exit status 3", "out of luck")
}

func TestAServerThatEndsIsMentioned(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	r := m.runScript(`kill -9 "$TEST_POSTGRES_PID"; while kill -0 "$TEST_POSTGRES_PID" 2>/dev/null; do :; done`)
	m.mustSay(r.errOut.String(), "PostgreSQL ended before its time (signal: killed)")
}

func TestAPortThatIsTakenIsNotTheEnd(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	once := filepath.Join(m.temp, "once")
	m.install("redis-server", `[ "$1" = --version ] && { echo 7.0; exit; }
if [ ! -e "`+once+`" ]; then : > "`+once+`"; echo "bind: Address already in use"; exit 1; fi
echo "Ready to accept connections"; exec /bin/sleep 1000`)
	if err := os.Chmod(m.temp, 0o777); err != nil {
		t.Fatal(err)
	}
	if r := m.runScript("exit 5"); r.exitCode() != 5 {
		t.Errorf("exit code %d, want 5\n%s", r.exitCode(), &r.errOut)
	}
}
