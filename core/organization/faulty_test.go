package organization_test

import (
	"context"
	"errors"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var errOutage = errors.New("outage")

// faulty is a store in which one step of an update fails: the one with the
// number failAt, counted from 0. It remembers the steps it was asked for.
type faulty struct {
	ports.Store

	failAt int
	steps  []string
}

// step counts a step, and fails if it is its turn.
func (f *faulty) step(name string) error {
	f.steps = append(f.steps, name)
	if len(f.steps)-1 == f.failAt {
		return errOutage
	}
	return nil
}

func (f *faulty) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	return f.Store.Update(ctx, scope, func(tx ports.Repositories) error {
		if err := fn(faultyRepositories{tx, f}); err != nil {
			return err
		}
		return f.step("commit")
	})
}

type faultyRepositories struct {
	ports.Repositories

	f *faulty
}

func (r faultyRepositories) Slugs() ports.Slugs { return faultySlugs{r.Repositories.Slugs(), r.f} }

func (r faultyRepositories) Tenant(id domain.OrganizationID) ports.Tenant {
	return faultyTenant{r.Repositories.Tenant(id), r.f}
}

type faultySlugs struct {
	ports.Slugs

	f *faulty
}

func (r faultySlugs) Taken(ctx context.Context, slugs []domain.Slug, at time.Time) ([]domain.Slug, error) {
	if err := r.f.step("Slugs.Taken"); err != nil {
		return nil, err
	}
	return r.Slugs.Taken(ctx, slugs, at)
}

func (r faultySlugs) Claim(ctx context.Context, id domain.OrganizationID, slug domain.Slug, at time.Time) error {
	return errors.Join(r.Slugs.Claim(ctx, id, slug, at), r.f.step("Slugs.Claim"))
}

type faultyTenant struct {
	ports.Tenant

	f *faulty
}

func (r faultyTenant) Organization() ports.Organization {
	return faultyOrganization{r.Tenant.Organization(), r.f}
}

func (r faultyTenant) Memberships() ports.Memberships {
	return faultyMemberships{r.Tenant.Memberships(), r.f}
}

func (r faultyTenant) Workspaces() ports.Workspaces {
	return faultyWorkspaces{r.Tenant.Workspaces(), r.f}
}

func (r faultyTenant) Subscription() ports.Subscription {
	return faultySubscription{r.Tenant.Subscription(), r.f}
}
func (r faultyTenant) Usage() ports.Usage { return faultyUsage{r.Tenant.Usage(), r.f} }

// The steps below fail after they were done: what was done must be undone.

type faultyOrganization struct {
	ports.Organization

	f *faulty
}

func (r faultyOrganization) Add(ctx context.Context, organization domain.Organization) error {
	return errors.Join(r.Organization.Add(ctx, organization), r.f.step("Organization.Add"))
}

func (r faultyOrganization) Detail(ctx context.Context) (domain.OrganizationDetail, error) {
	detail, err := r.Organization.Detail(ctx)
	return detail, errors.Join(err, r.f.step("Organization.Detail"))
}

type faultyMemberships struct {
	ports.Memberships

	f *faulty
}

func (r faultyMemberships) Add(ctx context.Context, membership domain.Membership) error {
	return errors.Join(r.Memberships.Add(ctx, membership), r.f.step("Memberships.Add"))
}

type faultyWorkspaces struct {
	ports.Workspaces

	f *faulty
}

func (r faultyWorkspaces) Add(ctx context.Context, workspace domain.Workspace) error {
	return errors.Join(r.Workspaces.Add(ctx, workspace), r.f.step("Workspaces.Add"))
}

func (r faultyWorkspaces) AddMember(ctx context.Context, member domain.WorkspaceMember) error {
	return errors.Join(r.Workspaces.AddMember(ctx, member), r.f.step("Workspaces.AddMember"))
}

type faultySubscription struct {
	ports.Subscription

	f *faulty
}

func (r faultySubscription) Add(ctx context.Context, subscription domain.Subscription) error {
	return errors.Join(r.Subscription.Add(ctx, subscription), r.f.step("Subscription.Add"))
}

type faultyUsage struct {
	ports.Usage

	f *faulty
}

func (r faultyUsage) Put(ctx context.Context, rows []domain.UsageMetric) error {
	return errors.Join(r.Usage.Put(ctx, rows), r.f.step("Usage.Put"))
}

// unguarded is a store whose updates are not undone when they fail: what every
// test of a failure must notice.
type unguarded struct{ ports.Store }

func (u unguarded) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	var failed error
	err := u.Store.Update(ctx, scope, func(tx ports.Repositories) error {
		failed = fn(tx)
		return nil
	})
	return errors.Join(failed, err)
}
