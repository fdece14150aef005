package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// rabbitmq has nothing to do with one that the system runs: it has its own
// ports, its own name, and its own daemon for names.
func rabbitmq() server {
	return server{
		name:     "RabbitMQ",
		variable: "TEST_AMQP_URL",
		url:      func(addr string) string { return "amqp://guest:guest@" + addr + "/" },
		// In the PATH, Debian has something else of the first name, which runs
		// the server of the system.
		programs: []string{"rabbitmq-server", "rabbitmq-env"},
		folders:  []string{"/usr/lib/rabbitmq/bin", "/usr/local/sbin", "/opt/homebrew/sbin"},
		oldest:   "3.10", // moves messages to a dead queue without losing any
		version:  rabbitmqVersion,
		start:    startRabbitMQ,
		service:  "rabbitmq",
		port:     5672,
	}
}

// rabbitmqVersion looks at what is installed beside the program, which would
// take a second to say it.
func rabbitmqVersion(_ context.Context, program string) (string, error) {
	target, err := filepath.EvalSymlinks(program)
	if err != nil {
		return "", err
	}
	plugins := filepath.Join(filepath.Dir(target), "..", "plugins")
	found, _ := filepath.Glob(filepath.Join(plugins, "rabbit-[0-9]*")) // the pattern is right
	for _, name := range found {
		if version := regexp.MustCompile(`[0-9]+(\.[0-9]+)+`).FindString(filepath.Base(name)); version != "" {
			return version, nil
		}
	}
	return "", fmt.Errorf("%s does not say its version", plugins)
}

func startRabbitMQ(ctx context.Context, p *place, bin string, _ map[string]string) (*process, error) {
	folder, err := p.folder("rabbitmq")
	if err != nil {
		return nil, err
	}
	config, plugins := filepath.Join(folder, "rabbitmq.conf"), filepath.Join(folder, "plugins")
	if err := p.write(plugins, "[]."); err != nil { // of this machine, none
		return nil, err
	}
	return p.launch(ctx, daemon{
		name:   "RabbitMQ",
		folder: folder,
		ready:  "completed with",
		quit:   syscall.SIGKILL, // it keeps nothing
		command: func(port int) ([]string, error) {
			settings := append(rabbitmqSettings(), fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d", port))
			if err := p.write(config, strings.Join(settings, "\n")+"\n"); err != nil {
				return nil, err
			}
			names, nodes, err := twoFreePorts(ctx)
			if err != nil {
				return nil, err
			}
			line := []string{
				"/usr/bin/env",
				"ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT=" + strconv.Itoa(names),
				"RABBITMQ_DIST_PORT=" + strconv.Itoa(nodes),
				"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
				"RABBITMQ_NODENAME=" + fmt.Sprintf("rowhouse-%d@localhost", port),
				"RABBITMQ_CONFIG_FILE=" + config, "RABBITMQ_ENABLED_PLUGINS_FILE=" + plugins,
				"RABBITMQ_ADVANCED_CONFIG_FILE=" + filepath.Join(folder, "none"), "RABBITMQ_CONF_ENV_FILE=/dev/null",
				"RABBITMQ_MNESIA_BASE=" + filepath.Join(folder, "data"), "RABBITMQ_PID_FILE=" + filepath.Join(folder, "pid"),
				"RABBITMQ_LOG_BASE=" + folder, "RABBITMQ_LOGS=-",
				// If there is no daemon for names it starts one, which stays.
				"/bin/sh", "-c", `epmd -address "$ERL_EPMD_ADDRESS" -port "$ERL_EPMD_PORT" & exec "$0"`,
				filepath.Join(bin, "rabbitmq-server"),
			}
			return line, nil
		},
	})
}

// rabbitmqSettings are the same as in deployments/compose.test.yml. It stops to
// take messages at an amount of memory that tests do not reach, whatever the
// machine has.
func rabbitmqSettings() []string {
	return []string{
		"vm_memory_high_watermark.absolute = 512MiB",
		"disk_free_limit.absolute = 1MB",
		"log.console.level = warning",
	}
}

func twoFreePorts(ctx context.Context) (int, int, error) {
	one, err := freePort(ctx)
	if err != nil {
		return 0, 0, err
	}
	another, err := freePort(ctx)
	return one, another, err
}
