package rowcache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// operation changes something of a unit, through a store or by hand.
type operation struct {
	name string
	// plan makes of what is what will be, and reports whether that is possible.
	plan func(w *truth, n int) bool
	call func(ctx context.Context, store ports.Store, u unit, w *truth) error
	// sql takes the unit's number in %[1]d, and what will be as its arguments.
	sql  string
	args func(w truth) []any
}

var noArguments = func(truth) []any { return nil }

// others is how many units there are, and as many again, to which addresses go.
const others = 6

var operations = []operation{
	{
		"sign in", func(w *truth, _ int) bool { was := w.session; w.session = "plain"; return was == none },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return s.Sessions().Add(ctx, u.session("member"))
		},
		"", nil,
	},
	{
		"sign out", func(w *truth, _ int) bool { was := w.session; w.session = none; return was != none },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return s.Sessions().Remove(ctx, u.member(), u.session("member").ID)
		},
		`DELETE FROM app.sessions WHERE token_hash = sha256('member-%d')`, noArguments,
	},
	{
		"give the password", func(w *truth, _ int) bool { was := w.session; w.session = "sudo"; return was == "plain" },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return editSession(ctx, s, u.session("member"), func(session *domain.Session) { session.SudoAt = noon })
		},
		`UPDATE app.sessions SET sudo_at = now() WHERE token_hash = sha256('member-%d')`, noArguments,
	},
	{
		"rename the member", func(w *truth, n int) bool { w.member = fmt.Sprint("member ", n); return true },
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return editUser(ctx, s, u.user("member"), func(user *domain.User) { user.Name = w.member })
		},
		`UPDATE app.users SET name = $1 WHERE email = 'member-%d@example.com'`, func(w truth) []any { return []any{w.member} },
	},
	{
		"rename the owner", func(w *truth, n int) bool { w.owner = fmt.Sprint("owner ", n); return true },
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return editUser(ctx, s, u.user("owner"), func(user *domain.User) { user.Name = w.owner })
		},
		`UPDATE app.users SET name = $1 WHERE email = 'owner-%d@example.com'`, func(w truth) []any { return []any{w.owner} },
	},
	{
		"promote", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role = domain.RoleAdmin
			return was == domain.RoleMember
		},
		saveMembership, `UPDATE app.memberships SET role = 'admin' WHERE user_id = (SELECT id FROM app.users WHERE email = 'member-%d@example.com')`, noArguments,
	},
	{
		"demote", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role = domain.RoleMember
			return was == domain.RoleAdmin
		},
		saveMembership, `UPDATE app.memberships SET role = 'member' WHERE user_id = (SELECT id FROM app.users WHERE email = 'member-%d@example.com')`, noArguments,
	},
	{
		"remove the member", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role = none
			w.organization.Members--
			return was != none
		},
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return u.in(s).Memberships().Remove(ctx, u.membership())
		},
		"", nil,
	},
	{
		"add the member", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role, w.membership.Version = domain.RoleMember, 1
			w.organization.Members++
			return was == none
		},
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return u.in(s).Memberships().Add(ctx, w.membership)
		},
		"", nil,
	},
	{
		"suspend or not", func(w *truth, _ int) bool {
			if w.organization.Suspended() {
				w.organization.SuspendedAt = time.Time{}
			} else {
				w.organization.SuspendedAt = noon
			}
			return true
		}, saveOrganization,
		`UPDATE app.organizations SET suspended_at = CASE WHEN suspended_at IS NULL THEN timestamptz '2030-05-01 12:00:00Z' END WHERE slug = 'unit-%d'`, noArguments,
	},
	{
		"rename the organization", func(w *truth, n int) bool { w.organization.Name = fmt.Sprint("Unit ", n); return true }, saveOrganization,
		`UPDATE app.organizations SET name = $1 WHERE slug = 'unit-%d'`, func(w truth) []any { return []any{w.organization.Name} },
	},
	{
		"add a workspace", func(w *truth, _ int) bool { w.organization.Workspaces++; return w.organization.Workspaces == 2 },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return u.in(s).Workspaces().Add(ctx, newWorkspace(u))
		},
		"", nil,
	},
	{
		"remove a workspace", func(w *truth, _ int) bool { w.organization.Workspaces--; return w.organization.Workspaces == 1 },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return u.in(s).Workspaces().Remove(ctx, u.newWorkspace())
		},
		"", nil,
	},
	{
		"change the plan", func(w *truth, n int) bool {
			was := w.plan
			w.plan = domain.Plans[n%len(domain.Plans)].Tier
			return was != w.plan
		},
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			subscription := domain.NewFreeSubscription(u.subscription(), noon)
			subscription.Plan = w.plan
			return u.in(s).Subscription().Save(ctx, subscription)
		},
		`UPDATE app.subscriptions SET plan = $1 WHERE organization_id = (SELECT id FROM app.organizations WHERE slug = 'unit-%d')`,
		func(w truth) []any { return []any{string(w.plan)} },
	},
	{
		"give the slug away", func(w *truth, _ int) bool { was := w.moved; w.moved = true; return !was },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return s.Slugs().Claim(ctx, (u + others).organization(), u.oldSlug(), noon.Add(domain.SlugReservation))
		},
		`UPDATE app.organization_slugs SET organization_id = (SELECT id FROM app.organizations WHERE slug = 'unit-' || %[1]d + 6) WHERE slug = 'old-unit-%[1]d'`, noArguments,
	},
	{
		"take the slug back", func(w *truth, _ int) bool { was := w.moved; w.moved = false; return was },
		nil,
		`UPDATE app.organization_slugs SET given_up_at = timestamptz '2030-05-01 12:00:00Z', organization_id = (SELECT id FROM app.organizations WHERE slug = 'unit-%[1]d') WHERE slug = 'old-unit-%[1]d'`, noArguments,
	},
}

