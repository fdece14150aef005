package rowcache_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// alternate gives the member one role after the other, and counts how often it
// is not read at once.
func alternate(ctx context.Context, store ports.Store, u unit, rounds int) (wrong int, err error) {
	membership := u.membershipRow()
	for i := range rounds {
		membership.Role = []domain.Role{domain.RoleAdmin, domain.RoleMember}[i%2]
		if membership, err = u.in(store).Memberships().Save(ctx, membership); err != nil {
			return wrong, err
		}
		got, err := readActor(ctx, store, u)
		if err != nil {
			return wrong, err
		}
		if got != string(membership.Role) {
			wrong++
		}
	}
	return wrong, nil
}

// beginAnew breaks the connections over which processes look, so that each
// forgets everything.
func beginAnew(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rowhouse' AND query LIKE '%app.changes c%'`)
	return err
}

// crowd lets others do what could get in the way of two processes until ctx
// ends: they look all the time, they read the units, and now and then they begin
// anew.
func crowd(ctx context.Context, t *testing.T, wg *sync.WaitGroup, signal ports.Signal, c *pgx.Conn, processes []process, units int) {
	t.Helper()
	each := func(every time.Duration, do func() error) {
		wg.Go(func() {
			again := time.NewTicker(every)
			defer again.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-again.C:
				}
				if err := do(); err != nil && ctx.Err() == nil {
					t.Errorf("in the crowd: %v", err)
				}
			}
		})
	}
	each(3*time.Millisecond, func() error { return signal.Send(ctx) })
	each(70*time.Millisecond, func() error { return beginAnew(ctx, c) })
	for u := range unit(units) {
		for _, reader := range processes {
			each(5*time.Millisecond, func() error { _, err := readActor(ctx, reader, u); return err })
		}
	}
}

// A process reads its own changes at once, whatever goes on around it: looks
// that began before and end afterwards, others who fill the shared cache, and
// connections that break.
func TestOwnChanges_AreReadAtOnce(t *testing.T) {
	t.Parallel()
	const rounds, units = 100, 3
	d, c := planted(t, units)
	cache, signal := memory.NewCache(memory.NewClock()), memory.NewSignal()
	a, b := start(t, d, cache, signal), start(t, d, cache, signal)
	ctx, end := context.WithCancel(t.Context())
	var around, writers sync.WaitGroup
	crowd(ctx, t, &around, signal, c, []process{a, b}, units)
	for u := range unit(units) {
		writers.Go(func() {
			if wrong, err := alternate(t.Context(), a, u, rounds); wrong > 0 || err != nil {
				t.Errorf("%d of %d changes were not read at once, %v", wrong, rounds, err)
			}
		})
	}
	writers.Wait()
	end()
	around.Wait()
}

// A process that learns of its own changes like of those of others is too late.
func TestOwnChanges_Control(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 1)
	cache := memory.NewCache(memory.NewClock())
	late := startAt(t, d.URL(postgres.RoleApp), cache, silent{}, func(store *rowcache.Store, ctx context.Context) {
		store.OnChange(func([]postgres.Change) {})
		store.Run(ctx)
	})
	if wrong, err := alternate(t.Context(), late, 0, 100); wrong == 0 || err != nil {
		t.Errorf("that it was late has shown %d times, %v; want some", wrong, err)
	}
}

// An organization is kept as it is, also without a subscription.
func TestOwnChanges_ASubscriptionThatIsAdded(t *testing.T) {
	t.Parallel()
	d, c := planted(t, 1)
	must(t, c, `DELETE FROM app.subscriptions`)
	a := start(t, d, memory.NewCache(memory.NewClock()), silent{})
	k := sight{name: "without a subscription", read: readDetail}
	k.want(t, "before", a, 0, edited("free", ""))
	if err := unit(0).in(a).Subscription().Add(t.Context(), domain.NewFreeSubscription(unit(0).subscription(), noon)); err != nil {
		t.Fatal(err)
	}
	k.want(t, "who has added one", a, 0, asPlanted)
}

// Whoever adds a member again need not have seen yet how they were removed.
func TestOwnChanges_AMemberWhoIsAddedAgain(t *testing.T) {
	t.Parallel()
	d, c := planted(t, 1)
	a := start(t, d, memory.NewCache(memory.NewClock()), silent{})
	u := unit(0)
	if err := makeAdmin(t.Context(), a, u); err != nil {
		t.Fatal(err)
	}
	mustLook(t, a) // what is read from now on stays in memory
	k := sight{name: "added again", read: readActor}
	k.want(t, "before", a, u, "admin")
	must(t, c, `SET session_replication_role = replica`) // nobody will be told
	must(t, c, `DELETE FROM app.memberships WHERE id = $1`, u.membership())
	if err := u.in(a).Memberships().Add(t.Context(), u.membershipRow()); err != nil {
		t.Fatal(err)
	}
	k.want(t, "who has added them", a, u, "member")
}

// Somebody who removes a session by hand may have settings of their own, which
// decide how its token is written down.
func TestChangesByHand_ASessionIsDroppedHoweverItIsRecorded(t *testing.T) {
	t.Parallel()
	for _, output := range []string{"hex", "escape"} {
		t.Run(output, func(t *testing.T) {
			t.Parallel()
			d, c := planted(t, 1)
			b := start(t, d, memory.NewCache(memory.NewClock()), silent{})
			k := sight{name: "removed by hand", read: readSession("member"), before: "member", after: none}
			k.want(t, "before", b, 0, k.before)
			must(t, c, `SET bytea_output = `+output)
			must(t, c, `DELETE FROM app.sessions WHERE id = $1`, unit(0).session("member").ID)
			var seen latencies
			changed, again := pending{0, time.Now()}, time.NewTicker(time.Millisecond)
			defer again.Stop()
			for len(seen) == 0 {
				if _, stale := k.watchFor(t, b, []pending{changed}, &seen); stale > mostStale {
					t.Fatalf("%v later, the session is still there", stale)
				}
				<-again.C
			}
		})
	}
}
