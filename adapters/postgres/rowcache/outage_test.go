package rowcache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

const (
	// request is how long somebody waits for an answer.
	request = 100 * time.Millisecond
	// recovery is how long it may take until rows are served from memory again.
	// Somebody may just have begun to wait for a connection that never comes.
	recovery = 4 * time.Second
)

// outageSights are one for each way to read.
var outageSights = []sight{
	{name: "a session", read: readSession("member"), before: "member", after: none},
	{name: "a role", read: readActor, before: "member", after: "admin"},
	{name: "an organization", read: readDetail, before: asPlanted, after: edited("Unit", "Renamed")},
}

// changeByHand changes what outageSights read of unit 0.
var changeByHand = []string{
	`DELETE FROM app.sessions`,
	`UPDATE app.memberships SET role = 'admin' WHERE role = 'member'`,
	`UPDATE app.organizations SET name = 'Renamed'`,
}

// ask reads with the patience of a request.
func (k sight) ask(t *testing.T, store ports.Store) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), request)
	defer cancel()
	return k.read(ctx, store, 0)
}

// served asks again and again while the database is away, until each kind of
// row was refused so many times in a row, and returns how long after it went
// the last was served: at most too long.
func served(t *testing.T, store ports.Store, since time.Time, refusals int, tooLong time.Duration) (last time.Duration) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for refused := 0; refused < refusals*len(outageSights) && last <= tooLong; <-again.C {
		for _, k := range outageSights {
			began := time.Since(since)
			switch got, err := k.ask(t, store); {
			case err == nil && got == k.before:
				last, refused = began, 0
			case err == nil:
				t.Fatalf("%s: read %q without a database", k.name, got)
			case !errors.Is(err, domain.ErrUnavailable):
				t.Fatalf("%s: %v, want %v", k.name, err, domain.ErrUnavailable)
			default:
				refused++
			}
		}
	}
	return last
}

// While the database is away, rows are served for MaxStale more, and then no
// more. Once it is back, what has changed meanwhile is read.
func TestOutage(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fault{"connections break": cut, "nothing is answered": mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := planted(t, 1)
			proxy := newProxy(t, d.Address())
			defer proxy.become(cut) // whoever still waits need not
			a := startAt(t, d.URLAt(postgres.RoleApp, proxy.address), memory.NewCache(memory.NewClock()), silent{}, (*rowcache.Store).Run)
			for _, k := range outageSights {
				k.want(t, "before", a, 0, k.before)
			}
			gone := time.Now()
			proxy.become(fault)
			last := served(t, a, gone, 5, rowcache.MaxStale)
			if last > rowcache.MaxStale {
				t.Errorf("a row was served %v after the database was gone, want at most %v", last, rowcache.MaxStale)
			}
			for _, sql := range changeByHand {
				must(t, c, sql)
			}
			back := time.Now()
			proxy.become(there)
			if err := a.AwaitFresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			took := time.Since(back)
			if took > recovery {
				t.Errorf("it took %v until rows were served from memory again, want at most %v", took, recovery)
			}
			t.Logf("served for %v, and again %v after it was back", last, took)
			for _, k := range outageSights {
				k.want(t, "after", a, 0, k.after)
			}
		})
	}
}

// A process that trusts its memory goes on, and it shows.
func TestOutage_Control(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 1)
	proxy := newProxy(t, d.Address())
	a := startAt(t, d.URLAt(postgres.RoleApp, proxy.address), memory.NewCache(memory.NewClock()), silent{}, (*rowcache.Store).Run)
	for _, k := range outageSights {
		k.want(t, "before", a, 0, k.before)
	}
	a.stop()
	a.Trust()
	gone := time.Now()
	proxy.become(cut)
	if last := served(t, a, gone, 5, rowcache.MaxStale); last <= rowcache.MaxStale {
		t.Errorf("rows were served for %v, want more than %v", last, rowcache.MaxStale)
	}
}
