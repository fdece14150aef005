package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

func postgres() server {
	return server{
		name:        "PostgreSQL",
		variable:    "TEST_DATABASE_URL",
		pidVariable: "TEST_POSTGRES_PID",
		url:         func(addr string) string { return "postgres://postgres@" + addr + "/postgres?sslmode=disable" },
		programs:    []string{"postgres", "initdb"},
		folders:     debianPostgres(),
		oldest:      "15",
		start:       startPostgres,
		service:     "postgres",
		port:        5432,
	}
}

// debianPostgres returns where Debian keeps PostgreSQL, the newest first.
func debianPostgres() []string {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is right
	version := func(folder string) int {
		number, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		return number
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	return folders
}

func startPostgres(ctx context.Context, p *place, bin string, _ map[string]string) (*process, error) {
	folder, err := p.folder("postgres")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	if err := initPostgres(ctx, p, bin, folder, data); err != nil {
		return nil, err
	}
	return p.launch(ctx, daemon{
		name:   "PostgreSQL",
		folder: folder,
		ready:  "database system is ready to accept connections",
		quit:   syscall.SIGQUIT, // killed, it would leave shared memory behind
		command: func(port int) ([]string, error) {
			line := []string{filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port)}
			for _, setting := range postgresSettings() {
				line = append(line, "-c", setting)
			}
			return line, nil
		},
	})
}

// postgresSettings trade what tests can do without, that data survives a crash,
// for speed.
func postgresSettings() []string {
	return []string{
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=", // paths of temporary folders can be too long for sockets
		"fsync=off",
		"synchronous_commit=off",
		"full_page_writes=off",
		"max_connections=300",
		"shared_buffers=128MB",
		"dynamic_shared_memory_type=mmap", // files in our folder
	}
}

// initPostgres makes the data folder, with a superuser postgres who needs no
// password.
func initPostgres(ctx context.Context, p *place, bin, folder, data string) error {
	var failed error
	for _, locale := range []string{"C.UTF-8", "C"} { // macOS has the latter only
		failed = p.finish(p.command(ctx, folder, filepath.Join(bin, "initdb"),
			"--pgdata="+data, "--auth=trust", "--username=postgres",
			"--encoding=UTF8", "--locale="+locale, "--no-sync", "--no-instructions"))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if failed == nil {
			return nil
		}
		if err := os.RemoveAll(data); err != nil {
			return err
		}
	}
	return failed
}
