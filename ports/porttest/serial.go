package porttest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var serialTests = []storeTest{
	race("updates of one organization run one at a time", workers, RaceToEditOrganization),
	race("updates of one user run one at a time", workers, RaceToEditUser),
	race("what an update has not found is not there when it writes", workers, raceToAddOnce),
	{"updates whose scopes overlap in part do not block each other for good", testOverlappingScopes},
	{"a call beside the updates of its organization is not lost", testCallBesideUpdates},
}

// mark is what each of those who race leaves behind once.
const mark = "x"

// wantMarks returns an error unless each of n has left its mark.
func wantMarks(got string, n int) error {
	if want := strings.Repeat(mark, n); !strings.HasSuffix(got, want) || strings.HasSuffix(got, mark+want) {
		return fmt.Errorf("after %d updates there is %q, want %d times %q at the end", n, got, n, mark)
	}
	return nil
}

// letOthersIn stands between reading and writing. If the store lets another
// update in, it comes in here.
func letOthersIn() {
	for range 100 {
		runtime.Gosched()
	}
}

// describe reads an organization, decides on its new description and writes
// it.
func describe(ctx context.Context, tenant ports.Tenant) error {
	organization, err := tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	organization.Description += mark
	letOthersIn()
	_, err = tenant.Organization().Save(ctx, organization)
	return err
}

// rename reads a user, decides on the new name and writes it.
func rename(ctx context.Context, tx ports.Repositories, id domain.UserID) error {
	user, err := tx.Users().Get(ctx, id)
	if err != nil {
		return err
	}
	user.Name += mark
	letOthersIn()
	return tx.Users().Save(ctx, user)
}

// RaceToEditOrganization lets n updates read an organization and write it back
// changed, all at once. It returns an error if one fails or is lost.
func RaceToEditOrganization(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	owner, err := f.addUser(ctx, "Owner")
	if err != nil {
		return err
	}
	c, err := f.found(ctx, owner, roomy)
	if err != nil {
		return err
	}
	scopes := []ports.Scope{c.scope(), {Organization: c.id, User: owner.ID}}
	errs := atOnce(n, func(i int) error {
		return store.Update(ctx, scopes[i%len(scopes)], func(tx ports.Repositories) error {
			return describe(ctx, c.in(tx))
		})
	})
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%d updates of one organization: %w", n, err)
	}
	organization, err := c.in(store).Organization().Get(ctx)
	if err != nil {
		return err
	}
	return wantMarks(organization.Description, n)
}

// RaceToEditUser lets n updates read a user and write them back changed, all
// at once. It returns an error if one fails or is lost.
func RaceToEditUser(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	owner, err := f.addUser(ctx, "Owner")
	if err != nil {
		return err
	}
	c, err := f.found(ctx, owner, roomy)
	if err != nil {
		return err
	}
	scopes := []ports.Scope{ports.OfUser(owner.ID), {Organization: c.id, User: owner.ID}}
	errs := atOnce(n, func(i int) error {
		return store.Update(ctx, scopes[i%len(scopes)], func(tx ports.Repositories) error {
			return rename(ctx, tx, owner.ID)
		})
	})
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%d updates of one user: %w", n, err)
	}
	user, err := store.Users().Get(ctx, owner.ID)
	if err != nil {
		return err
	}
	return wantMarks(user.Name, n)
}

// raceToAddOnce lets n updates add a workspace unless there is one of its
// name: no unique key and no version stand in the way, only the order.
func raceToAddOnce(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	c, err := f.almostFull(ctx)
	if err != nil {
		return err
	}
	there := errors.New("there is one already")
	errs := atOnce(n, func(int) error {
		return store.Update(ctx, c.scope(), func(tx ports.Repositories) error {
			page, err := c.in(tx).Workspaces().List(ctx, everything, all)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(page.Items, func(w domain.WorkspaceDetail) bool { return w.Name == "Only" }) {
				return there
			}
			letOthersIn()
			return c.in(tx).Workspaces().Add(ctx, f.newWorkspace(c, "Only", domain.VisibilityOpen))
		})
	})
	if _, err := oneWins(errs, failsWith(there)); err != nil {
		return fmt.Errorf("%d updates look for a workspace: %w", n, err)
	}
	return wantFull(ctx, c.in(store))
}

