package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// variables prints what a command finds.
const variables = `echo "$TEST_DATABASE_URL $TEST_REDIS_URL $TEST_PGBOUNCER_URL $TEST_AMQP_URL"`

func TestGivenServersAreUsedAsTheyAre(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	m.set("TEST_DATABASE_URL=postgres://db", "TEST_REDIS_URL=redis://r", "TEST_PGBOUNCER_URL=postgres://b", "TEST_AMQP_URL=amqp://q")
	r := m.runScript(variables)
	if want := "postgres://db redis://r postgres://b amqp://q\n"; r.exitCode() != 0 || r.out.String() != want {
		t.Errorf("exit code %d, the command found %q, want %q\n%s", r.exitCode(), r.out.String(), want, &r.errOut)
	}
	if m.recorded() != "" {
		t.Errorf("started: %s", m.recorded())
	}
}

func TestServersAreStartedAndStopped(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	r := m.runScript(variables + `; kill -0 "$TEST_POSTGRES_PID" && echo PostgreSQL lives`)
	if r.exitCode() != 0 {
		t.Fatalf("exit code %d\n%s", r.exitCode(), &r.errOut)
	}
	for _, want := range []string{"postgres://postgres@127.0.0.1:", " redis://127.0.0.1:", " postgres://127.0.0.1:", " amqp://guest:guest@127.0.0.1:", "PostgreSQL lives"} {
		if !strings.Contains(r.out.String(), want) {
			t.Errorf("the command found %q, want %q in it", r.out.String(), want)
		}
	}
	for _, want := range []string{"PostgreSQL 17.2 on 127.0.0.1:", "Redis 7.4.1 on 127.0.0.1:", "PgBouncer 1.23.1 on 127.0.0.1:", "RabbitMQ 3.12.1 on 127.0.0.1:"} {
		if !strings.Contains(r.errOut.String(), want) {
			t.Errorf("it says %q, want %q in it", r.errOut.String(), want)
		}
	}
	for _, want := range []string{"postgres ", "redis-server ", "pgbouncer ", "rabbitmq-server ", "epmd "} {
		if strings.Count(m.recorded(), want) != 1 {
			t.Errorf("started %q, want %sonce", m.recorded(), want)
		}
	}
	if left := m.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestOnlyWhatIsNotGivenIsStarted(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	m.install("pgbouncer", `[ "$1" = --version ] && { echo 1.18; exit; }
/bin/cat "$1" users >> "`+m.record+`"; echo "process up"; exec /bin/sleep 1000`)
	m.set("TEST_DATABASE_URL=postgres://ada:pass%22word@db.example:5433/any")
	r := m.runScript(`echo "$TEST_DATABASE_URL $TEST_POSTGRES_PID"`)
	if want := "postgres://ada:pass%22word@db.example:5433/any \n"; r.exitCode() != 0 || r.out.String() != want {
		t.Errorf("exit code %d, the command found %q, want %q\n%s", r.exitCode(), r.out.String(), want, &r.errOut)
	}
	if strings.Contains(m.recorded(), "postgres ") {
		t.Errorf("started %q, want no PostgreSQL", m.recorded())
	}
	for _, want := range []string{"* = host=db.example port=5433\n", `"ada" "pass""word"`, `"rowhouse_app" ""`} {
		if !strings.Contains(m.recorded(), want) {
			t.Errorf("PgBouncer is told %s, want %s in it", m.recorded(), want)
		}
	}
}

func TestAServerCanBeLeftOut(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installAll()
	m.flags = []string{"-without", "rabbitmq", "-without=pgbouncer"}
	if err := os.Remove(filepath.Join(m.bin, "epmd")); err != nil {
		t.Fatal(err)
	}
	r := m.runScript(`echo "$TEST_REDIS_URL|$TEST_AMQP_URL$TEST_PGBOUNCER_URL"`)
	if r.exitCode() != 0 || !strings.HasPrefix(r.out.String(), "redis://") || !strings.HasSuffix(r.out.String(), "|\n") {
		t.Errorf("exit code %d, the command found %q, want Redis and neither of the two\n%s", r.exitCode(), r.out.String(), &r.errOut)
	}
	if strings.Contains(m.recorded(), "rabbitmq") || strings.Contains(m.recorded(), "pgbouncer") {
		t.Errorf("started %q", m.recorded())
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		flags, command []string
		want           string
	}{
		"no command":        {nil, nil, "a command is missing"},
		"an unknown server": {[]string{"-without", "mysql"}, []string{"true"}, "there are postgres, redis, pgbouncer, rabbitmq"},
		"an unknown flag":   {[]string{"-with", "redis"}, []string{"true"}, "-with"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.flags = tt.flags
			r := m.start(tt.command...)
			_ = r.cmd.Wait()
			if r.exitCode() != 2 {
				t.Errorf("exit code %d, want 2", r.exitCode())
			}
			m.mustSay(r.errOut.String(), tt.want, "usage: services [-without SERVER]… -- COMMAND")
		})
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 137, "exec no-such-command": 127} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.installAll()
			if r := m.runScript(script); r.exitCode() != want {
				t.Errorf("exit code %d, want %d\n%s", r.exitCode(), want, &r.errOut)
			}
		})
	}
	t.Run("of a command that does not exist", func(t *testing.T) {
		t.Parallel()
		m := newMachine(t)
		m.installAll()
		r := m.start("no-such-command")
		_ = r.cmd.Wait()
		if r.exitCode() != 127 || !strings.Contains(r.errOut.String(), "no-such-command") {
			t.Errorf("exit code %d, want 127\n%s", r.exitCode(), &r.errOut)
		}
	})
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"Ctrl+C": syscall.SIGINT, "a polite kill": syscall.SIGTERM, "kill -9": syscall.SIGKILL} {
		t.Run(name+" leaves nothing behind", func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.installAll()
			// What the command has started in turn is to go as well.
			r := m.startScript(`/bin/sleep 1000 & echo "grandchild $!" >> "` + m.record + `"; echo "command $$" >> "` + m.record + `"; wait`)
			m.waitForRecord("command ")
			if len(m.left()) != 8 {
				t.Errorf("before: %q, want 4 servers, one for names, 2 processes of the command and a folder", m.left())
			}
			if err := r.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = r.cmd.Wait()
			if want := 128 + int(sig); sig != syscall.SIGKILL && r.exitCode() != want {
				t.Errorf("exit code %d, want %d", r.exitCode(), want)
			}
			m.waitFor("nothing is left", func() bool { return len(m.left()) == 0 })
		})
	}
	t.Run("one that the command handles leaves it to the command how to end", func(t *testing.T) {
		t.Parallel()
		m := newMachine(t)
		m.installAll()
		r := m.startScript(`trap 'kill -0 "$TEST_POSTGRES_PID" && echo "PostgreSQL still lives"; exit 3' TERM
			echo "command $$" >> "` + m.record + `"; while :; do /bin/sleep 0.01; done`)
		m.waitForRecord("command ")
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = r.cmd.Wait()
		if r.exitCode() != 3 || !strings.Contains(r.out.String(), "still lives") {
			t.Errorf("exit code %d, want 3; the command said %q", r.exitCode(), r.out.String())
		}
	})
	t.Run("one while servers start is in time", func(t *testing.T) {
		t.Parallel()
		m := newMachine(t)
		m.installAll()
		m.installServer("redis-server", "7.0", "not yet")
		r := m.startScript("echo ran")
		m.waitForRecord("redis-server ")
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = r.cmd.Wait()
		if r.exitCode() != 143 || r.out.Len() > 0 || len(m.left()) > 0 {
			t.Errorf("exit code %d, want 143; the command said %q; left behind: %q", r.exitCode(), r.out.String(), m.left())
		}
	})
}
