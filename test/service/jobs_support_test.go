package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
)

// workplace is a database with somebody to send mails to, a server that takes
// them, and the environment of processes that use both.
type workplace struct {
	d           *pgtest.Database
	mails       *mailServer
	environment environment
	people      people
	user        domain.UserID
	database    database
}

func newWorkplace(t *testing.T) *workplace {
	t.Helper()
	d, mails := pgtest.New(t), newMailServer(t)
	w := &workplace{d: d, mails: mails, people: newPeople(t, d), database: connect(t, d)}
	w.environment = newEnvironment(t, d).with("SMTP_URL", mails.address)
	w.user = w.people.add(t, "Ada")
	return w
}

// letters are n jobs that each send Ada a mail.
func (w *workplace) letters(n int) []domain.Job {
	jobs := make([]domain.Job, n)
	for i := range jobs {
		jobs[i] = w.job("", "mail.password_changed", M{"user": w.user})
	}
	return jobs
}

func (w *workplace) job(organization string, kind domain.JobKind, payload any) domain.Job {
	return domain.NewJob(domain.JobID(newID()), domain.OrganizationID(organization), kind, payload, now())
}

// record records jobs, as a change does that causes them.
func (w *workplace) record(t *testing.T, jobs ...domain.Job) {
	t.Helper()
	const together = 500
	for from := 0; from < len(jobs); from += together {
		if err := w.people.store.Outbox().Add(t.Context(), jobs[from:min(from+together, len(jobs))]...); err != nil {
			t.Fatal(err)
		}
	}
}

// count counts the mails' jobs for which a condition holds.
func (w *workplace) count(t *testing.T, condition string) int {
	t.Helper()
	n, err := w.database.count(`SELECT count(*) FROM app.outbox WHERE kind LIKE 'mail.%' AND ` + condition)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	isDone = `done_at IS NOT NULL`
	isDead = `dead_at IS NOT NULL`
	isOpen = `done_at IS NULL AND dead_at IS NULL`
)

// awaitDone waits until n mails' jobs are done, and returns how long that took.
func (w *workplace) awaitDone(t *testing.T, within time.Duration, n int) time.Duration {
	t.Helper()
	return eventually(t, within, fmt.Sprintf("%d jobs are done", n), func() bool { return w.count(t, isDone) >= n })
}

// effects counts the jobs in the inbox that are still recorded.
func (w *workplace) effects(t *testing.T) int {
	t.Helper()
	n, err := w.database.count(`SELECT count(*) FROM app.processed_messages p JOIN app.outbox o ON o.id = p.message_id WHERE o.kind LIKE 'mail.%'`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// jobs runs `rowhouse jobs` and more.
func (w *workplace) jobs(t *testing.T, args ...string) outcome {
	t.Helper()
	return run(t, w.environment, append([]string{"jobs"}, args...)...)
}

// listed returns the line about a job, or "".
func listed(list string, id domain.JobID) string {
	for line := range strings.Lines(list) {
		if strings.Contains(line, string(id)) {
			return line
		}
	}
	return ""
}

// load is invitations that are sent at a steady pace, each to another address,
// and what became of them.
type load struct {
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu       sync.Mutex
	answers  []answer
	accepted []string // the addresses of those that were answered with 201
}

// newLoad sends up to n invitations, one every so often, whether or not the one
// before is answered.
func newLoad(t *testing.T, inviters []inviter, every time.Duration, n int) *load {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l := &load{stop: stop}
	t.Cleanup(func() { l.end() })
	l.wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := range n {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			l.wg.Go(func() {
				l.invite(context.WithoutCancel(ctx), inviters[i%len(inviters)], "guest."+strconv.Itoa(i)+"@example.com")
			})
		}
	})
	return l
}

func (l *load) invite(ctx context.Context, from inviter, email string) {
	one := answer{route: email, began: time.Now()}
	one.response, one.err = from.try(ctx, http.MethodPost, from.path+"/invitations", M{"email": email, "role": "member"})
	one.ended = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, one)
	if one.succeeded() {
		l.accepted = append(l.accepted, email)
	}
}

// soFar returns how many were accepted until now.
func (l *load) soFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

// wait waits until all are answered.
func (l *load) wait() { l.wg.Wait() }

// end stops sending and waits for the answers.
func (l *load) end() {
	l.stop()
	l.wg.Wait()
}

// failures returns what was not accepted, by what was said instead.
func (l *load) failures() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := map[string]int{}
	for _, one := range l.answers {
		switch {
		case one.succeeded():
		case one.err != nil:
			said[one.err.Error()]++
		default:
			said[strconv.Itoa(one.response.status)+" "+one.response.code]++
		}
	}
	return said
}

// unmailed returns the accepted invitations that nobody got a mail about.
func (l *load) unmailed(mails *mailServer) (missing []string) {
	got := map[string]bool{}
	for _, one := range mails.all() {
		got[one.to] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, email := range l.accepted {
		if !got[email] {
			missing = append(missing, email)
		}
	}
	return missing
}

// between returns how long the answers took to what was asked in a time.
func (l *load) between(from, to time.Time) []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var took []time.Duration
	for _, one := range l.answers {
		if !one.began.Before(from) && one.began.Before(to) {
			took = append(took, one.took())
		}
	}
	return took
}

// raw is a payload as it is.
type raw = json.RawMessage
