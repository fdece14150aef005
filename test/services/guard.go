package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// guard is a shell that outlives us. We tell it what is to be done should we be
// killed; it reads until the pipe between us closes, which happens whatever ends
// us. Where the folder is gone by then, we have ended in good order.
type guard struct {
	mu  sync.Mutex
	cmd *exec.Cmd
	in  io.WriteCloser
}

// What is still writing when it is killed can fail the first rm.
const guardScript = `
trap '' HUP INT QUIT TERM
await() {
  for try in 1 2 3 4 5 6 7 8 9; do
    kill -0 "$1" || return 0
    sleep 1
  done
}
todo=$(cat)
[ -d "$1" ] || exit 0
eval "$todo"
for try in 1 2 3 4 5; do
  sleep 1
  rm -rf "$1" && exit 0
done
exit 1
`

func startGuard(ctx context.Context, dir string) (*guard, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", guardScript, "guard", dir) //nolint:gosec // our own script
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/bin:/bin")
	// Out of reach of Ctrl+C and of whoever kills our process group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &guard{cmd: cmd, in: in}, cmd.Start()
}

// add tells the guard one more command, in the language of the shell. Without a
// guard everything works, except that being killed leaves things behind.
func (g *guard) add(command string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := fmt.Fprintln(g.in, command); err != nil {
		fmt.Fprintln(os.Stderr, "services: the guard is gone:", err)
	}
}

// dismiss ends the guard, after the folder is gone.
func (g *guard) dismiss() {
	_ = g.in.Close()
	_ = g.cmd.Wait()
}
