package porttest

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// countingStore compares with the limit what it has counted, and adds
// afterwards. In an Update it is sound.
type countingStore struct {
	ports.Store

	counted *barrier
}

func newCountingStore(store ports.Store, counted *barrier) ports.Store {
	return countingStore{store, counted}
}

func (s countingStore) Tenant(id domain.OrganizationID) ports.Tenant {
	return countingTenant{s.Store.Tenant(id), s, id}
}

type countingTenant struct {
	ports.Tenant

	store countingStore
	id    domain.OrganizationID
}

func (t countingTenant) Memberships() ports.Memberships {
	return countingMemberships{t.Tenant.Memberships(), t}
}

func (t countingTenant) Invitations() ports.Invitations {
	return countingInvitations{t.Tenant.Invitations(), t}
}

func (t countingTenant) Workspaces() ports.Workspaces {
	return countingWorkspaces{t.Tenant.Workspaces(), t}
}

type countingMemberships struct {
	ports.Memberships

	tenant countingTenant
}

func (m countingMemberships) Add(ctx context.Context, membership domain.Membership) error {
	organization, err := m.tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	if !organization.MemberLimit.Allows(organization.Members + 1) {
		return domain.ErrMemberLimitReached.WithLimit(int64(organization.MemberLimit), organization.Members)
	}
	return m.tenant.addAnyway(ctx, func(tenant ports.Tenant) error {
		return tenant.Memberships().Add(ctx, membership)
	})
}

type countingInvitations struct {
	ports.Invitations

	tenant countingTenant
}

func (i countingInvitations) Add(ctx context.Context, invitation domain.Invitation) error {
	organization, err := i.tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	if used := organization.Members + organization.PendingInvitations; !organization.MemberLimit.Allows(used + 1) {
		return domain.ErrMemberLimitReached.WithLimit(int64(organization.MemberLimit), used)
	}
	return i.tenant.addAnyway(ctx, func(tenant ports.Tenant) error {
		return tenant.Invitations().Add(ctx, invitation)
	})
}

type countingWorkspaces struct {
	ports.Workspaces

	tenant countingTenant
}

func (w countingWorkspaces) Add(ctx context.Context, workspace domain.Workspace) error {
	organization, err := w.tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	if !organization.WorkspaceLimit.Allows(organization.Workspaces + 1) {
		return domain.ErrWorkspaceLimitReached.WithLimit(int64(organization.WorkspaceLimit), organization.Workspaces)
	}
	return w.tenant.addAnyway(ctx, func(tenant ports.Tenant) error {
		return tenant.Workspaces().Add(ctx, workspace)
	})
}

// addAnyway adds, once all have counted, without a limit in the way.
func (t countingTenant) addAnyway(ctx context.Context, add func(ports.Tenant) error) error {
	if err := t.store.counted.wait(ctx); err != nil {
		return err
	}
	return t.store.Update(ctx, ports.Of(t.id), func(tx ports.Repositories) error {
		tenant := tx.Tenant(t.id)
		organization, err := tenant.Organization().Get(ctx)
		if err != nil {
			return err
		}
		limited := organization
		organization.MemberLimit, organization.WorkspaceLimit = domain.Unlimited, domain.Unlimited
		saved, err := tenant.Organization().Save(ctx, organization)
		if err != nil {
			return err
		}
		if err := add(tenant); err != nil {
			return err
		}
		limited.Version = saved.Version
		_, err = tenant.Organization().Save(ctx, limited)
		return err
	})
}
