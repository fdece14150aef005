package porttest

import (
	"context"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

func testRollback(t *testing.T, s *scene) {
	ctx, before := t.Context(), s.state()
	link := s.authToken(s.hedy.ID, domain.TokenResetPassword)
	err := s.store.Update(ctx, s.acme.scope(), func(tx ports.Repositories) error {
		if err := s.changeEverything(ctx, tx); err != nil {
			return err
		}
		return errBoom
	})
	wantError(t, "Update", err, errBoom)
	wantSame(t, "the store", s.state(), before)
	s.wantUntouched(link)

	// What has been undone must not stand in the way either.
	s.update(s.acme, func(tx ports.Repositories) error { return s.changeEverything(ctx, tx) })
}

// wantUntouched checks what can only be seen by trying: that what
// changeEverything adds is free, and that a link which it kills works.
func (s *scene) wantUntouched(link domain.AuthToken) {
	s.t.Helper()
	ctx := s.t.Context()
	for _, email := range []domain.Email{"eve@example.com", "hedwig@example.com"} {
		_, err := s.store.Users().ByEmail(ctx, email)
		wantError(s.t, "ByEmail of "+string(email), err, domain.ErrNotFound)
	}
	_, err := s.store.Directory().Actor(ctx, s.ada.ID, "acme-renamed")
	wantError(s.t, "Actor by a slug that was rolled back", err, domain.ErrNotFound)
	wantItems(s.t, "taken slugs", s.taken(noon, "acme-renamed"), nil)
	taken, err := s.store.AuthTokens().Take(ctx, link.Hash, link.Purpose)
	s.must(err)
	wantEqual(s.t, "the link", taken, link)
}

func testRollbackOfFounding(t *testing.T, s *scene) {
	ctx, before := t.Context(), s.state()
	failing := founder{ids: s.ids, store: failingUpdates{s.store}}
	c, err := failing.found(ctx, s.ada, roomy)
	wantError(t, "Update", err, errBoom)
	wantSame(t, "the store", s.state(), before)
	_, err = c.in(s.store).Organization().Get(ctx)
	wantError(t, "Get", err, domain.ErrNotFound)
	_, err = c.in(s.store).Memberships().Get(ctx, c.membership)
	wantError(t, "Get of the owner", err, domain.ErrNotFound)
	_, err = c.in(s.store).Workspaces().Get(ctx, everything, c.workspace)
	wantError(t, "Get of the workspace", err, domain.ErrNotFound)
	_, err = c.in(s.store).Subscription().Get(ctx)
	wantError(t, "Get of the subscription", err, domain.ErrNotFound)
	wantItems(t, "taken slugs", s.taken(noon, c.slug), nil)
}

// failingUpdates lets every update fail at its end.
type failingUpdates struct{ ports.Store }

func (f failingUpdates) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	return f.Store.Update(ctx, scope, func(tx ports.Repositories) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errBoom
	})
}

func testRollbackOfRemoval(t *testing.T, s *scene) {
	ctx, before := t.Context(), s.state()
	err := s.store.Update(ctx, s.acme.scope(), func(tx ports.Repositories) error {
		return first(
			func() error { return tx.Slugs().Release(ctx, s.acme.id, noon) },
			func() error { return s.acme.in(tx).Organization().Remove(ctx) },
			func() error { return tx.Users().Remove(ctx, s.linus.ID) },
			func() error { return errBoom },
		)
	})
	wantError(t, "Update", err, errBoom)
	wantSame(t, "the store", s.state(), before)

	// The slug has not been given up: not even much later can it be claimed.
	err = s.store.Slugs().Claim(ctx, s.globex.id, s.acme.slug, noon.Add(2*domain.SlugReservation))
	wantError(t, "Claim", err, domain.ErrSlugTaken)
}

func testPanic(t *testing.T, s *scene) {
	before := s.state()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller of Update")
			}
		}()
		_ = s.store.Update(t.Context(), s.acme.scope(), func(tx ports.Repositories) error {
			s.must(s.changeEverything(t.Context(), tx))
			panic("boom")
		})
	}()
	wantSame(t, "the store", s.state(), before)
	s.update(s.acme, func(tx ports.Repositories) error { return s.changeEverything(t.Context(), tx) })
}

func testNoDirtyRead(t *testing.T, s *scene) {
	seen := make(chan domain.User, 1)
	err := s.store.Update(t.Context(), ports.OfUser(s.ada.ID), func(tx ports.Repositories) error {
		changed := s.ada
		changed.Name = "Eve"
		if err := tx.Users().Save(t.Context(), changed); err != nil {
			return err
		}
		// It may have to wait until the update is over, so nobody waits for it.
		go func() {
			user, _ := s.store.Users().Get(t.Context(), s.ada.ID)
			seen <- user
		}()
		return errBoom
	})
	wantError(t, "Update", err, errBoom)
	wantEqual(t, "the user as seen from outside", <-seen, s.ada)
}

func testFailedCalls(t *testing.T, s *scene) {
	ctx, before := t.Context(), s.state()
	acme := s.acme.in(s.store)
	twice := s.newMembership(s.acme, s.linus.ID, domain.RoleMember)
	wantError(t, "Add of a member twice", acme.Memberships().Add(ctx, twice), domain.ErrAlreadyMember)

	sameSlug := s.newWorkspace(s.acme, "Same", domain.VisibilityOpen)
	sameSlug.Slug = "general"
	wantError(t, "Add of a workspace's slug twice", acme.Workspaces().Add(ctx, sameSlug), domain.ErrWorkspaceSlugTaken)

	wantError(t, "Claim of another's slug", s.store.Slugs().Claim(ctx, s.acme.id, s.globex.slug, noon), domain.ErrSlugTaken)

	sameEmail := s.newUser("Eve")
	sameEmail.Email = s.ada.Email
	wantError(t, "Add of a user's address twice", s.store.Users().Add(ctx, sameEmail), domain.ErrEmailTaken)

	stranger := s.newMembership(s.acme, newID[domain.UserID](s.ids), domain.RoleMember)
	wantAnyError(t, "Add of a member who is no user", acme.Memberships().Add(ctx, stranger))

	wantSame(t, "the store", s.state(), before)
	_, err := s.store.Users().Get(ctx, sameEmail.ID)
	wantError(t, "Get of the user who was refused", err, domain.ErrNotFound)
}
