package acceptance_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/test/apitest"
)

// openDoors is a store that forgot to look for the membership: whoever asks is
// the owner of every organization.
type openDoors struct{ ports.Store }

func (s openDoors) Directory() ports.Directory { return openDirectory{s.Store.Directory(), s.Store} }

type openDirectory struct {
	ports.Directory
	store ports.Store
}

func (d openDirectory) Actor(ctx context.Context, user domain.UserID, ref string) (domain.Actor, error) {
	actor, err := d.Directory.Actor(ctx, user, ref)
	if err == nil {
		return actor, nil
	}
	org, err := d.store.Tenant(domain.OrganizationID(ref)).Organization().Get(ctx)
	if err != nil {
		return domain.Actor{}, err
	}
	return domain.Actor{
		User: org.Owner, Organization: org.ID, Role: domain.RoleOwner, Membership: domain.MembershipID(apitest.NewID()),
	}, nil
}

// barrier lets callers go on only when enough of them have come, once it is
// open. It makes sure that they all have read before one of them writes.
type barrier struct {
	mu      sync.Mutex
	missing int
	active  bool
	all     chan struct{}
}

func newBarrier(n int) *barrier { return &barrier{missing: n, all: make(chan struct{})} }

// open starts the counting, and returns the barrier.
func (b *barrier) open() *barrier {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active = true
	return b
}

// isOpen reports whether the counting has started.
func (b *barrier) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.active
}

func (b *barrier) wait() {
	b.mu.Lock()
	active := b.active
	if active {
		if b.missing--; b.missing == 0 {
			close(b.all)
		}
	}
	b.mu.Unlock()
	if active {
		<-b.all
	}
}

// countThenInsert is a store without locks, once its barrier is open, whose
// limit on workspaces is checked by counting first.
type countThenInsert struct {
	ports.Store
	meet *barrier
}

func (s countThenInsert) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	if !s.meet.isOpen() {
		return s.Store.Update(ctx, scope, fn)
	}
	return fn(s)
}

func (s countThenInsert) Tenant(id domain.OrganizationID) ports.Tenant {
	return countingTenant{s.Store.Tenant(id), s.meet}
}

type countingTenant struct {
	ports.Tenant
	meet *barrier
}

func (t countingTenant) Workspaces() ports.Workspaces {
	return countingWorkspaces{t.Tenant.Workspaces(), t.Organization(), t.meet}
}

type countingWorkspaces struct {
	ports.Workspaces
	organization ports.Organization
	meet         *barrier
}

func (w countingWorkspaces) Add(ctx context.Context, workspace domain.Workspace) error {
	org, err := w.organization.Get(ctx)
	if err != nil {
		return err
	}
	free := domain.PlanOf(domain.TierFree).Limits.Workspaces
	w.meet.wait()
	if !free.Allows(org.Workspaces + 1) {
		return domain.ErrWorkspaceLimitReached
	}
	return w.Workspaces.Add(ctx, workspace)
}

// askThenClaim is a store in which a claim that lost the race counts all the
// same.
type askThenClaim struct{ ports.Store }

func (s askThenClaim) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	return s.Store.Update(ctx, scope, func(tx ports.Repositories) error { return fn(askThenClaimTx{tx}) })
}

type askThenClaimTx struct{ ports.Repositories }

func (tx askThenClaimTx) Slugs() ports.Slugs { return askThenClaimSlugs{tx.Repositories.Slugs()} }

type askThenClaimSlugs struct{ ports.Slugs }

func (askThenClaimSlugs) Taken(context.Context, []domain.Slug, time.Time) ([]domain.Slug, error) {
	return nil, nil // as it was before anybody else came
}

func (s askThenClaimSlugs) Claim(ctx context.Context, id domain.OrganizationID, slug domain.Slug, at time.Time) error {
	if err := s.Slugs.Claim(ctx, id, slug, at); !errors.Is(err, domain.ErrSlugTaken) {
		return err
	}
	return nil
}

// staleOwner is a store in which whoever was the owner once is seen as the
// owner for good, and nothing keeps a second one out.
type staleOwner struct{ ports.Store }

func (s staleOwner) Directory() ports.Directory { return staleDirectory{s.Store.Directory()} }

type staleDirectory struct{ ports.Directory }

func (d staleDirectory) Actor(ctx context.Context, user domain.UserID, ref string) (domain.Actor, error) {
	actor, err := d.Directory.Actor(ctx, user, ref)
	if actor.Role == domain.RoleAdmin {
		actor.Role = domain.RoleOwner
	}
	return actor, err
}

func (s staleOwner) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	return s.Store.Update(ctx, scope, func(tx ports.Repositories) error { return fn(staleTx{tx}) })
}

type staleTx struct{ ports.Repositories }

func (tx staleTx) Tenant(id domain.OrganizationID) ports.Tenant {
	return staleTenant{tx.Repositories.Tenant(id)}
}

type staleTenant struct{ ports.Tenant }

func (t staleTenant) Memberships() ports.Memberships { return staleMemberships{t.Tenant.Memberships()} }

type staleMemberships struct{ ports.Memberships }

func (m staleMemberships) Get(ctx context.Context, id domain.MembershipID) (domain.Member, error) {
	member, err := m.Memberships.Get(ctx, id)
	if member.Role == domain.RoleAdmin {
		member.Role = domain.RoleOwner
	}
	return member, err
}

func (m staleMemberships) Save(ctx context.Context, membership domain.Membership) (domain.Membership, error) {
	saved, err := m.Memberships.Save(ctx, membership)
	if errors.Is(err, domain.ErrAlreadyOwner) {
		return membership, nil
	}
	return saved, err
}

// checkThenCount is a throttle that looks at the count first and raises it
// later.
type checkThenCount struct {
	mu       sync.Mutex
	attempts map[string]domain.Attempts
	meet     *barrier
}

func (t *checkThenCount) Reserve(_ context.Context, key string, policy domain.ThrottlePolicy) (bool, time.Duration, error) {
	t.mu.Lock()
	next, allowed, wait := t.attempts[key].Reserve(policy, time.Unix(1, 0))
	t.mu.Unlock()
	if strings.HasPrefix(key, "password:") {
		t.meet.wait()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.attempts == nil {
		t.attempts = map[string]domain.Attempts{}
	}
	t.attempts[key] = next
	return allowed, wait, nil
}

func (t *checkThenCount) Forget(_ context.Context, key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.attempts, key)
	return nil
}
