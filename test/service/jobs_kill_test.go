package service_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/rabbitmq/rabbittest"
)

// audit has the database itself note each time that a job becomes done, past
// all that the product does to have that happen once.
func (w *workplace) audit(t *testing.T) {
	t.Helper()
	conn := w.d.Connect(t, pgtest.Superuser)
	execute := func(all ...string) {
		for _, sql := range all {
			if _, err := conn.Exec(context.Background(), sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		}
	}
	execute(`CREATE SCHEMA audit`,
		`CREATE TABLE audit.effects (id uuid NOT NULL)`,
		`CREATE FUNCTION audit.note_message() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
			$$ BEGIN INSERT INTO audit.effects VALUES (NEW.message_id); RETURN NULL; END $$`,
		`CREATE FUNCTION audit.note_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
			$$ BEGIN INSERT INTO audit.effects VALUES (NEW.id); RETURN NULL; END $$`,
		`CREATE TRIGGER audit AFTER INSERT ON app.processed_messages FOR EACH ROW EXECUTE FUNCTION audit.note_message()`,
		`CREATE TRIGGER audit AFTER UPDATE OF done_at ON app.outbox FOR EACH ROW WHEN (NEW.done_at IS NOT NULL) EXECUTE FUNCTION audit.note_job()`)
	t.Cleanup(func() { // others get the database
		execute(`DROP TRIGGER audit ON app.outbox`, `DROP TRIGGER audit ON app.processed_messages`, `DROP SCHEMA audit CASCADE`)
	})
}

// audited counts the mails' jobs whose effects were noted so many times: once
// in the inbox and once at the job makes two.
func (w *workplace) audited(t *testing.T, condition string) int {
	t.Helper()
	n, err := w.database.count(`SELECT count(*) FROM (
		SELECT e.id FROM audit.effects e JOIN app.outbox o ON o.id = e.id AND o.kind LIKE 'mail.%' GROUP BY e.id HAVING count(*) ` + condition + `) AS jobs`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// chaos is processes that are killed at random and started again at once.
type chaos struct {
	*workplace

	network *proxy
	broker  *brokerProcess // nil where the test cannot have one of its own
	apis    []*process
	workers []*process
	kills   map[string]int
}

func newChaos(t *testing.T) *chaos {
	t.Helper()
	broker := newBrokerProcess(t)
	c := &chaos{workplace: newWorkplace(t), broker: broker, kills: map[string]int{}}
	address := rabbittest.URL(t)
	if broker != nil {
		report(t, "a broker of its own is up after %s", broker.awaitUp(t))
		address = broker.address
	}
	busy(t)
	c.network, c.environment["AMQP_URL"] = newBrokerProxy(t, address)
	c.audit(t)
	c.mails.delay.Store(int64(20 * time.Millisecond)) // so that there is always something under way
	for range 2 {
		c.apis = append(c.apis, serve(t, c.environment))
		c.workers = append(c.workers, work(t, c.environment))
	}
	return c
}

func (c *chaos) kill(t *testing.T, all []*process, i int, what string) {
	t.Helper()
	p := all[i]
	p.signal(t, syscall.SIGKILL)
	<-p.ended
	c.kills[what]++
	e := c.environment
	if what == "api" {
		e = e.with("LISTEN_ADDR", p.address)
	}
	again := start(t, e, map[string]string{"api": "serve", "worker": "worker"}[what])
	again.address = p.address
	all[i] = again
}

// strike kills one of them.
func (c *chaos) strike(t *testing.T) {
	t.Helper()
	switch n := rand.N(9); {
	case n < 4:
		c.kill(t, c.apis, n%2, "api")
	case n < 8:
		c.kill(t, c.workers, n%2, "worker")
	default:
		c.cut()
	}
}

// cut ends all connections to the broker.
func (c *chaos) cut() {
	c.network.drop()
	c.kills["connections"]++
}

// strikeBroker kills the broker and starts it again; where it is not for us to
// kill, all lose it.
func (c *chaos) strikeBroker(t *testing.T) {
	t.Helper()
	if c.broker == nil {
		c.cut()
		return
	}
	c.broker.kill()
	c.kills["broker"]++
	c.broker.start(t)
}

// recover waits until everything is up again.
func (c *chaos) recover(t *testing.T) {
	t.Helper()
	if c.broker != nil {
		c.broker.awaitUp(t)
	}
	for _, p := range c.apis {
		p.awaitReady(t)
	}
	for _, p := range c.workers {
		p.awaitWorking(t)
	}
}

// Whatever dies, and whenever: what was accepted is done, and once. Mails may
// be sent twice, but only where a process died between sending one and noting
// that.
func TestNothingIsLostOrDoneTwiceWhateverIsKilled(t *testing.T) {
	t.Parallel()
	kills, jobs, brokerKills := number(t, "CHAOS_KILLS", 40), number(t, "CHAOS_JOBS", 500), number(t, "CHAOS_BROKER_KILLS", 1)
	c := newChaos(t)
	const (
		every = 10 * time.Millisecond // 100 a second
		stuck = 60 * time.Second
	)
	tries := 4 * max(jobs, kills*35)
	l := newLoad(t, newInviters(t, c.d, tries, c.apis...), every, tries)
	begun := time.Now()
	for n := 0; n < kills || l.soFar() < jobs || c.kills["broker"] < brokerKills && c.broker != nil; n++ {
		time.Sleep(150*time.Millisecond + rand.N(350*time.Millisecond))
		if c.kills["broker"] < brokerKills && n >= (c.kills["broker"]+1)*kills/(brokerKills+2) && (c.broker == nil || c.broker.isUp()) {
			c.strikeBroker(t)
			continue
		}
		c.strike(t)
		if time.Since(begun) > 20*time.Minute {
			t.Fatal("it takes too long")
		}
	}
	l.end()
	struck := time.Since(begun)
	c.recover(t)
	up := time.Now()
	eventually(t, stuck, "all that is recorded is done", func() bool { return c.count(t, isOpen) == 0 })
	settled := time.Since(up)

	recorded, done := c.count(t, `true`), c.count(t, isDone)
	twice := c.audited(t, `> 2`)
	redelivered := c.count(t, `attempts > 1`)
	again, times := c.mails.twice()
	report(t, "%v killed in %s; %d invitations accepted, %d refused or unanswered, %d recorded; %d done %s after all is up; lost %d; begun again %d; effects twice %d; mails sent again %d (%d times)",
		c.kills, struck.Round(time.Millisecond), l.soFar(), len(l.answers)-l.soFar(), recorded, done, settled.Round(time.Millisecond), len(l.unmailed(c.mails)), redelivered, twice, again, times)
	if missing := l.unmailed(c.mails); len(missing) > 0 {
		t.Errorf("%d of %d were not told: %v", len(missing), l.soFar(), missing[:min(3, len(missing))])
	}
	if dead := c.count(t, isDead); dead > 0 || done != recorded || recorded < l.soFar() {
		t.Errorf("%d accepted, %d recorded, %d done, %d given up", l.soFar(), recorded, done, dead)
	}
	if once := c.audited(t, `= 2`); once != done || twice > 0 {
		t.Errorf("the effects of %d jobs happened once and of %d more often, want all %d once", once, twice, done)
	}
	if effects := c.effects(t); effects != done {
		t.Errorf("%d jobs in the inbox, want %d", effects, done)
	}
	if redelivered == 0 {
		t.Error("no job was begun twice: this has shown nothing")
	}
	// 20 jobs at a time, of each worker.
	if most := 20 * c.kills["worker"]; times > most {
		t.Errorf("%d mails were sent again, and there were at most %d under way where a worker was killed", times, most)
	}
	for _, wrong := range differentMails(c.mails) {
		t.Error(wrong)
	}
}

// differentMails returns who got mails that are not the same one.
func differentMails(mails *mailServer) (wrong []string) {
	ids := map[string]string{}
	for _, one := range mails.all() {
		if before, known := ids[one.to]; known && before != one.id {
			wrong = append(wrong, fmt.Sprintf("%s got %s and %s, want the same Message-ID", one.to, before, one.id))
		}
		ids[one.to] = one.id
	}
	return wrong
}

// number reads how many of something a long run is to have.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: give a number", variable, text)
	}
	return n
}
