package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// pgbouncer pools transactions in front of the same PostgreSQL.
//
// It asks nobody for a password, and has none to give but the one in
// TEST_DATABASE_URL: in front of a PostgreSQL that asks other users for theirs,
// start one yourself and name it in TEST_PGBOUNCER_URL.
func pgbouncer() server {
	return server{
		name:      "PgBouncer",
		variable:  "TEST_PGBOUNCER_URL",
		url:       func(addr string) string { return "postgres://" + addr },
		inFrontOf: postgres().variable,
		programs:  []string{"pgbouncer"},
		folders:   []string{"/usr/sbin", "/usr/local/sbin"}, // not in the PATH of every user
		start:     startPgBouncer,
		service:   "pgbouncer",
		port:      5432,
	}
}

func startPgBouncer(ctx context.Context, p *place, bin string, variables map[string]string) (*process, error) {
	behind, err := url.Parse(variables[postgres().variable])
	if err != nil || !strings.HasPrefix(behind.Scheme, "postgres") {
		return nil, fmt.Errorf("%s is not a URL that begins with postgres://", postgres().variable)
	}
	folder, err := p.folder("pgbouncer")
	if err != nil {
		return nil, err
	}
	if err := p.write(filepath.Join(folder, "users"), pgbouncerUsers(behind)); err != nil {
		return nil, err
	}
	ini := filepath.Join(folder, "ini")
	return p.launch(ctx, daemon{
		name:   "PgBouncer",
		folder: folder,
		ready:  "process up",
		quit:   syscall.SIGKILL, // it keeps nothing
		command: func(port int) ([]string, error) {
			line := []string{filepath.Join(bin, "pgbouncer"), ini}
			return line, p.write(ini, pgbouncerConfig(behind, port))
		},
	})
}

// pgbouncerConfig is the same as in deployments/compose.test.yml. Two
// connections to a database are few, so that tests share them.
func pgbouncerConfig(behind *url.URL, port int) string {
	host := cmp.Or(behind.Hostname(), behind.Query().Get("host"), "127.0.0.1")
	return fmt.Sprintf(`[databases]
* = host=%s port=%s

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = users
admin_users = postgres
pool_mode = transaction
default_pool_size = 2
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
`, host, cmp.Or(behind.Port(), "5432"), port)
}

// pgbouncerUsers lists whom it lets in: our roles and superusers.
func pgbouncerUsers(behind *url.URL) string {
	passwords := map[string]string{
		"postgres":     "",
		"rowhouse_app": "", "rowhouse_operator": "", "rowhouse_owner": "", "rowhouse_worker": "",
	}
	if password, ok := behind.User.Password(); ok {
		passwords[behind.User.Username()] = password
	}
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	var list strings.Builder
	for _, user := range slices.Sorted(maps.Keys(passwords)) {
		list.WriteString(quote(user) + " " + quote(passwords[user]) + "\n")
	}
	return list.String()
}
