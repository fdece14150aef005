package service_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/rabbitmq/rabbittest"
)

// places is everywhere that something could be kept which mails tell.
type places struct {
	w         *workplace
	broker    *rabbittest.Broker
	queues    []string
	processes []*process
}

// search returns where a token is found, in any of its forms.
func (p *places) search(t *testing.T, tokens ...string) map[string]bool {
	t.Helper()
	var forms []string
	for _, token := range tokens {
		forms = append(forms, token, hex.EncodeToString([]byte(token)), base64.StdEncoding.EncodeToString([]byte(token)))
	}
	found := map[string]bool{}
	look := func(where string, text string) {
		text = strings.ToLower(text)
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, strings.ToLower(form)) }) {
			found[where] = true
		}
	}
	look("PostgreSQL", dump(t, p.w.d))
	look("Redis", redisDump(t))
	for _, queue := range p.queues {
		look("RabbitMQ", strings.Join(p.broker.Peek(queue), "\n"))
	}
	for _, process := range p.processes {
		look("logs", process.output(t))
	}
	return found
}

// dump returns all rows of all tables as text: from pg_dump where that is
// installed, and else from the tables themselves.
func dump(t *testing.T, d *pgtest.Database) string {
	t.Helper()
	var all strings.Builder
	if program, err := exec.LookPath("pg_dump"); err == nil {
		out, err := exec.CommandContext(t.Context(), program, "--dbname", d.URL(pgtest.Superuser)).Output()
		if err == nil {
			all.Write(out)
		}
	}
	conn := d.Connect(t, pgtest.Superuser)
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `SELECT oid::regclass::text FROM pg_class
WHERE relkind IN ('r', 'm') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	if rows.Err() != nil || len(tables) < 10 {
		t.Fatalf("found the tables %v, %v", tables, rows.Err())
	}
	for _, table := range tables {
		var content string
		if err := conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(t::text, chr(10)), '') FROM `+table+` t`).Scan(&content); err != nil {
			t.Fatal(err)
		}
		all.WriteString(content + "\n")
	}
	return all.String()
}

