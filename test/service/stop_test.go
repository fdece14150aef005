package service_test

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
)

// drain is how long a process takes at most to finish what is under way.
const drain = 25 * time.Second

// newCustomers returns eight of them.
func newCustomers(t *testing.T, d *pgtest.Database, a, b *process) []*customer {
	t.Helper()
	owner := newPeople(t, d).newcomer(t, "Olga", a)
	path := "/organizations/" + owner.found(t, "Acme")
	d.Exec(t, `UPDATE app.organizations SET workspace_limit = -1`)
	all := make([]*customer, 8)
	for i := range all {
		all[i] = &customer{connection: connection{browser: owner, process: a}, other: b, path: path, name: strconv.Itoa(i)}
	}
	return all
}

// stopUnderLoad ends a process that is used by eight, and returns how.
func stopUnderLoad(t *testing.T, d *pgtest.Database, how syscall.Signal) (all []*customer, exit int, took time.Duration) {
	t.Helper()
	e := newEnvironment(t, d)
	a, b := serve(t, e), serve(t, e)
	all = newCustomers(t, d, a, b)
	until := make(chan struct{})
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() { c.use(t.Context(), until) })
	}
	workspaces := connect(t, d)
	enough := func(n int) {
		t.Helper()
		eventually(t, patience, "the processes are used", func() bool {
			there, err := workspaces.count(`SELECT count(*) FROM app.workspaces`)
			return err == nil && there >= n
		})
	}
	enough(100)
	a.signal(t, how)
	since := time.Now()
	state := a.awaitEnd(t, drain)
	took = time.Since(since)
	there, err := workspaces.count(`SELECT count(*) FROM app.workspaces`)
	if err != nil {
		t.Fatal(err)
	}
	enough(there + 100)
	close(until)
	wg.Wait()
	for _, c := range all {
		if c.conn != nil {
			_ = c.close()
		}
	}
	return all, state.ExitCode(), took
}

// harm says what the customers suffered.
func harm(all []*customer, there map[string]int) (wrong []string, made, closed int) {
	for _, c := range all {
		wrong, closed, made = append(wrong, c.broken...), closed+c.closed, made+len(c.made)
		for _, name := range c.made {
			if there[name] != 1 {
				wrong = append(wrong, fmt.Sprintf("%s was said to be made once and is there %d times", name, there[name]))
			}
		}
		if !c.moved {
			wrong = append(wrong, c.name+" never had to go elsewhere")
		}
	}
	return wrong, made, closed
}

func TestWhoIsToldToStopFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	all, exit, took := stopUnderLoad(t, d, syscall.SIGTERM)
	wrong, made, closed := harm(all, names(t, d))
	report(t, "stopped in %s; %d made, %d connections closed instead of an answer", took, made, closed)
	if exit != 0 {
		t.Errorf("exit code %d, want 0", exit)
	}
	for _, wrong := range wrong {
		t.Error(wrong)
	}
	if closed > 0 {
		t.Errorf("%d connections were closed instead of an answer", closed)
	}
}

func TestWhoIsToldToStopFinishesWhatIsUnderWay_Control(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	busy(t)
	all, exit, _ := stopUnderLoad(t, d, syscall.SIGKILL)
	if wrong, _, closed := harm(all, names(t, d)); exit == 0 || len(wrong) == 0 && closed == 0 {
		t.Errorf("exit code %d, nobody suffered: a process that stops at once went unnoticed", exit)
	}
}

func TestWhoIsToldToStopTwiceEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := serve(t, newEnvironment(t, pgtest.New(t)))
	// Somebody who does not come to an end: it waits for them.
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nthe rest does"); err != nil {
		t.Fatal(err)
	}
	p.livez(t) // it is read by then
	p.signal(t, syscall.SIGTERM)
	eventually(t, patience, "it says that it stops", func() bool { return p.logged(t, "stopping: finishing the requests under way") != nil })
	if p.hasEnded() {
		t.Fatal("it has ended although a request is under way")
	}
	p.signal(t, syscall.SIGTERM)
	since := time.Now()
	state := p.awaitEnd(t, patience)
	took := time.Since(since)
	report(t, "ended %s after the second signal (%s)", took, state)
	if status, ok := state.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM || took > time.Second {
		t.Errorf("ended %s after the second signal (%s), want at once and by it", took, state)
	}
}
