package service_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// brokerPatience is how long a broker may take to start, on a machine that does
// much else.
const brokerPatience = 90 * time.Second

// brokerProcess is a RabbitMQ of one test, which may kill it.
type brokerProcess struct {
	address string // as processes take it
	program string
	folder  string
	env     []string
	log     string
	cmd     *exec.Cmd
	ended   chan struct{}
}

// newBrokerProcess starts one and does not wait for it; nil where none is
// installed.
func newBrokerProcess(t *testing.T) *brokerProcess {
	t.Helper()
	program := findBroker()
	if program == "" {
		return nil
	}
	folder := t.TempDir()
	port, distribution, names := freePort(t), freePort(t), freePort(t)
	b := &brokerProcess{
		address: "amqp://guest:guest@127.0.0.1:" + port + "/",
		program: program, folder: folder, log: filepath.Join(folder, "log"),
		env: []string{
			"HOME=" + folder, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8",
			"ERL_EPMD_PORT=" + names, "ERL_EPMD_ADDRESS=127.0.0.1",
			"RABBITMQ_NODENAME=chaos-" + port + "@localhost", "RABBITMQ_DIST_PORT=" + distribution,
			"RABBITMQ_CONFIG_FILE=" + filepath.Join(folder, "rabbitmq.conf"), "RABBITMQ_CONF_ENV_FILE=/dev/null",
			"RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(folder, "plugins"),
			"RABBITMQ_MNESIA_BASE=" + filepath.Join(folder, "data"), "RABBITMQ_LOG_BASE=" + folder, "RABBITMQ_LOGS=-",
			"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+sbwt none",
		},
	}
	for name, content := range map[string]string{"rabbitmq.conf": "listeners.tcp.local = 127.0.0.1:" + port + "\n", "plugins": "[].\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Which would else be started by the first node that needs it, and stay.
	if program, err := exec.LookPath("epmd"); err == nil {
		epmd := exec.CommandContext(context.Background(), program, "-port", names, "-address", "127.0.0.1")
		if err := epmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = epmd.Process.Kill()
			_ = epmd.Wait()
		})
	}
	b.start(t)
	t.Cleanup(b.kill)
	return b
}

// findBroker prefers the program itself to what packages put in front of it to
// change the user.
func findBroker() string {
	folders := []string{"/usr/lib/rabbitmq/bin"}
	versions, err := filepath.Glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")
	if err == nil {
		folders = append(folders, versions...)
	}
	for _, folder := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		if program, err := exec.LookPath(filepath.Join(folder, "rabbitmq-server")); err == nil && filepath.IsAbs(program) {
			return program
		}
	}
	return ""
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (b *brokerProcess) start(t *testing.T) {
	t.Helper()
	file, err := os.Create(b.log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b.cmd, b.ended = exec.CommandContext(context.Background(), b.program), make(chan struct{})
	b.cmd.Dir, b.cmd.Env, b.cmd.Stdout, b.cmd.Stderr = b.folder, b.env, file, file
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func(cmd *exec.Cmd, ended chan struct{}) {
		defer close(ended)
		_ = cmd.Wait()
	}(b.cmd, b.ended)
}

// kill ends it as a power cut does.
func (b *brokerProcess) kill() {
	_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
	<-b.ended
}

func (b *brokerProcess) isUp() bool {
	content, err := os.ReadFile(b.log)
	return err == nil && strings.Contains(string(content), "Server startup complete")
}

// awaitUp waits until it takes connections.
func (b *brokerProcess) awaitUp(t *testing.T) time.Duration {
	t.Helper()
	return eventually(t, brokerPatience, "the broker is up", func() bool {
		select {
		case <-b.ended:
			content, _ := os.ReadFile(b.log)
			lines := strings.Split(string(content), "\n")
			t.Fatalf("the broker ended (%s): %s", b.cmd.ProcessState, strings.Join(lines[max(0, len(lines)-10):], "\n"))
		default:
		}
		return b.isUp()
	})
}
