package rowcache_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// mostStale is how long after a change another process may still read what was
// before.
const mostStale = time.Second

// silent is a ports.Signal that delivers nothing.
type silent struct{}

func (silent) Send(context.Context) error { return nil }

func (silent) Listen(ctx context.Context) <-chan struct{} {
	never := make(chan struct{})
	context.AfterFunc(ctx, func() { close(never) })
	return never
}

// behindPooler returns the address of a database through PgBouncer, where
// notifications do not arrive.
func behindPooler(t *testing.T, d *pgtest.Database) string {
	t.Helper()
	pooler, err := url.Parse(os.Getenv("TEST_PGBOUNCER_URL"))
	if err != nil || pooler.Host == "" {
		t.Fatalf("TEST_PGBOUNCER_URL is not set (%v): `make test` starts a PgBouncer", err)
	}
	return d.URLAt(postgres.RoleApp, pooler.Host) + "&default_query_exec_mode=exec"
}

// sight is a change that one process makes, and what another sees of it.
type sight struct {
	name          string
	change        func(context.Context, ports.Store, unit) error
	read          func(context.Context, ports.Store, unit) (string, error)
	before, after string
}

func readSession(who string) func(context.Context, ports.Store, unit) (string, error) {
	return func(ctx context.Context, store ports.Store, u unit) (string, error) {
		return u.sessionOf(ctx, store, who)
	}
}

func readActor(ctx context.Context, store ports.Store, u unit) (string, error) {
	return u.actor(ctx, store, string(u.organization()))
}

func readActorBySlug(ctx context.Context, store ports.Store, u unit) (string, error) {
	return u.actor(ctx, store, string(u.oldSlug()))
}

func readDetail(ctx context.Context, store ports.Store, u unit) (string, error) {
	return u.detail(ctx, store)
}

// taker is the unit that takes over addresses of others.
const taker = unit(0)

var sights = []sight{
	{"session removed", func(ctx context.Context, s ports.Store, u unit) error {
		return s.Sessions().Remove(ctx, u.member(), u.session("member").ID)
	}, readSession("member"), "member", none},
	{"other sessions removed", func(ctx context.Context, s ports.Store, u unit) error {
		return s.Sessions().RemoveOthers(ctx, u.member(), u.session("more").ID)
	}, readSession("member"), "member", none},
	{"session with another token", func(ctx context.Context, s ports.Store, u unit) error {
		return editSession(ctx, s, u.session("member"), func(session *domain.Session) { session.Token = u.token("another") })
	}, readSession("member"), "member", none},
	{"sudo", func(ctx context.Context, s ports.Store, u unit) error {
		return editSession(ctx, s, u.session("member"), func(session *domain.Session) { session.SudoAt = noon })
	}, readSession("member"), "member", "member with sudo"},
	{"user renamed", func(ctx context.Context, s ports.Store, u unit) error {
		return editUser(ctx, s, u.user("member"), func(user *domain.User) { user.Name = "renamed" })
	}, readSession("member"), "member", "renamed"},
	{"owner renamed", func(ctx context.Context, s ports.Store, u unit) error {
		return editUser(ctx, s, u.user("owner"), func(user *domain.User) { user.Name = "renamed" })
	}, readDetail, asPlanted, edited("owner", "renamed")},
	{"user removed", func(ctx context.Context, s ports.Store, u unit) error {
		return s.Users().Remove(ctx, u.guest())
	}, readSession("guest"), "guest", none},
	{"role changed", makeAdmin, readActor, "member", "admin"},
	{"member removed", func(ctx context.Context, s ports.Store, u unit) error {
		return u.in(s).Memberships().Remove(ctx, u.membership())
	}, readActor, "member", none},
	{"organization suspended", func(ctx context.Context, s ports.Store, u unit) error {
		return editOrganization(ctx, s, u, func(o *domain.Organization) { o.SuspendedAt = noon })
	}, readActor, "member", "member, suspended"},
	{"organization removed", func(ctx context.Context, s ports.Store, u unit) error {
		return u.in(s).Organization().Remove(ctx)
	}, readActor, "member", none},
	{"organization saved", func(ctx context.Context, s ports.Store, u unit) error {
		return editOrganization(ctx, s, u, func(o *domain.Organization) { o.Name = "Renamed" })
	}, readDetail, asPlanted, edited("Unit", "Renamed")},
	{"seat taken", func(ctx context.Context, s ports.Store, u unit) error {
		return u.in(s).Memberships().Add(ctx, domain.Membership{ID: u.newMembership(), User: u.guest(), Role: domain.RoleMember, CreatedAt: noon, UpdatedAt: noon})
	}, readDetail, asPlanted, edited("2 members", "3 members")},
	{"guest invited", func(ctx context.Context, s ports.Store, u unit) error {
		return u.in(s).Invitations().Add(ctx, u.invitation())
	}, readDetail, asPlanted, edited("0 invited", "1 invited")},
	{"workspace added", func(ctx context.Context, s ports.Store, u unit) error {
		return u.in(s).Workspaces().Add(ctx, newWorkspace(u))
	}, readDetail, asPlanted, edited("1 workspaces", "2 workspaces")},
	{"subscription saved", func(ctx context.Context, s ports.Store, u unit) error {
		subscription := domain.NewFreeSubscription(u.subscription(), noon)
		subscription.Plan = domain.TierPro
		return u.in(s).Subscription().Save(ctx, subscription)
	}, readDetail, asPlanted, edited("free", "pro")},
	{"slug taken over", func(ctx context.Context, s ports.Store, u unit) error {
		return s.Slugs().Claim(ctx, taker.organization(), u.oldSlug(), noon.Add(domain.SlugReservation))
	}, readActorBySlug, "member", none},
}

