package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rowhouse/adapters/postgres"
)

// process is a server under measurement, in a process of its own so that its
// CPU time can be told from ours.
type process struct {
	cmd    *exec.Cmd
	addr   string
	cookie string // of a session, for the product
}

// freeAddr finds a port that nobody uses.
func freeAddr(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

var sessionCookie = regexp.MustCompile(`rowhouse_session=\S+`)

// startProduct starts the demo with everything on, its log included, and
// returns when it has said how to sign in.
func startProduct(ctx context.Context, binary string) (*process, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = devNull.Close() }()
	cmd := exec.CommandContext(ctx, binary, "demo")
	cmd.Env = append(os.Environ(), "LISTEN_ADDR="+addr, "LOG_LEVEL=info")
	cmd.Stderr = devNull
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (make build makes it): %w", binary, err)
	}
	p := &process{cmd: cmd, addr: addr}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if p.cookie = sessionCookie.FindString(lines.Text()); p.cookie != "" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s demo ended without a session to use", binary)
}

// startService starts the product in service mode on a data set, with
// everything on, its log included, and returns when it is ready.
func startService(ctx context.Context, binary string, d *dataset) (*process, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = devNull.Close() }()
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = append(os.Environ(), "LISTEN_ADDR="+addr, "LOG_LEVEL=info", "PUBLIC_URL=http://localhost",
		"SECRET_KEY=YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2g=", "BLOB_URL=mem://",
		"DATABASE_URL="+d.url(postgres.RoleApp), "DATABASE_MAX_WAIT=5s", "REDIS_URL="+os.Getenv("TEST_REDIS_URL"),
		"SMTP_URL=smtp://127.0.0.1:9", "MAIL_FROM=bench@example.com")
	cmd.Stdout, cmd.Stderr = devNull, devNull
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (make build makes it): %w", binary, err)
	}
	p := &process{cmd: cmd, addr: addr}
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, err := get(ctx, addr, []byte("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		if err == nil {
			return p, nil
		}
		if time.Now().After(deadline) {
			p.stop()
			return nil, fmt.Errorf("%s serve is not ready: %w", binary, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// startPeer starts this program in another role, which reads what it has to
// know from its standard input and then prints its address.
func startPeer(ctx context.Context, role string, config any) (*process, error) {
	in, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, role) //nolint:gosec // this program
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	return &process{cmd: cmd, addr: strings.TrimSpace(addr)}, err
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// cpu returns the CPU time that the process has used so far.
func (p *process) cpu() (time.Duration, error) {
	return cpuOf(strconv.Itoa(p.cmd.Process.Pid))
}
