package porttest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// errBoom is what an update fails with.
var errBoom = errors.New("boom")

var transactionTests = []storeTest{
	{"an update stores everything, across tenants and beyond", testCommit},
	{"an update sees what it has written", testReadYourWrites},
	{"a failed update leaves nothing behind", testRollback},
	{"a failed update of a new organization leaves nothing behind", testRollbackOfFounding},
	{"a failed removal brings everything back", testRollbackOfRemoval},
	{"a failed update returns its error as it is", testErrorAsItIs},
	{"an update that panics leaves nothing behind and blocks nobody", testPanic},
	{"nobody sees an update before it is committed", testNoDirtyRead},
	{"an update without a scope is an update", testNoScope},
	{"a call that fails on the store leaves nothing behind", testFailedCalls},
}

// changeEverything writes with every repository: to two tenants, to one that
// is new, and to what belongs to no tenant.
func (s *scene) changeEverything(ctx context.Context, tx ports.Repositories) error {
	acme, globex := s.acme.in(tx), s.globex.in(tx)
	eve, session, link := s.newUser("Eve"), s.newSession(s.ada.ID), newToken(s.ids)
	eve.Email = "eve@example.com"
	hedy := s.hedy
	hedy.Name, hedy.Email = "Hedwig", "hedwig@example.com"
	return first(
		func() error { return tx.Users().Add(ctx, eve) },
		func() error { return tx.Users().Save(ctx, hedy) },
		func() error { return tx.Sessions().RemoveOthers(ctx, s.ada.ID, "") },
		func() error { return tx.Sessions().Add(ctx, session) },
		func() error { return tx.Sessions().Touch(ctx, session.ID, noon.Add(1e9)) },
		func() error {
			return tx.AuthTokens().Add(ctx, domain.AuthToken{Hash: link, Purpose: domain.TokenResetPassword, User: s.ada.ID, Email: "a@example.com", CreatedAt: noon})
		},
		func() error { return tx.AuthTokens().RemoveAll(ctx, s.hedy.ID, domain.TokenResetPassword) },
		func() error { return tx.Slugs().Claim(ctx, s.acme.id, "acme-renamed", noon) },
		func() error { return s.renameOrganization(ctx, acme) },
		func() error {
			return acme.Memberships().Add(ctx, s.newMembership(s.acme, eve.ID, domain.RoleMember))
		},
		func() error { return acme.Memberships().Remove(ctx, s.graceAtAcme) },
		func() error {
			return acme.Invitations().Add(ctx, s.newInvitation(s.acme, "mallory@example.com", domain.RoleMember))
		},
		func() error {
			return acme.Invitations().Save(ctx, answered(s.guestOfAcme, domain.InvitationDeclined, noon))
		},
		func() error { return second(globex.Invitations().Expire(ctx, noon.Add(domain.InvitationLifetime))) },
		func() error {
			return tx.Outbox().Add(ctx, s.newJob(s.acme.id, "test.acme"), s.newJob("", "test.nobody"), s.newJob(s.globex.id, "test.globex"))
		},
		func() error {
			_, _, err := tx.Throttle().Reserve(ctx, "everything", domain.ThrottleResets)
			return err
		},
		func() error {
			return acme.Workspaces().Add(ctx, s.newWorkspace(s.acme, "New", domain.VisibilityOpen))
		},
		func() error { return acme.Subscription().Save(ctx, paid(s.acme.subscription)) },
		func() error {
			return acme.Usage().Put(ctx, domain.NewUsagePeriod(roomy, domain.Period{Start: noon.AddDate(0, -2, 0), End: noon.AddDate(0, -1, 0)}, 7, noon))
		},
		func() error {
			return globex.Workspaces().AddMember(ctx, domain.WorkspaceMember{Workspace: s.plans, Membership: s.graceAtGlobex, AddedBy: hedy.ID, CreatedAt: noon})
		},
		func() error {
			return globex.Memberships().Add(ctx, s.newMembership(s.globex, eve.ID, domain.RoleAdmin))
		},
		func() error { return globex.Workspaces().Remove(ctx, s.globex.workspace) },
		func() error { return tx.Users().Remove(ctx, s.drifter(ctx, tx)) },
	)
}

