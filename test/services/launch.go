package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// portTries is how often somebody may be faster than us to take a port.
const portTries = 3

// daemon is a server to be started.
type daemon struct {
	name   string
	folder string
	ready  string         // is in its log once it answers
	quit   syscall.Signal // ends it at once, and leaves nothing of it in the system
	// command returns the program and its arguments for a port of 127.0.0.1.
	command func(port int) ([]string, error)
}

var errPortTaken = errors.New("the port is taken")

// launch starts a server on a port that nobody uses, and returns when it
// answers. It tries again where somebody was faster to take the port.
func (p *place) launch(ctx context.Context, d daemon) (*process, error) {
	for try := 1; ; try++ {
		one, err := p.spawn(ctx, d)
		if err != nil {
			return nil, err
		}
		if err = one.waitUntilReady(ctx); err == nil {
			p.onClose(one.close)
			return one, nil
		}
		one.stop()
		if !errors.Is(err, errPortTaken) || try == portTries {
			return nil, err
		}
	}
}

// spawn starts a server and does not wait for it.
func (p *place) spawn(ctx context.Context, d daemon) (*process, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	line, err := d.command(port)
	if err != nil {
		return nil, err
	}
	one := &process{
		daemon: d,
		addr:   net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		log:    filepath.Join(d.folder, "log"),
		cmd:    p.command(ctx, d.folder, line[0], line[1:]...),
		done:   make(chan struct{}),
	}
	out, err := os.Create(one.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	one.cmd.Stdout, one.cmd.Stderr = out, out
	if err := one.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", d.name, err)
	}
	p.guard.add(fmt.Sprintf("kill -%d -%d", d.quit, one.pid()))
	go func() {
		defer close(one.done)
		_ = one.cmd.Wait()
	}()
	return one, nil
}

// finish runs a program that must not be interrupted, as it would leave behind
// what it has of the system: the guard waits for it as well.
func (p *place) finish(cmd *exec.Cmd) error {
	log := filepath.Join(cmd.Dir, "log")
	// Not a pipe, whose end could end the program.
	out, err := os.Create(log) //nolint:gosec // in our folder
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return err
	}
	p.guard.add(fmt.Sprintf("await %d", cmd.Process.Pid))
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w. Its log ends so:\n%s", filepath.Base(cmd.Path), err, tail(log))
	}
	return nil
}

// freePort finds a port that nobody uses.
func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	if err := l.Close(); err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}
