package service_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

const (
	// maxWait is how long a request waits for a connection, by default.
	maxWait = 200 * time.Millisecond
	// tooLong is more than that, on a machine that does much else.
	tooLong = 3 * maxWait
)

// crowded is a process whose two connections wait for rows that somebody else
// holds.
type crowded struct {
	process *process
	owner   *browser
	spare   string // an organization whose rows nobody holds
	release func() // lets the others go on
	held    chan response
}

// patient has a process wait for locks longer than any measurement takes: who
// holds the connections must not give them back meanwhile.
func patient(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("lock_timeout", "60000")
	q.Set("statement_timeout", "60000")
	u.RawQuery = q.Encode()
	return u.String()
}

const poolSize = 2

func newCrowded(t *testing.T, wait time.Duration) *crowded {
	t.Helper()
	d := pgtest.New(t)
	p := serve(t, newEnvironment(t, d).with("DATABASE_URL", patient(t, d.URL(postgres.RoleApp))).
		with("DATABASE_MAX_CONNECTIONS", "2").with("DATABASE_MAX_WAIT", wait.String()))
	c := &crowded{process: p, owner: newPeople(t, d).newcomer(t, "Olga", p), held: make(chan response, poolSize)}
	var wanted []string
	for range poolSize {
		wanted = append(wanted, "/organizations/"+c.owner.found(t, "Acme"))
	}
	holder, watcher := connect(t, d), connect(t, d)
	if err := holder.exec(`BEGIN; SELECT FROM app.organizations FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	free := make(chan struct{})
	c.release = sync.OnceFunc(func() {
		close(free)
		if err := holder.exec(`ROLLBACK`); err != nil {
			t.Error(err)
		}
	})
	c.spare = "/organizations/" + c.owner.found(t, "Spare") // after that: its row is free
	for _, path := range wanted {
		go func() { c.held <- c.occupy(path, free) }()
	}
	eventually(t, patience, "all connections wait", func() bool {
		waiting, err := watcher.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
		return err == nil && waiting == poolSize
	})
	return c
}

// occupy changes what somebody else holds. A pool that opens its connections
// too slowly may refuse that, so it is tried again, until nothing is held.
func (c *crowded) occupy(path string, free <-chan struct{}) response {
	for {
		res, err := c.owner.try(context.Background(), http.MethodPatch, path, M{"name": "Rockets"})
		if err != nil {
			res.body = []byte(err.Error())
			return res
		}
		select {
		case <-free:
			return res
		default:
			if res.unavailable() != nil {
				return res
			}
		}
	}
}

// refusals asks for what only the database knows, with all connections in use,
// and returns how long it took to be refused.
func (c *crowded) refusals(t *testing.T) []time.Duration {
	t.Helper()
	const n = 20
	return atOnce(t, n, func(int) (time.Duration, error) {
		begun := time.Now()
		res, err := c.owner.try(t.Context(), http.MethodGet, c.spare+"/workspaces", nil)
		if err == nil {
			err = res.unavailable()
		}
		return time.Since(begun), err
	})
}

// It is not parallel: of what it measures, 100 ms more are too much.
func TestWhereAllConnectionsAreInUseOthersAreRefusedSoon(t *testing.T) {
	c := newCrowded(t, maxWait)
	defer c.release() // also where the test ends before its time
	refused := c.refusals(t)
	if status := c.process.livez(t); status != http.StatusOK {
		t.Errorf("/livez = %d, want 200", status)
	}
	c.release()
	released := time.Now()
	c.owner.get(t, c.spare+"/workspaces")
	again := time.Since(released)
	for range poolSize {
		if res := <-c.held; res.status != http.StatusOK {
			t.Errorf("who held a connection got %d %s, want 200", res.status, res.body)
		}
	}
	report(t, "refused in p50 %s, max %s; served %s after connections are free", percentile(refused, 0.5), slices.Max(refused), again)
	if slices.Min(refused) < maxWait || percentile(refused, 0.5) > maxWait*3/2 || slices.Max(refused) > tooLong {
		t.Errorf("refused after %s, %s and %s, want about %s", slices.Min(refused), percentile(refused, 0.5), slices.Max(refused), maxWait)
	}
	if again > maxWait {
		t.Errorf("served %s after connections were free, want at once", again)
	}
}

func TestWhereAllConnectionsAreInUseOthersAreRefusedSoon_Control(t *testing.T) {
	t.Parallel()
	c := newCrowded(t, 5*maxWait)
	defer c.release()
	if refused := c.refusals(t); slices.Max(refused) <= tooLong {
		t.Errorf("refused in %s at most: a process that lets everybody wait went unnoticed", slices.Max(refused))
	}
}
