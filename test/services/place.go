package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// place is where servers run: a temporary folder, and an account that may run
// them. Whatever ends us, a guard ends them too and removes the folder.
type place struct {
	dir     string
	account *syscall.Credential // nil for our own
	guard   *guard

	mu      sync.Mutex
	closers []func()
}

func openPlace(ctx context.Context) (*place, error) {
	account, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rowhouse-services-")
	if err != nil {
		return nil, err
	}
	p := &place{dir: dir, account: account}
	if err := p.give(dir); err != nil {
		_ = os.Remove(dir)
		return nil, err
	}
	if p.guard, err = startGuard(ctx, dir); err != nil {
		_ = os.Remove(dir)
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	return p, nil
}

// onClose has something done at the end, at the same time as everything else.
func (p *place) onClose(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closers = append(p.closers, do)
}

// close stops what runs and removes the folder.
func (p *place) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all sync.WaitGroup
	for _, closer := range p.closers {
		all.Go(closer)
	}
	all.Wait()
	if err := p.remove(); err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
	}
	p.guard.dismiss()
}

// remove removes the folder. What is still writing when it is killed can fail
// the first tries.
func (p *place) remove() error {
	const tries = 20
	for try := 1; ; try++ {
		if err := os.RemoveAll(p.dir); err == nil || try == tries {
			return err
		}
		time.Sleep(pollEvery)
	}
}

// folder makes a folder for one server.
func (p *place) folder(name string) (string, error) {
	folder := filepath.Join(p.dir, name)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	return folder, p.give(folder)
}

// write makes a file for a server, and nobody else, to read.
func (p *place) write(name, content string) error {
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		return err
	}
	return p.give(name)
}

// give makes the account the owner.
func (p *place) give(name string) error {
	if p.account == nil {
		return nil
	}
	return os.Chown(name, int(p.account.Uid), int(p.account.Gid))
}

// command is one that the account runs in a folder of its own. Its process
// group is its own too, and it does not end with ctx, so that it is for us to say
// when it does. Nothing in our environment decides how it works.
func (p *place) command(ctx context.Context, folder, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, args...) //nolint:gosec // a server that is installed
	cmd.Dir = folder
	cmd.Env = []string{"HOME=" + folder, "LC_ALL=C", "PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.account}
	return cmd
}

// unprivileged returns who runs servers that refuse to run as root, or nil if
// we are not root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("find an account for servers that refuse to run as root: %w", err)
		}
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
