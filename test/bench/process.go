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

// newProcess returns a subcommand of the product that has yet to start, with
// its log, which nobody reads, included.
func newProcess(ctx context.Context, binary, subcommand string, settings ...string) (*process, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, subcommand) //nolint:gosec // the program under measurement
	cmd.Env = append(os.Environ(), "LISTEN_ADDR="+addr, "LOG_LEVEL=info")
	cmd.Env = append(cmd.Env, settings...)
	return &process{cmd: cmd, addr: addr}, nil
}

func (p *process) start() error {
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s (make build makes it): %w", p.cmd, err)
	}
	return nil
}

var sessionCookie = regexp.MustCompile(`rowhouse_session=\S+`)

// startProduct starts the demo with everything on, its log included, and
// returns when it has said how to sign in.
func startProduct(ctx context.Context, binary string) (*process, error) {
	p, err := newProcess(ctx, binary, "demo")
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if p.cookie = sessionCookie.FindString(lines.Text()); p.cookie != "" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s ended without a session to use", p.cmd)
}

// How long startService waits for the product, and between two looks.
const (
	readyPatience = 10 * time.Second
	readyInterval = 10 * time.Millisecond
)

// startService starts the product in service mode on a data set, with
// everything on, its log included, and returns when it is ready.
func startService(ctx context.Context, binary string, d *dataset) (*process, error) {
	p, err := newProcess(ctx, binary, "serve", "PUBLIC_URL=http://localhost",
		"SECRET_KEY=YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2g=", "BLOB_URL=mem://",
		"DATABASE_URL="+d.url(postgres.RoleApp), "DATABASE_MAX_WAIT=5s", "REDIS_URL="+os.Getenv("TEST_REDIS_URL"),
		"AMQP_URL=amqp://127.0.0.1:9", "SMTP_URL=smtp://127.0.0.1:9", "MAIL_FROM=bench@example.com")
	if err != nil {
		return nil, err
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	tick := time.NewTicker(readyInterval)
	defer tick.Stop()
	for {
		_, err := get(ctx, p.addr, []byte("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		if err == nil {
			return p, nil
		}
		select {
		case <-tick.C:
		case <-waiting.Done():
			p.stop()
			return nil, fmt.Errorf("%s is not ready: %w", p.cmd, err)
		}
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
