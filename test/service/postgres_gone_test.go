package service_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
)

// names counts the workspaces of each name.
func names(t *testing.T, d *pgtest.Database) map[string]int {
	t.Helper()
	there := map[string]int{}
	rows, err := d.Connect(t, pgtest.Superuser).Query(t.Context(), `SELECT name FROM app.workspaces`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		there[name]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return there
}

// lies says what was said to be made and is not there, once, and what was
// refused and is there more than once. made and unsure count what was said to
// be made, and what was refused and is there.
func lies(answers []answer, there map[string]int) (wrong []string, made, unsure int) {
	for _, one := range answers {
		n := there[one.creates]
		switch {
		case one.creates == "":
		case one.succeeded():
			if made++; n != 1 {
				wrong = append(wrong, fmt.Sprintf("%q was said to be made and is there %d times", one.creates, n))
			}
		case n > 1:
			wrong = append(wrong, fmt.Sprintf("%q was refused and is there %d times", one.creates, n))
		case n == 1:
			unsure++
		}
	}
	return wrong, made, unsure
}

// mustBeOrderly fails the test unless everything was refused while the database
// was gone, and nothing was lost. caught is how long requests may take that
// hold a connection when it goes.
func (o *outage) mustBeOrderly(t *testing.T, how func(*proxy), long, caught time.Duration) {
	t.Helper()
	p, recovered := o.last(t, how, long)
	if len(p.first) < 30 || len(p.rest) < 120 {
		t.Fatalf("%d and %d requests while the database was gone: too few to tell", len(p.first), len(p.rest))
	}
	waited := len(slices.DeleteFunc(times(p.first), func(took time.Duration) bool { return took <= refusal }))
	report(t, "gone for %s: %d requests, refused in p99 %s, max %s; in the first second max %s, %d longer than %s; all works %s after it is back",
		p.back.Sub(p.gone), len(p.first)+len(p.rest), percentile(times(p.rest), 0.99), slices.Max(times(p.rest)), slices.Max(times(p.first)), waited, refusal, recovered)
	if recovered > recovery {
		t.Errorf("all works %s after the database is back, want at most %s", recovered, recovery)
	}
	for _, wrong := range append(p.notRefused(p.first, caught), p.notRefused(p.rest, refusal)...) {
		t.Error(wrong)
	}
	wrong, made, unsure := lies(p.all, names(t, o.d))
	report(t, "%d workspaces were said to be made, and are there; of those refused, %d are there, once", made, unsure)
	for _, wrong := range wrong {
		t.Error(wrong)
	}
}

func TestWithoutADatabaseEverythingIsRefusedUntilItIsBack(t *testing.T) {
	t.Parallel()
	newOutage(t).mustBeOrderly(t, (*proxy).cut, 30*time.Second, refusal)
}

// Nobody can tell a connection that nothing comes back on from a slow answer:
// what waits on one waits until its deadline.
func TestWithoutADatabaseEverythingIsRefusedUntilItIsBack_BlackHole(t *testing.T) {
	t.Parallel()
	newOutage(t).mustBeOrderly(t, (*proxy).swallow, 5*time.Second, deadline)
}

// A product that needs no database, and one that forgets what it made and makes
// twice what it refused.
func TestWithoutADatabaseEverythingIsRefusedUntilItIsBack_Control(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	p := phases{all: o.traffic.end(), back: time.Now()}
	served := slices.DeleteFunc(slices.Clone(p.all), func(one answer) bool { return !one.succeeded() })
	if n := len(p.notRefused(served, refusal)); len(served) == 0 || n < len(served) {
		t.Errorf("%d requests were not refused, and that of %d went unnoticed", len(served), len(served)-n)
	}
	there := names(t, o.d)
	if wrong, made, _ := lies(p.all, there); len(wrong) > 0 || made == 0 {
		t.Fatalf("%d workspaces were made: %v", made, wrong)
	}
	p.all = append(p.all, answer{creates: "refused", response: response{status: http.StatusServiceUnavailable}})
	there["refused"] = 2
	for _, one := range p.all {
		if one.creates != "" && one.succeeded() {
			delete(there, one.creates)
			break
		}
	}
	if wrong, _, _ := lies(p.all, there); len(wrong) != 2 {
		t.Errorf("found %v: that one is missing and one is there twice went unnoticed", wrong)
	}
}