// redisConn speaks the little of Redis's protocol that it takes to see all.
type redisConn struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func newRedisConn(t *testing.T) *redisConn {
	t.Helper()
	u, err := url.Parse(redisURL(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &redisConn{t, conn, bufio.NewReader(conn)}
	if password, given := u.User.Password(); given {
		c.ask("AUTH", password)
	}
	return c
}

// ask returns all texts of the answer.
func (c *redisConn) ask(words ...string) []string {
	c.t.Helper()
	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(c.conn, command.String()); err != nil {
		c.t.Fatal(err)
	}
	return c.read()
}

func (c *redisConn) read() []string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	rest := strings.TrimSpace(line[1:])
	switch line[0] {
	case '-':
		c.t.Fatalf("redis: %s", rest)
	case '*', '$':
		n, err := strconv.Atoi(rest)
		if err != nil {
			c.t.Fatal(err)
		}
		if line[0] == '$' && n >= 0 {
			text := make([]byte, n+2)
			if _, err := io.ReadFull(c.in, text); err != nil {
				c.t.Fatal(err)
			}
			return []string{string(text[:n])}
		}
		var all []string
		for range n {
			all = append(all, c.read()...)
		}
		return all
	}
	return []string{rest}
}

// redisDump returns all keys and what they hold.
func redisDump(t *testing.T) string {
	t.Helper()
	c := newRedisConn(t)
	reads := map[string][]string{
		"string": {"GET"}, "hash": {"HGETALL"}, "set": {"SMEMBERS"}, "list": {"LRANGE", "0", "-1"},
		"zset": {"ZRANGE", "0", "-1"}, "stream": {"XRANGE", "-", "+"},
	}
	var all strings.Builder
	for cursor, first := "0", true; first || cursor != "0"; first = false {
		answer := c.ask("SCAN", cursor, "COUNT", "1000")
		cursor = answer[0]
		for _, key := range answer[1:] {
			kind := c.ask("TYPE", key)[0]
			if kind == "none" { // it has run out meanwhile
				continue
			}
			read, known := reads[kind]
			if !known {
				t.Fatalf("no way to read the %s %s", kind, key)
			}
			words := append([]string{read[0], key}, read[1:]...)
			all.WriteString(key + " " + strings.Join(c.ask(words...), " ") + "\n")
		}
	}
	return all.String()
}

// The tokens of links are in mails and nowhere else.
func TestNobodyKeepsWhatMailsTell(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	e := w.environment.with("LOG_LEVEL", "debug")
	api, worker := serve(t, e), work(t, e)
	p := &places{w: w, broker: rabbittest.Connect(t, rabbittest.URL(t)), processes: []*process{api, worker}}
	eventually(t, patience, "there are queues", func() bool { _, there := p.broker.Messages(w.environment.jobs()); return there })
	// A queue that nobody reads gets all that the others get.
	tap := p.broker.Tap(w.environment.jobs())
	p.queues = []string{w.environment.jobs(), w.environment.dead(), tap}

	var tokens []string
	mailed := func(to string, n int) string {
		token := w.mails.await(t, to, n).token(t)
		tokens = append(tokens, token)
		return token
	}
	const ada, grace = "ada@example.com", "grace@example.com"
	owner := newBrowser(t, api)
	owner.keep(owner.do(t, http.StatusCreated, http.MethodPost, "/auth/sign-up", M{"email": ada, "password": password, "name": "Ada"}))
	first := mailed(ada, 1)
	owner.do(t, http.StatusAccepted, http.MethodPost, "/auth/verify-email/resend", nil)
	owner.do(t, http.StatusNoContent, http.MethodPost, "/auth/verify-email", M{"token": mailed(ada, 2)})
	owner.do(t, http.StatusAccepted, http.MethodPost, "/auth/password/forgot", M{"email": ada})
	owner.do(t, http.StatusNoContent, http.MethodPost, "/auth/password/reset", M{"token": mailed(ada, 3), "password": password + "!"})
	owner.keep(owner.do(t, http.StatusOK, http.MethodPost, "/auth/sign-in", M{"email": ada, "password": password + "!"}))
	path := "/organizations/" + owner.found(t, "Acme") + "/invitations"
	invitation := owner.do(t, http.StatusCreated, http.MethodPost, path, M{"email": grace, "role": "member"}).text(t, "id")
	before := mailed(grace, 1)
	w.d.Exec(t, `UPDATE app.invitations SET last_sent_at = last_sent_at - interval '2 minutes'`)
	owner.do(t, http.StatusOK, http.MethodPost, path+"/"+invitation+"/resend", nil)
	token := mailed(grace, 2)
	guest := newBrowser(t, api)
	guest.do(t, http.StatusNotFound, http.MethodPost, "/invitations/preview", M{"token": before})
	guest.do(t, http.StatusOK, http.MethodPost, "/invitations/preview", M{"token": token})
	guest.keep(guest.do(t, http.StatusCreated, http.MethodPost, "/auth/sign-up", M{"password": password, "name": "Grace", "invitation_token": token}))
	guest.do(t, http.StatusOK, http.MethodPost, "/invitations/accept", M{"token": token})
	pending := "alan@example.com"
	owner.do(t, http.StatusCreated, http.MethodPost, path, M{"email": pending, "role": "member"})
	mailed(pending, 1)
	owner.get(t, path)

	if len(tokens) != 6 || slices.Contains(tokens[1:], first) {
		t.Fatalf("%d tokens, want 6 different ones", len(tokens))
	}
	eventually(t, patience, "all messages are there", func() bool { n, _ := p.broker.Messages(tap); return n >= len(tokens) })
	if found := p.search(t, tokens...); len(found) > 0 {
		t.Errorf("tokens are found in %v", found)
	}

	t.Run("control", func(t *testing.T) {
		for where, write := range map[string]func(token string){
			"PostgreSQL": func(token string) { w.d.Exec(t, `UPDATE app.users SET name = $1`, token) },
			"Redis":      func(token string) { newRedisConn(t).ask("SET", w.d.Name()+":control", token, "EX", "60") },
			"RabbitMQ": func(token string) {
				p.broker.Publish(t.Context(), w.environment.jobs(), []byte(`{"token": "`+token+`"}`))
			},
			"logs": func(token string) {
				file, err := os.OpenFile(api.log, os.O_APPEND|os.O_WRONLY, 0o600)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				fmt.Fprintf(file, `{"level":"INFO","msg":"%s"}`+"\n", token)
			},
		} {
			token := newID()
			if found := p.search(t, token); len(found) > 0 {
				t.Fatalf("%s: found in %v before it is anywhere", where, found)
			}
			write(token)
			eventually(t, patience, "the token in "+where+" is found", func() bool {
				time.Sleep(100 * time.Millisecond)
				return p.search(t, token)[where]
			})
		}
	})
}
