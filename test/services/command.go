package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// commandGrace is how long the command may take to end after a signal.
const commandGrace = 10 * time.Second

// runCommand runs the command to its end, with env added to our environment,
// and returns its exit code. What wants to stop us stops the command.
//
// On a terminal the command shares our process group: a shell can be used in
// it, and Ctrl+C reaches both. Without one it has a group of its own, so that
// signals reach everything it has started, and none of that stays behind.
func runCommand(ctx context.Context, g *guard, args, env []string) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // what we are for
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	onTerminal := hasTerminal()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !onTerminal}
	target := func() int {
		if onTerminal {
			return cmd.Process.Pid
		}
		return -cmd.Process.Pid
	}
	cmd.Cancel = func() error {
		sig, ok := errors.AsType[signaled](context.Cause(ctx))
		if !ok || onTerminal && syscall.Signal(sig) == syscall.SIGINT {
			return nil // the terminal has sent it to both of us
		}
		return syscall.Kill(target(), syscall.Signal(sig))
	}
	cmd.WaitDelay = commandGrace
	if err := cmd.Start(); err != nil {
		return exitNoSuch, err
	}
	g.add(fmt.Sprintf("kill -9 %d", target()))
	err := cmd.Wait()
	if !onTerminal {
		_ = syscall.Kill(target(), syscall.SIGKILL)
	}
	if cmd.ProcessState == nil {
		return exitFailed, err
	}
	return exitCode(cmd.ProcessState), nil
}

// exitCode says how a process has ended, as shells do.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitSignaled + int(status.Signal())
	}
	return state.ExitCode()
}

// hasTerminal reports whether a terminal controls us.
func hasTerminal() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = tty.Close()
	return true
}
