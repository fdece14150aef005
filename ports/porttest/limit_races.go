package porttest

import (
	"context"
	"errors"
	"fmt"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// RaceForLastSeat lets n join an organization at once that has one seat left.
// It returns an error unless exactly one gets in, and the others learn why.
func RaceForLastSeat(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	c, err := f.almostFull(ctx)
	if err != nil {
		return err
	}
	memberships := make([]domain.Membership, n)
	for i := range memberships {
		user, err := f.addUser(ctx, "Member")
		if err != nil {
			return err
		}
		memberships[i] = f.newMembership(c, user.ID, domain.RoleMember)
	}
	errs := atOnce(n, func(i int) error { return c.in(store).Memberships().Add(ctx, memberships[i]) })
	if _, err = oneWins(errs, refusedByLimit(domain.ErrMemberLimitReached)); err != nil {
		return fmt.Errorf("%d want the last seat: %w", n, err)
	}
	return wantFull(ctx, c.in(store))
}

// RaceForLastWorkspace adds n workspaces at once to an organization that has
// room for one. It returns an error unless exactly one is added, and the
// others learn why not.
func RaceForLastWorkspace(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	c, err := f.almostFull(ctx)
	if err != nil {
		return err
	}
	workspaces := make([]domain.Workspace, n)
	for i := range workspaces {
		workspaces[i] = f.newWorkspace(c, "Last", domain.VisibilityOpen)
	}
	errs := atOnce(n, func(i int) error { return c.in(store).Workspaces().Add(ctx, workspaces[i]) })
	if _, err = oneWins(errs, refusedByLimit(domain.ErrWorkspaceLimitReached)); err != nil {
		return fmt.Errorf("%d want to be the last workspace: %w", n, err)
	}
	return wantFull(ctx, c.in(store))
}

// fullSize is how many members, and how many workspaces, fit into an
// organization that almostFull makes.
const fullSize = 3

// almostFull founds an organization with room for one more member and one more
// workspace.
func (f founder) almostFull(ctx context.Context) (company, error) {
	owner, err := f.addUser(ctx, "Owner")
	if err != nil {
		return company{}, err
	}
	c, err := f.found(ctx, owner, domain.Limits{Members: fullSize, Workspaces: fullSize})
	if err != nil {
		return company{}, err
	}
	member, err := f.addUser(ctx, "Member")
	if err != nil {
		return company{}, err
	}
	return c, f.store.Update(ctx, c.scope(), func(tx ports.Repositories) error {
		if err := c.in(tx).Memberships().Add(ctx, f.newMembership(c, member.ID, domain.RoleMember)); err != nil {
			return err
		}
		return c.in(tx).Workspaces().Add(ctx, f.newWorkspace(c, "Second", domain.VisibilityOpen))
	})
}

func refusedByLimit(want *domain.Error) func(error) error {
	return func(err error) error { return limitError(err, want, fullSize, fullSize) }
}

// wantFull returns an error if there are more of something than its limit
// allows, or other numbers than are counted.
func wantFull(ctx context.Context, tenant ports.Tenant) error {
	organization, err := tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	members, err := tenant.Memberships().List(ctx, ports.MemberFilter{}, all)
	if err != nil {
		return err
	}
	workspaces, err := tenant.Workspaces().List(ctx, everything, all)
	switch {
	case err != nil:
		return err
	case len(members.Items) > fullSize || len(workspaces.Items) > fullSize:
		return fmt.Errorf("there are %d members and %d workspaces, and room for %d", len(members.Items), len(workspaces.Items), fullSize)
	case int64(len(members.Items)) != organization.Members || int64(len(workspaces.Items)) != organization.Workspaces:
		return errors.New("the counts are not what there is")
	}
	return nil
}
