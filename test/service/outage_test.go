package service_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// What may happen while the database is gone, and when it is back.
const (
	// refusal is how long it takes at most to say that it is gone.
	refusal = time.Second
	// deadline is that of a request: it ends what waits for an answer on a
	// connection that was fine a moment ago.
	deadline = 15 * time.Second
	// recovery is how long until everything works again.
	recovery = 15 * time.Second
)

// outage is two processes in use, whose database goes.
type outage struct {
	d         *pgtest.Database
	database  *proxy
	processes []*process
	traffic   *traffic
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{d: pgtest.New(t)}
	o.database = newProxy(t, o.d.Address())
	e := newEnvironment(t, o.d).with("DATABASE_URL", o.d.URLAt(postgres.RoleApp, o.database.address)).with("DATABASE_MAX_WAIT", maxWait.String())
	o.processes = []*process{serve(t, e), serve(t, e)}
	owner := newPeople(t, o.d).newcomer(t, "Olga", o.processes...)
	path := "/organizations/" + owner.found(t, "Acme")
	o.d.Exec(t, `UPDATE app.organizations SET workspace_limit = -1`)
	var requests []request
	for _, p := range o.processes {
		requests = append(requests,
			request{route: "reads from memory", from: owner.on(p), method: http.MethodGet, path: path},
			request{route: "reads from the database", from: owner.on(p), method: http.MethodGet, path: path + "/workspaces"},
			request{route: "writes", from: owner.on(p), method: http.MethodPost, path: path + "/workspaces", creates: true})
	}
	o.traffic = newTraffic(t, 50*time.Millisecond, requests...)
	o.awaitSuccess(t, patience, time.Now())
	return o
}

// awaitSuccess waits until everything that is asked for after a moment has
// succeeded ten times in a row, and returns when it did not for the last time.
func (o *outage) awaitSuccess(t *testing.T, within time.Duration, after time.Time) (failedUntil time.Time) {
	t.Helper()
	const enough = 6 * 10
	eventually(t, within, "everything works", func() bool {
		row := 0
		failedUntil = after
		for _, one := range since(after, o.traffic.soFar()) {
			if row++; !one.succeeded() {
				row, failedUntil = 0, one.ended
			}
		}
		return row >= enough
	})
	return failedUntil
}

// watch looks at the health of the processes while the database is gone.
func (o *outage) watch(t *testing.T, until time.Time) {
	t.Helper()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	begun := time.Now()
	for ; time.Now().Before(until); <-tick.C {
		for _, p := range o.processes {
			p.mustLive(t)
			if status := p.livez(t); status != http.StatusOK {
				t.Errorf("/livez = %d, want 200 whatever is gone", status)
			}
			if status, checks := p.ready(t); status != http.StatusServiceUnavailable && time.Since(begun) > refusal {
				t.Errorf("/readyz = %d %v, want 503 without a database", status, checks)
			}
		}
	}
}

// phases are the requests of an outage.
type phases struct {
	gone, back time.Time
	all        []answer
	first      []answer // begun in the first moment that the database was gone
	rest       []answer // begun while it was gone, later
}

// last makes the outage last so long, waits until everything works again, and
// returns how it went and how long the latter took.
func (o *outage) last(t *testing.T, how func(*proxy), long time.Duration) (p phases, recovered time.Duration) {
	t.Helper()
	how(o.database)
	p.gone = time.Now()
	o.watch(t, p.gone.Add(long))
	p.back = time.Now()
	o.database.heal()
	failedUntil := o.awaitSuccess(t, patience, p.back)
	p.all = o.traffic.end()
	for _, one := range p.all {
		switch {
		case one.began.Before(p.gone) || !one.began.Before(p.back):
		case one.began.Before(p.gone.Add(refusal)):
			p.first = append(p.first, one)
		default:
			p.rest = append(p.rest, one)
		}
	}
	return p, max(failedUntil.Sub(p.back), 0)
}

// notRefused says which requests were not refused in time and for the right
// reason. What processes have in memory they may say for a moment, and who was
// still waiting when the database came back may be served: perhaps late, behind
// a transaction that the server has yet to give up.
func (p phases) notRefused(answers []answer, within time.Duration) (wrong []string) {
	for _, one := range answers {
		remembered := one.route == "reads from memory" && one.began.Before(p.gone.Add(refusal))
		switch err := one.response.unavailable(); {
		case one.err != nil:
			wrong = append(wrong, fmt.Sprintf("%s: %v", one.route, one.err))
		case one.succeeded() && one.ended.After(p.back):
			continue
		case one.succeeded() && remembered:
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%s: %v", one.route, err))
		}
		if one.took() > within+refusal/4 { // on a machine that does much else
			wrong = append(wrong, fmt.Sprintf("%s took %s to say %d, want about %s at most", one.route, one.took(), one.response.status, within))
		}
	}
	return wrong
}