func saveMembership(ctx context.Context, s ports.Store, u unit, w *truth) (err error) {
	w.membership, err = u.in(s).Memberships().Save(ctx, w.membership)
	return err
}

func saveOrganization(ctx context.Context, s ports.Store, u unit, w *truth) (err error) {
	w.organization, err = u.in(s).Organization().Save(ctx, w.organization)
	return err
}

// worker does operations on units of its own.
type worker struct {
	models    []*model
	processes []process
	hand      *pgx.Conn // the superuser's
	random    *rand.Rand
	done      *atomic.Int64
}

// run goes on until so many are done, or something is read that is too old.
func (w *worker) run(ctx context.Context, operations int64) error {
	for w.done.Load() < operations && ctx.Err() == nil {
		m := w.models[w.random.IntN(len(w.models))]
		changed, err := w.operate(ctx, m)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		w.done.Add(1)
		for _, v := range views {
			for reader := range w.processes {
				if err := m.check(ctx, v, w.processes, reader); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// operate does something, if it is possible.
func (w *worker) operate(ctx context.Context, m *model) (changed bool, err error) {
	op, next := operations[w.random.IntN(len(operations))], m.now
	if !op.plan(&next, w.random.IntN(1000)) {
		return false, nil
	}
	switch by := w.random.IntN(len(w.processes)+1) - 1; {
	case by == byHand && op.sql != "":
		err = m.change(next, by, func() error {
			_, err := w.hand.Exec(ctx, fmt.Sprintf(op.sql, int(m.unit)), op.args(next)...)
			return err
		})
	case by != byHand && op.call != nil:
		err = m.change(next, by, func() error { return op.call(ctx, w.processes[by], m.unit, &next) })
		m.now = next // at its next version
	default:
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s of unit %d: %w", op.name, m.unit, err)
	}
	return true, nil
}

// operateAtRandom does so many operations, and returns the first that was read
// and too old, if any.
func operateAtRandom(t *testing.T, d *pgtest.Database, processes []process, count int64) error {
	t.Helper()
	const workers = 3
	ctx, stop := context.WithCancelCause(t.Context())
	var done atomic.Int64
	var working, around sync.WaitGroup
	for n := range workers {
		seed := rand.Uint64()
		t.Logf("worker %d has seed %d", n, seed)
		w := &worker{processes: processes, hand: d.Connect(t, pgtest.Superuser), random: rand.New(rand.NewPCG(seed, 0)), done: &done}
		for u := n; u < others; u += workers {
			w.models = append(w.models, newModel(unit(u)))
		}
		working.Go(func() {
			if err := w.run(ctx, count); err != nil {
				stop(err)
			}
		})
		around.Go(func() {
			if err := readAround(ctx, w.models, processes); err != nil {
				stop(err)
			}
		})
	}
	working.Wait()
	stop(nil)
	around.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// readAround reads something every other millisecond until ctx ends, and now and then
// makes a process begin anew.
func readAround(ctx context.Context, models []*model, processes []process) error {
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
		reader := rand.N(len(processes))
		if n%500 == 499 {
			processes[reader].Lost()
		}
		err := models[rand.N(len(models))].check(ctx, views[rand.N(len(views))], processes, reader)
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// Whatever is done, in which process or past all of them, is read at once where
// it was done, and a second later everywhere.
func TestProperty(t *testing.T) {
	t.Parallel()
	const count = 2000
	d, _ := planted(t, 2*others)
	cache := memory.NewCache(memory.NewClock())
	processes := []process{start(t, d, cache, silent{}), start(t, d, cache, silent{})}
	began := time.Now()
	if err := operateAtRandom(t, d, processes, count); err != nil {
		t.Error(err)
	}
	t.Logf("%d operations took %v", count, time.Since(began))
}

// A process that takes no notice of changes, not even of its own, is found out.
func TestProperty_Control(t *testing.T) {
	t.Parallel()
	d, _ := planted(t, 2*others)
	cache := memory.NewCache(memory.NewClock())
	deaf := startAt(t, d.URL(postgres.RoleApp), cache, silent{}, (*rowcache.Store).RunDeaf)
	err := operateAtRandom(t, d, []process{start(t, d, cache, silent{}), deaf}, 2000)
	if !errors.Is(err, errTooOld) {
		t.Errorf("%v was found out, want %v", err, errTooOld)
	}
}
