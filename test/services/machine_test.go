package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	services "rowhouse/test/services"
)

// asRunner in the environment makes this test binary the command under test.
const asRunner = "ROWHOUSE_TEST_AS_RUNNER"

func TestMain(m *testing.M) {
	if os.Getenv(asRunner) != "" {
		os.Exit(services.Run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// patience is how long a state may take to be reached.
const patience = 30 * time.Second

// machine has programs of its own, which are short scripts, and nothing else in
// its PATH: what is installed here does not matter.
type machine struct {
	t                 *testing.T
	bin, temp, record string
	env, flags        []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	// Run by root, servers have another account, which must get there too.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, bin: filepath.Join(dir, "bin"), temp: filepath.Join(dir, "tmp"), record: filepath.Join(dir, "record")}
	for _, folder := range []string{m.bin, m.temp} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(m.record, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(m.record, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, pid := range m.pids() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	m.env = []string{asRunner + "=1", "PATH=" + m.bin, "TMPDIR=" + m.temp}
	return m
}

// installAll gives the machine all servers. They do nothing but say so.
func (m *machine) installAll() {
	m.install("initdb", "")
	m.installServer("postgres", "postgres (PostgreSQL) 17.2", "database system is ready to accept connections")
	m.installServer("redis-server", "Redis server v=7.4.1", "Ready to accept connections tcp")
	m.installServer("pgbouncer", "PgBouncer 1.23.1", "process up: PgBouncer 1.23.1")
	m.installServer("rabbitmq-server", "", "Starting broker... completed with 0 plugins.")
	m.install("rabbitmq-env", "")
	m.install("epmd", `echo "epmd $$" >> "`+m.record+`"; exec /bin/sleep 1000`)
	m.setRabbitMQ("3.12.1")
}

// setRabbitMQ says which one is installed.
func (m *machine) setRabbitMQ(version string) {
	m.t.Helper()
	plugins := filepath.Join(filepath.Dir(m.bin), "plugins")
	if err := os.RemoveAll(plugins); err != nil {
		m.t.Fatal(err)
	}
	for _, plugin := range []string{"rabbit-" + version, "rabbit_common-" + version} {
		if err := os.MkdirAll(filepath.Join(plugins, plugin), 0o755); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *machine) installServer(name, version, ready string) {
	m.install(name, fmt.Sprintf(`
[ "$1" = --version ] && { echo %q; exit; }
echo "%s $$" >> %q
echo %q
exec /bin/sleep 1000`, version, name, m.record, ready))
}

func (m *machine) install(name, script string) {
	m.t.Helper()
	program := filepath.Join(m.bin, name)
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o600); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Chmod(program, 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// set adds to the environment.
func (m *machine) set(variables ...string) { m.env = append(m.env, variables...) }

// runner is the command under test, at work.
type runner struct {
	cmd         *exec.Cmd
	out, errOut bytes.Buffer
}

// start runs a script under the command.
func (m *machine) start(args ...string) *runner {
	m.t.Helper()
	self, err := os.Executable()
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	m.t.Cleanup(cancel)
	r := &runner{cmd: exec.CommandContext(ctx, self, slices.Concat(m.flags, []string{"--"}, args)...)}
	r.cmd.Dir = filepath.Join("..", "..") // where people run it
	r.cmd.Env = m.env
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.errOut
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // as without a terminal
	r.cmd.WaitDelay = time.Second                          // what is left behind may hold our pipes
	if err := r.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	return r
}

func (m *machine) startScript(script string) *runner { return m.start("/bin/sh", "-c", script) }

// run is start, to the end.
func (m *machine) runScript(script string) *runner {
	m.t.Helper()
	r := m.startScript(script)
	_ = r.cmd.Wait()
	return r
}

func (r *runner) exitCode() int { return r.cmd.ProcessState.ExitCode() }

// recorded returns what programs wrote into the record.
func (m *machine) recorded() string {
	m.t.Helper()
	content, err := os.ReadFile(m.record)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(content)
}

// waitFor waits for something to become true.
func (m *machine) waitFor(what string, reached func() bool) {
	m.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case <-tick.C:
		case <-deadline:
			m.t.Fatalf("%s: not after %s", what, patience)
		}
	}
}

// waitForRecord waits until a program has written something.
func (m *machine) waitForRecord(text string) {
	m.t.Helper()
	m.waitFor("the record has "+text, func() bool { return strings.Contains(m.recorded(), text) })
}

// left returns what is still there: recorded processes and temporary files.
func (m *machine) left() []string {
	m.t.Helper()
	var left []string
	for _, pid := range m.pids() {
		if lives(pid) {
			left = append(left, "process "+strconv.Itoa(pid))
		}
	}
	entries, err := os.ReadDir(m.temp)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	return left
}

// pids returns the processes in the record.
func (m *machine) pids() []int {
	var pids []int
	for _, line := range regexp.MustCompile(`(?m)^\S+ (\d+)$`).FindAllStringSubmatch(m.recorded(), -1) {
		if pid, err := strconv.Atoi(line[1]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// lives reports whether a process runs. One that nobody has waited for does not.
func lives(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
