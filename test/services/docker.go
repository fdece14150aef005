package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// composeFile is below the root of the repository, where we run.
const composeFile = "deployments/compose.test.yml"

// dockerAnswers reports whether containers can be started.
func dockerAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, question := range [][]string{{"info"}, {"compose", "version"}} {
		if exec.CommandContext(ctx, "docker", question...).Run() != nil { //nolint:gosec // see above
			return false
		}
	}
	return true
}

// startInDocker starts servers in containers, on ports that Docker chooses.
func (s *services) startInDocker(ctx context.Context, needed []server) error {
	c := compose{project: filepath.Base(s.place.dir)}
	up := []string{"up", "--detach", "--wait"}
	for _, one := range needed {
		if behind := os.Getenv(one.inFrontOf); behind != "" {
			return fmt.Errorf("%s in a container does not reach the server of %s: set %s too, or run \"make setup\"",
				one.name, one.inFrontOf, one.variable)
		}
		up = append(up, one.service)
	}
	if err := c.up(ctx, s.place, up); err != nil {
		return err
	}
	for _, one := range needed {
		addr, err := c.addr(ctx, one)
		if err != nil {
			return err
		}
		s.add(one, "in Docker", addr)
	}
	return nil
}

// compose is the containers of this run, apart from those of others.
type compose struct {
	project string
}

func (c compose) args(args ...string) []string {
	return append([]string{"compose", "--project-name", c.project, "--file", composeFile}, args...)
}

func (c compose) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "docker", c.args(args...)...) //nolint:gosec // names from this program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}         // Ctrl+C is for us to handle
	return cmd
}

// up starts containers, and has them stopped at the end.
func (c compose) up(ctx context.Context, p *place, up []string) error {
	cmd := c.command(ctx, up...)
	cmd.Stderr = os.Stderr // the first time, it has much to fetch
	p.onClose(func() { c.down(ctx) })
	if err := cmd.Start(); err != nil {
		return err
	}
	p.guard.add(fmt.Sprintf("kill -9 -%d", cmd.Process.Pid))
	p.guard.add("docker " + strings.Join(c.args("down", "--volumes"), " "))
	err := cmd.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("docker compose up: %w", err)
	}
	return nil
}

// addr asks which port of ours leads to a server.
func (c compose) addr(ctx context.Context, one server) (string, error) {
	out, err := c.command(ctx, "port", one.service, strconv.Itoa(one.port)).Output()
	if err != nil {
		return "", fmt.Errorf("docker compose port %s: %w", one.service, err)
	}
	return string(bytes.TrimSpace(out)), nil
}

func (c compose) down(ctx context.Context) {
	out, err := c.command(context.WithoutCancel(ctx), "down", "--volumes").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "services: docker compose down: %v\n%s", err, out)
	}
}
