package service_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
)

// redisBack is how long it takes at most to use a Redis again that is back.
const redisBack = 10 * time.Second

func TestWithoutRedisEverythingWorksFromTheStart(t *testing.T) {
	t.Parallel()
	d, mails := pgtest.New(t), newMailServer(t)
	redis, address := newRedisProxy(t)
	redis.cut()
	e := newEnvironment(t, d).with("REDIS_URL", address).with("SMTP_URL", mails.address)
	a, b := serve(t, e), serve(t, e)
	for _, p := range []*process{a, b} {
		if status, checks := p.ready(t); status != http.StatusOK || checks["redis"] != "down" || checks["smtp"] != "ok" {
			t.Errorf("/readyz = %d %v, want 200 without Redis, and with all else", status, checks)
		}
	}
	work(t, e)
	useEverything(t, a, b)
	eventually(t, patience, "a mail is sent", func() bool { return mails.taken.Load() > 0 })

	redis.heal()
	for _, p := range []*process{a, b} {
		p.awaitRedis(t, redisBack, "ok")
	}
	useEverything(t, a, b)
}

// useEverything does a bit of everything, in two processes in turn: what one
// does, the other sees at once or a moment later.
func useEverything(t *testing.T, a, b *process) {
	t.Helper()
	email, password := newID()+"@example.com", "orchard lantern 42"
	visitor := newBrowser(t, a, b)
	visitor.keep(visitor.do(t, http.StatusCreated, http.MethodPost, "/auth/sign-up", M{"email": email, "password": password, "name": "Ada"}))
	path := "/organizations/" + visitor.found(t, "Acme")
	workspace := path + "/workspaces/" + visitor.do(t, http.StatusCreated, http.MethodPost, path+"/workspaces", M{"name": "Engineering"}).text(t, "id")
	visitor.do(t, http.StatusOK, http.MethodPatch, path, M{"name": "Rockets"})
	for _, p := range []*process{a, b} {
		eventually(t, worstLag, "the new name is seen", func() bool { return visitor.on(p).get(t, path).text(t, "name") == "Rockets" })
	}
	visitor.do(t, http.StatusNoContent, http.MethodDelete, workspace, nil)
	visitor.do(t, http.StatusNotFound, http.MethodGet, workspace, nil)
	visitor.do(t, http.StatusNoContent, http.MethodPost, "/auth/sign-out", nil)
	for _, p := range []*process{a, b} {
		eventually(t, worstLag, "the session has ended", func() bool {
			res, err := visitor.on(p).try(t.Context(), http.MethodGet, "/me", nil)
			return err == nil && res.status == http.StatusUnauthorized
		})
	}
	visitor.keep(visitor.do(t, http.StatusOK, http.MethodPost, "/auth/sign-in", M{"email": email, "password": password}))
	visitor.get(t, path)
}

// crowd is people who read, each the organizations of their own. None of these
// is in the memory of the process before.
type crowd struct {
	browsers []*browser
	paths    [][]string
}

const readers = 4

func newCrowd(t *testing.T, p people, writer, reader *process, each int) *crowd {
	t.Helper()
	c := &crowd{}
	for range readers {
		owner := p.newcomer(t, "Olga", writer)
		var paths []string
		for range each {
			paths = append(paths, "/organizations/"+owner.found(t, "Acme"))
		}
		c.browsers, c.paths = append(c.browsers, owner.on(reader)), append(c.paths, paths)
	}
	return c
}

// read has everybody read for a while, the first time what the process does not
// have in memory, and returns how long the answers took.
func (c *crowd) read(t *testing.T) []time.Duration {
	t.Helper()
	const rounds = 20
	all := atOnce(t, len(c.browsers), func(i int) (took []time.Duration, err error) {
		for range rounds {
			for _, path := range c.paths[i] {
				begun := time.Now()
				res, err := c.browsers[i].try(t.Context(), http.MethodGet, path, nil)
				if err != nil {
					return nil, err
				}
				if res.status != http.StatusOK {
					return nil, fmt.Errorf("%d %s", res.status, res.body)
				}
				took = append(took, time.Since(begun))
			}
		}
		return took, nil
	})
	return slices.Concat(all...)
}

// margin is what those few reads may add that wait for an answer before no
// more are asked for: less than one wait.
const margin = 30 * time.Millisecond

// slower says whether reads take too long compared to others.
func slower(than, reads []time.Duration) bool {
	return percentile(reads, 0.99) > 2*percentile(than, 0.99)+margin
}

// readOnRedis has a crowd read in a process whose Redis works, and returns the
// way to it, the process, how long that took, and others who have yet to read.
// Until the test ends it has the machine for itself.
func readOnRedis(t *testing.T, each int) (redis *proxy, reader *process, with []time.Duration, others *crowd) {
	t.Helper()
	d := pgtest.New(t)
	busy(t)
	redis, address := newRedisProxy(t)
	reader = serve(t, newEnvironment(t, d).with("REDIS_URL", address))
	writer, p := serve(t, newEnvironment(t, d)), newPeople(t, d)
	reader.awaitRedis(t, patience, "ok")
	with = newCrowd(t, p, writer, reader, each).read(t)
	return redis, reader, with, newCrowd(t, p, writer, reader, each)
}

func TestReadsAreAsFastWhereRedisIsABlackHole(t *testing.T) {
	t.Parallel()
	redis, reader, with, others := readOnRedis(t, 25)
	redis.swallow()
	without := others.read(t)
	if status, checks := reader.ready(t); status != http.StatusOK || checks["redis"] != "down" {
		t.Errorf("/readyz = %d %v, want 200 and redis down", status, checks)
	}
	report(t, "reads with Redis p50 %s, p99 %s, max %s; in a black hole p50 %s, p99 %s, max %s (%d each)",
		percentile(with, 0.5), percentile(with, 0.99), slices.Max(with),
		percentile(without, 0.5), percentile(without, 0.99), slices.Max(without), len(with))
	if slower(with, without) {
		t.Errorf("p99 %s in a black hole, want at most twice %s and %s", percentile(without, 0.99), percentile(with, 0.99), margin)
	}
	redis.heal()
	report(t, "Redis is used %s after it is back", reader.awaitRedis(t, redisBack, "ok"))
}

// Here nobody gives up on Redis: it always answers, just before that.
func TestReadsAreAsFastWhereRedisIsABlackHole_Control(t *testing.T) {
	t.Parallel()
	redis, _, with, others := readOnRedis(t, 5)
	redis.delay.Store(int64(40 * time.Millisecond))
	without := others.read(t)
	report(t, "reads with Redis p99 %s; with a slow one p99 %s", percentile(with, 0.99), percentile(without, 0.99))
	if !slower(with, without) {
		t.Errorf("p99 %s after %s: that each new read waits for Redis went unnoticed", percentile(without, 0.99), percentile(with, 0.99))
	}
}