// raceToSave saves one version of an organization n times on the store itself.
func raceToSave(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	c, err := f.almostFull(ctx)
	if err != nil {
		return err
	}
	errs := atOnce(n, func(i int) error {
		organization := c.newOrganization(domain.Limits{Members: fullSize, Workspaces: fullSize})
		organization.Name = fmt.Sprintf("By %d", i)
		_, err := c.in(store).Organization().Save(ctx, organization)
		return err
	})
	winner, err := oneWins(errs, failsWith(domain.ErrPreconditionFailed))
	if err != nil {
		return fmt.Errorf("%d save one version: %w", n, err)
	}
	organization, err := c.in(store).Organization().Get(ctx)
	if want := fmt.Sprintf("By %d", winner); err == nil && (organization.Name != want || organization.Version != 2) {
		err = fmt.Errorf("the organization is %q at version %d, want %q at 2", organization.Name, organization.Version, want)
	}
	return err
}

func testOverlappingScopes(t *testing.T, s *scene) {
	scopes := []ports.Scope{
		{Organization: s.acme.id, User: s.grace.ID},
		{Organization: s.globex.id, User: s.grace.ID},
		{Organization: s.acme.id, User: s.ada.ID},
		{Organization: s.globex.id, User: s.ada.ID},
		ports.Of(s.acme.id), ports.Of(s.globex.id), ports.OfUser(s.grace.ID), ports.OfUser(s.ada.ID),
		{},
	}
	errs := atOnce(4*len(scopes), func(i int) error {
		scope := scopes[i%len(scopes)]
		return s.store.Update(t.Context(), scope, func(tx ports.Repositories) error {
			var err error
			if scope.User != "" {
				err = rename(t.Context(), tx, scope.User)
			}
			if scope.Organization != "" {
				err = errors.Join(err, describe(t.Context(), tx.Tenant(scope.Organization)))
			}
			return err
		})
	})
	for _, err := range errs {
		s.must(err)
	}
	const each = 4 * 3 // of the scopes, three name the same organization or user
	for _, c := range []company{s.acme, s.globex} {
		s.must(wantMarks(s.tenantState(c).Organization.Description, each))
	}
	for _, user := range []domain.User{s.ada, s.grace} {
		s.must(wantMarks(s.userState(user.ID).User.Name, each))
	}
}

// testCallBesideUpdates counts what is added by calls and by updates at once:
// both raise the same number.
func testCallBesideUpdates(t *testing.T, s *scene) {
	ctx, before := t.Context(), s.tenantState(s.acme).Organization
	errs := atOnce(2*workers, func(i int) error {
		workspace := s.newWorkspace(s.acme, "New", domain.VisibilityOpen)
		if i%2 == 0 {
			return s.acme.in(s.store).Workspaces().Add(ctx, workspace)
		}
		return s.store.Update(ctx, s.acme.scope(), func(tx ports.Repositories) error {
			return first(
				func() error { return s.acme.in(tx).Workspaces().Add(ctx, workspace) },
				func() error { return describe(ctx, s.acme.in(tx)) },
			)
		})
	})
	for _, err := range errs {
		s.must(err)
	}
	after := s.tenantState(s.acme)
	wantEqual(t, "workspaces counted", after.Organization.Workspaces, before.Workspaces+2*workers)
	wantEqual(t, "workspaces listed", int64(len(after.Workspaces)), after.Organization.Workspaces)
	s.must(wantMarks(after.Organization.Description, workers))
}
