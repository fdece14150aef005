package service_test

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"rowhouse/adapters/rabbitmq/rabbittest"
)

// newBrokerProxy returns a proxy in front of the broker, with the address that
// processes take.
func newBrokerProxy(t *testing.T, address string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "5672")))
	u.Host = p.address
	return p, u.String()
}

// outageLength is how long the broker is away: a minute, or CHAOS_OUTAGE.
func outageLength(t *testing.T) time.Duration {
	t.Helper()
	long, err := time.ParseDuration(cmp.Or(os.Getenv("CHAOS_OUTAGE"), "1m"))
	if err != nil {
		t.Fatalf("CHAOS_OUTAGE: %v", err)
	}
	return long
}

// Nobody who writes notices that the broker is away, and when it is back all
// that waited is done soon.
func TestWritesDoNotNeedTheBroker(t *testing.T) {
	t.Parallel()
	w, long := newWorkplace(t), outageLength(t)
	busy(t)
	const (
		every  = 20 * time.Millisecond // 50 a second
		before = 10 * time.Second
		after  = 5 * time.Second
	)
	broker, address := newBrokerProxy(t, rabbittest.URL(t))
	e := w.environment.with("AMQP_URL", address)
	api := serve(t, e)
	work(t, e)
	all := int((before + long + after) / every)
	inviters := newInviters(t, w.d, all, api)
	for _, one := range inviters {
		one.get(t, one.path)
	}
	l := newLoad(t, inviters, every, all)
	begun := time.Now()
	time.Sleep(before)
	gone := time.Now()
	broker.cut()
	waiting := 0
	for time.Since(gone) < long {
		time.Sleep(min(time.Second, long))
		waiting = max(waiting, w.count(t, isOpen))
		if status, checks := api.ready(t); status != http.StatusOK || time.Since(gone) > 2*refusal && checks["rabbitmq"] != "down" {
			t.Errorf("/readyz = %d %v, want 200 with rabbitmq down", status, checks)
		}
	}
	broker.heal()
	back := time.Now()
	l.wait()
	w.awaitDone(t, 3*time.Minute-time.Since(back), l.soFar())
	drained := time.Since(back)

	with, without := l.between(begun, gone), l.between(gone, back)
	report(t, "writes with a broker p50 %s, p99 %s (%d); in %s without one p50 %s, p99 %s (%d); at most %d jobs waited, all %d are done %s after it is back",
		percentile(with, 0.5), percentile(with, 0.99), len(with), long,
		percentile(without, 0.5), percentile(without, 0.99), len(without), waiting, l.soFar(), drained)
	for said, n := range l.failures() {
		t.Errorf("%d writes failed: %s", n, said)
	}
	if missing := l.unmailed(w.mails); len(missing) > 0 {
		t.Errorf("%d of %d were not told: %v", len(missing), l.soFar(), missing[:min(3, len(missing))])
	}
	if minimum := int(long/every) / 2; waiting < minimum {
		t.Errorf("at most %d jobs waited, want %d or more: the broker was not away", waiting, minimum)
	}
	if mails, times := w.mails.twice(); mails > 0 {
		report(t, "%d mails were sent again, %d times", mails, times)
	}
	if percentile(without, 0.5) > 2*percentile(with, 0.5)+margin {
		t.Errorf("writes take p50 %s without a broker, %s with one", percentile(without, 0.5), percentile(with, 0.5))
	}
}