// latencies are how long after changes others read them for the first time.
type latencies []time.Duration

func (l latencies) String() string {
	slices.Sort(l)
	at := func(p float64) time.Duration { return l[int(p*float64(len(l)-1))].Round(100 * time.Microsecond) }
	return fmt.Sprintf("p50 %v, p99 %v, max %v", at(0.5), at(0.99), at(1))
}

// pending is a unit that one process has changed, while another does not know
// of it yet.
type pending struct {
	unit

	changed time.Time // when the call returned
}

// watchFor reads all those that are pending, and returns those that still are.
// stale is the longest after a change that a read began which found what was
// before.
func (k sight) watchFor(t *testing.T, reader ports.Store, all []pending, seen *latencies) (still []pending, stale time.Duration) {
	t.Helper()
	for _, p := range all {
		began := time.Now()
		got, err := k.read(t.Context(), reader, p.unit)
		switch {
		case err != nil:
			t.Fatalf("%s: %v", k.name, err)
		case got == k.after:
			*seen = append(*seen, time.Since(p.changed))
		case got == k.before:
			stale = max(stale, began.Sub(p.changed))
			still = append(still, p)
		default:
			t.Fatalf("%s: read %q, want %q or %q", k.name, got, k.before, k.after)
		}
	}
	return still, stale
}

// want reads a unit, which must be as said.
func (k sight) want(t *testing.T, when string, store ports.Store, u unit, want string) {
	t.Helper()
	if got, err := k.read(t.Context(), store, u); err != nil || got != want {
		t.Errorf("%s: %s reads %q, %v; want %q", k.name, when, got, err, want)
	}
}

// measure lets one process change units, and another read them, until it has
// read all changes, or one is too old. It knows all units before.
func (k sight) measure(t *testing.T, writer, reader ports.Store, units []unit) (seen latencies, stale time.Duration) {
	t.Helper()
	for _, u := range units {
		k.want(t, "who will see it", reader, u, k.before)
	}
	const atOnce = 16 // of those that wait, before all are changed
	var waiting []pending
	again := time.NewTicker(3 * time.Millisecond)
	defer again.Stop()
	look := func(n int) {
		first := max(len(waiting)-n, 0)
		still, late := k.watchFor(t, reader, waiting[first:], &seen)
		waiting, stale = append(waiting[:first], still...), max(stale, late)
	}
	for _, u := range units {
		if err := k.change(t.Context(), writer, u); err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		changed := time.Now()
		waiting = append(waiting, pending{u, changed})
		look(atOnce)
	}
	for ; len(waiting) > 0 && stale <= mostStale; look(len(waiting)) {
		<-again.C
	}
	return seen, stale
}

func TestTwoProcesses_TheNextReadIsRight(t *testing.T) {
	t.Parallel()
	const rounds = 200
	for _, tt := range []struct {
		name   string
		signal ports.Signal
		pooled bool
	}{
		{"with signals", memory.NewSignal(), false},
		{"with notifications of the database alone", silent{}, false},
		{"with neither", silent{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, _ := planted(t, 1+rounds*len(sights))
			address := d.URL(postgres.RoleApp)
			if tt.pooled {
				address = behindPooler(t, d)
			}
			cache := memory.NewCache(memory.NewClock())
			a, b := start(t, d, cache, tt.signal), startAt(t, address, cache, tt.signal, (*rowcache.Store).Run)
			var report strings.Builder
			for i, k := range sights {
				units := make([]unit, rounds)
				for n := range units {
					units[n] = unit(1 + i*rounds + n)
				}
				for _, u := range units[:rounds/10] {
					k.want(t, "who will change it", a, u, k.before)
				}
				seen, stale := k.measure(t, a, b, units)
				for _, u := range units[:rounds/10] {
					k.want(t, "who has changed it", a, u, k.after)
				}
				if stale > mostStale {
					t.Errorf("%s: %v later, a process still reads what was before", k.name, stale)
				}
				if len(seen) != rounds {
					t.Errorf("%s: %d of %d changes were seen", k.name, len(seen), rounds)
				}
				fmt.Fprintf(&report, "\n%-28s %v", k.name, seen)
			}
			t.Log(report.String())
		})
	}
}

// A process that takes no notice of changes reads what was before for too long,
// and it shows.
func TestTwoProcesses_Control(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 2)
	cache := memory.NewCache(memory.NewClock())
	a, deaf := start(t, d, cache, silent{}), startAt(t, d.URL(postgres.RoleApp), cache, silent{}, (*rowcache.Store).RunDeaf)
	if _, stale := sights[0].measure(t, a, deaf, []unit{1}); stale <= mostStale {
		t.Errorf("it was noticed that a process read what was before for %v, want more than %v", stale, mostStale)
	}
}
