package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second // on a machine that does much else
	stopTimeout  = 10 * time.Second
	pollEvery    = 10 * time.Millisecond
)

// process is a server that runs.
type process struct {
	daemon

	addr string // host:port
	log  string // a file
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

func (o *process) pid() int { return o.cmd.Process.Pid }

// waitUntilReady reads the log, where another server that happens to have our
// port cannot be taken for ours.
func (o *process) waitUntilReady(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	deadline := time.After(startTimeout)
	for {
		if o.logged(o.ready) {
			return nil
		}
		select {
		case <-tick.C:
		case <-o.done:
			if slices.ContainsFunc([]string{"already in use", "eaddrinuse", "already_used"}, o.logged) {
				return fmt.Errorf("%s: %w", o.name, errPortTaken)
			}
			return fmt.Errorf("%s did not start (%s). Its log ends so:\n%s", o.name, o.cmd.ProcessState, tail(o.log))
		case <-deadline:
			return fmt.Errorf("%s is not ready after %s. Its log ends so:\n%s", o.name, startTimeout, tail(o.log))
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// close stops the server, and says so if it has not lived that long.
func (o *process) close() {
	if o.cmd.Process.Signal(syscall.Signal(0)) != nil {
		<-o.done // gone already, though who waits for it may not have said so yet
		fmt.Fprintf(os.Stderr, "services: %s ended before its time (%s). Its log ends so:\n%s\n", o.name, o.cmd.ProcessState, tail(o.log))
	}
	o.stop() // and what it has started
}

// stop returns when the process has ended.
func (o *process) stop() {
	_ = syscall.Kill(-o.pid(), o.quit)
	select {
	case <-o.done:
	case <-time.After(stopTimeout):
		_ = syscall.Kill(-o.pid(), syscall.SIGKILL)
		<-o.done
	}
}

func (o *process) logged(text string) bool {
	content, err := os.ReadFile(o.log)
	return err == nil && bytes.Contains(content, []byte(text))
}

// tail returns the last lines of a log.
func tail(name string) []byte {
	const lines = 20
	content, err := os.ReadFile(name) //nolint:gosec // in our folder
	if err != nil {
		return []byte(err.Error())
	}
	all := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
	return bytes.Join(all[max(0, len(all)-lines):], []byte("\n"))
}
