// Package coretest sets scenes for the tests of the core.
package coretest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// Scene is a product of the test's own, with nobody in it. Its helpers speak
// for the test it was made for.
type Scene struct {
	T     *testing.T
	Clock *memory.Clock
	IDs   *memory.IDs
	Store *memory.Store
	Blobs *Blobs

	// Everything tells all that is kept, down to the last row and file. A test
	// that has more to keep replaces it.
	Everything func() string
}

// NewScene returns an empty scene.
func NewScene(t *testing.T) *Scene {
	t.Helper()
	s := &Scene{T: t, Clock: memory.NewClock(), IDs: memory.NewIDs(), Store: memory.NewStore(), Blobs: NewBlobs()}
	s.Store.SetClock(s.Clock)
	s.Everything = func() string { return fmt.Sprintf("%+v %v", s.Store, s.Blobs.Kept) }
	return s
}

// User signs somebody up, as name@example.com.
func (s *Scene) User(name string) domain.User {
	s.T.Helper()
	user := domain.User{
		ID: domain.UserID(s.IDs.New()), Name: name, Email: domain.Email(strings.ToLower(name) + "@example.com"),
		PasswordHash: "hash", CreatedAt: s.Clock.Now(), UpdatedAt: s.Clock.Now(),
	}
	s.Must(s.Store.Users().Add(s.T.Context(), user))
	return user
}

// Found makes an organization that the user owns.
func (s *Scene) Found(user domain.User, name string) domain.Actor {
	s.T.Helper()
	organizations := organization.NewService(s.Store, s.Clock, s.IDs, slug.NewMaker(Transliterator{}), nil)
	created, err := organizations.Create(s.T.Context(), user, organization.CreateInput{Name: name})
	s.Must(err)
	return domain.Actor{User: user.ID, Organization: created.ID, Membership: created.Membership, Role: created.Role}
}

// Join makes the user a member of the organization that in acts in.
func (s *Scene) Join(in domain.Actor, user domain.User, role domain.Role) domain.Actor {
	s.T.Helper()
	actor := domain.Actor{User: user.ID, Organization: in.Organization, Membership: domain.MembershipID(s.IDs.New()), Role: role}
	s.Must(s.Tenant(in).Memberships().Add(s.T.Context(), domain.Membership{
		ID: actor.Membership, User: user.ID, Role: role, InvitedBy: in.User, CreatedAt: s.Clock.Now(), UpdatedAt: s.Clock.Now(),
	}))
	return actor
}

// Tenant returns what is stored of the organization that the actor acts in.
func (s *Scene) Tenant(actor domain.Actor) ports.Tenant { return s.Store.Tenant(actor.Organization) }

// Must ends the test if there is an error.
func (s *Scene) Must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatalf("unexpected error: %v", err)
	}
}

// Acme is Ada's organization Acme with Grace, an admin, and Linus, a member,
// and Hedy's organization Globex, in which nothing must ever change. All of
// them have been there for an hour.
type Acme struct {
	*Scene

	Ada, Grace, Linus, Hedy      domain.User
	Owner, Admin, Member, Globex domain.Actor
}

// NewAcme returns a scene with both organizations.
func NewAcme(t *testing.T) *Acme {
	t.Helper()
	s := &Acme{Scene: NewScene(t)}
	s.Ada, s.Grace, s.Linus, s.Hedy = s.User("Ada"), s.User("Grace"), s.User("Linus"), s.User("Hedy")
	s.Globex = s.Found(s.Hedy, "Globex")
	s.Owner = s.Found(s.Ada, "Acme")
	s.Admin = s.Join(s.Owner, s.Grace, domain.RoleAdmin)
	s.Member = s.Join(s.Owner, s.Linus, domain.RoleMember)
	s.Clock.Advance(time.Hour)
	return s
}

// FoundBare stores an organization with its owner and nothing else. The owner
// is a new user if there is none with the id; membership is the owner's.
func FoundBare(t *testing.T, store ports.Store, o domain.Organization, membership domain.MembershipID) {
	t.Helper()
	ctx := t.Context()
	err := store.Update(ctx, ports.Of(o.ID), func(tx ports.Repositories) error {
		if _, err := tx.Users().Get(ctx, o.Owner); err != nil {
			if err := tx.Users().Add(ctx, domain.User{ID: o.Owner, Email: domain.Email(o.Owner + "@example.com")}); err != nil {
				return err
			}
		}
		tenant := tx.Tenant(o.ID)
		if err := tenant.Organization().Add(ctx, o); err != nil {
			return err
		}
		return tenant.Memberships().Add(ctx, domain.Membership{ID: membership, User: o.Owner, Role: domain.RoleOwner})
	})
	if err != nil {
		t.Fatal(err)
	}
}
