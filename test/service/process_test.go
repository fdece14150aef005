package service_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is the product at work.
type process struct {
	cmd     *exec.Cmd
	log     string // the file of its standard error
	address string // host:port, once it serves
	ended   chan struct{}
}

// launch starts `rowhouse serve` and does not wait for anything. It is killed
// when the test ends.
func launch(t *testing.T, e environment) *process {
	t.Helper()
	return start(t, e, "serve")
}

// work starts `rowhouse worker` and returns when it works. It is killed when
// the test ends.
func work(t *testing.T, e environment) *process {
	t.Helper()
	p := start(t, e, "worker")
	p.awaitWorking(t)
	return p
}

// awaitWorking waits until the process says that it does jobs.
func (p *process) awaitWorking(t *testing.T) {
	t.Helper()
	eventually(t, patience, "the process works", func() bool {
		p.mustLive(t)
		return p.logged(t, "working") != nil
	})
}

// start starts a command of the product that does not end by itself.
func start(t *testing.T, e environment, command string) *process {
	t.Helper()
	p := &process{log: filepath.Join(t.TempDir(), "log"), ended: make(chan struct{})}
	file, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p.cmd = exec.CommandContext(context.Background(), binary, command)
	p.cmd.Env, p.cmd.Stderr = e.list(), file
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%s %s logged:\n%s", command, p.address, p.failures(t))
		}
	})
	return p
}

// serve starts `rowhouse serve` and returns when it is ready.
func serve(t *testing.T, e environment) *process {
	t.Helper()
	p := launch(t, e)
	p.awaitReady(t)
	return p
}

func (p *process) awaitReady(t *testing.T) {
	t.Helper()
	p.awaitServing(t)
	eventually(t, patience, "the process is ready", func() bool {
		p.mustLive(t)
		status, _ := p.ready(t)
		return status == http.StatusOK
	})
}

// awaitServing waits until the process says where it serves.
func (p *process) awaitServing(t *testing.T) {
	t.Helper()
	eventually(t, patience, "the process serves", func() bool {
		p.mustLive(t)
		p.address = p.logged(t, "serving")["address"]
		return p.address != ""
	})
}

func (p *process) mustLive(t *testing.T) {
	t.Helper()
	if p.hasEnded() {
		t.Fatalf("the process ended (%s):\n%s", p.cmd.ProcessState, p.output(t))
	}
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// output is everything that the process wrote to its standard error.
func (p *process) output(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// logged returns the texts of the first line with this message; nil if there
// is none.
func (p *process) logged(t *testing.T, message string) map[string]string {
	t.Helper()
	for line := range strings.Lines(p.output(t)) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) != nil || fields["msg"] != message {
			continue
		}
		texts := map[string]string{}
		for name, value := range fields {
			texts[name], _ = value.(string)
		}
		return texts
	}
	return nil
}

// failures returns the last lines of the log that are no ordinary ones.
func (p *process) failures(t *testing.T) string {
	t.Helper()
	const enough = 5
	lines := slices.DeleteFunc(strings.SplitAfter(p.output(t), "\n"), func(line string) bool {
		return strings.Contains(line, `"level":"INFO"`)
	})
	return strings.Join(lines[max(0, len(lines)-enough):], "")
}

// signal sends the process a signal.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// awaitEnd waits until the process has ended and returns how.
func (p *process) awaitEnd(t *testing.T, within time.Duration) *os.ProcessState {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("the process has not ended within %s:\n%s", within, p.output(t))
	}
	return p.cmd.ProcessState
}

// ready asks whether the process is ready, and what it is connected to.
func (p *process) ready(t *testing.T) (status int, checks map[string]string) {
	t.Helper()
	status, health := p.health(t, "/readyz")
	return status, health.Checks
}

// livez asks whether the process lives.
func (p *process) livez(t *testing.T) (status int) {
	t.Helper()
	status, _ = p.health(t, "/livez")
	return status
}

type health struct {
	Checks map[string]string `json:"checks"`
}

func (p *process) health(t *testing.T, path string) (status int, said health) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, said
}

// awaitRedis waits until the process says this of Redis, and returns how long
// that took.
func (p *process) awaitRedis(t *testing.T, within time.Duration, state string) time.Duration {
	t.Helper()
	return eventually(t, within, "redis is "+state, func() bool {
		_, checks := p.ready(t)
		return checks["redis"] == state
	})
}
