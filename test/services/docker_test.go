package main_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	services "rowhouse/test/services"
)

// installDocker gives the machine a Docker whose ports are those inside the
// containers, with 1 in front.
func (m *machine) installDocker() {
	m.install("docker", `
case "$*" in
info|"compose version") exit ;;
*" port "*) for last; do :; done; echo "127.0.0.1:1$last" ;;
esac
echo "$*" >> "`+m.record+`"`)
}

func TestDockerHasWhatIsNotInstalled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installDocker()
	r := m.runScript(variables)
	want := "postgres://postgres@127.0.0.1:15432/postgres?sslmode=disable redis://127.0.0.1:16379 postgres://127.0.0.1:15432 amqp://guest:guest@127.0.0.1:15672/\n"
	if r.exitCode() != 0 || r.out.String() != want {
		t.Errorf("exit code %d, the command found %q, want %q\n%s", r.exitCode(), r.out.String(), want, &r.errOut)
	}
	calls := strings.Split(strings.TrimSpace(m.recorded()), "\n")
	if !strings.HasSuffix(calls[0], "--file deployments/compose.test.yml up --detach --wait postgres redis pgbouncer rabbitmq") {
		t.Errorf("first: docker %s", calls[0])
	}
	if last := calls[len(calls)-1]; !strings.HasSuffix(last, " down --volumes") {
		t.Errorf("last: docker %s", last)
	}
}

func TestDockerIsToldWhenWeAreKilled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installDocker()
	r := m.startScript(`echo "command $$" >> "` + m.record + `"; exec /bin/sleep 1000`)
	m.waitForRecord("command ")
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait()
	m.waitForRecord(" down --volumes")
	m.waitFor("nothing is left", func() bool { return len(m.left()) == 0 })
}

func TestDockerDoesNotReachAGivenPostgres(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.installDocker()
	m.set("TEST_DATABASE_URL=postgres://127.0.0.1")
	m.mustSay(m.fails(), "set TEST_PGBOUNCER_URL too")
}

// Containers are set up as what we start ourselves, except for where things are.
func TestComposeFileSaysTheSame(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "..", "deployments", "compose.test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, setting := range services.PostgresSettings() {
		lines = append(lines, "- -c"+setting)
	}
	behind := &url.URL{Scheme: "postgres", Host: "127.0.0.1", User: url.User("postgres")}
	lines = append(lines, strings.Split(services.PgBouncerConfig(behind, 1), "\n")...)
	lines = append(lines, strings.Split(services.PgBouncerUsers(behind), "\n")...)
	lines = append(lines, services.RabbitMQSettings()...)
	for _, line := range lines {
		if !strings.Contains(string(content), line) && !regexp.MustCompile(`host|listen|socket|auth_file`).MatchString(line) {
			t.Errorf("deployments/compose.test.yml lacks %q", line)
		}
	}
}