// drifter stores a user and returns the id.
func (s *scene) drifter(ctx context.Context, tx ports.Repositories) domain.UserID {
	user := s.newUser("Drifter")
	if err := tx.Users().Add(ctx, user); err != nil {
		return ""
	}
	return user.ID
}

func (s *scene) renameOrganization(ctx context.Context, tenant ports.Tenant) error {
	organization, err := tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	organization.Name, organization.Slug = "Renamed", "acme-renamed"
	_, err = tenant.Organization().Save(ctx, organization)
	return err
}

// first runs the steps up to the first that fails, and says which it was.
func first(steps ...func() error) error {
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func testCommit(t *testing.T, s *scene) {
	s.update(s.acme, func(tx ports.Repositories) error { return s.changeEverything(t.Context(), tx) })

	eve, err := s.store.Users().ByEmail(t.Context(), "eve@example.com")
	s.must(err)
	wantEqual(t, "Eve's organizations", len(s.actors(eve.ID)), 2)
	acme, globex := s.tenantState(s.acme), s.tenantState(s.globex)
	wantEqual(t, "acme's name", acme.Organization.Name, "Renamed")
	wantEqual(t, "acme's members", acme.Organization.Members, 3)
	wantEqual(t, "acme's workspaces", acme.Organization.Workspaces, 3)
	wantEqual(t, "acme's pending invitations", acme.Organization.PendingInvitations, 1)
	wantEqual(t, "acme's invitations", len(acme.Invitations), 2)
	wantEqual(t, "globex's pending invitations", globex.Organization.PendingInvitations, 0)
	wantEqual(t, "acme's past usage", len(acme.History), len(domain.Metrics)+len(acme.Usage))
	wantEqual(t, "acme's secret members", len(acme.Added[s.secret]), 0)
	wantEqual(t, "globex's workspaces", globex.Organization.Workspaces, 1)
	wantEqual(t, "globex's owner", globex.Organization.OwnerName, "Hedwig")
	wantEqual(t, "globex's members", globex.Organization.Members, 3)
	wantEqual(t, "Ada's sessions", len(s.userState(s.ada.ID).Sessions), 1)
	wantItems(t, "taken slugs", s.taken(noon, s.acme.slug, "acme-renamed", "free"), []domain.Slug{"acme-renamed", s.acme.slug})
}

func testReadYourWrites(t *testing.T, s *scene) {
	s.update(s.acme, func(tx ports.Repositories) error {
		if err := s.changeEverything(t.Context(), tx); err != nil {
			return err
		}
		inside := *s
		inside.store = within{tx}
		wantEqual(t, "the organization's name inside the update", inside.tenantState(s.acme).Organization.Name, "Renamed")
		wantEqual(t, "the sessions inside the update", len(inside.userState(s.ada.ID).Sessions), 1)
		wantEqual(t, "the actor by the new slug", inside.actor(s.ada.ID, "acme-renamed").Organization, s.acme.id)
		return nil
	})
}

// within makes the repositories of an update pass for a store, for reading.
type within struct{ ports.Repositories }

func (within) Update(context.Context, ports.Scope, func(ports.Repositories) error) error {
	return errors.New("updates do not nest")
}

func testErrorAsItIs(t *testing.T, s *scene) {
	err := s.store.Update(t.Context(), s.acme.scope(), func(ports.Repositories) error { return errBoom })
	if err != errBoom { //nolint:errorlint // as it is: not even wrapped
		t.Errorf("Update = %v, want the very error of fn", err)
	}
}

func testNoScope(t *testing.T, s *scene) {
	before := s.state()
	err := s.store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
		return first(func() error { return s.changeEverything(t.Context(), tx) }, func() error { return errBoom })
	})
	wantError(t, "Update", err, errBoom)
	wantSame(t, "the store", s.state(), before)
	s.must(s.store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
		return s.changeEverything(t.Context(), tx)
	}))
	wantEqual(t, "acme's name", s.tenantState(s.acme).Organization.Name, "Renamed")
}
