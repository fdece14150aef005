package memory_test

import (
	"fmt"
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// What every request asks the store, with many tenants in it. Time and
// allocations must not depend on how many there are.
func BenchmarkStore(b *testing.B) {
	const organizations = 20_000
	store, ids := memory.NewStore(), memory.NewIDs()
	user := domain.User{ID: domain.UserID(ids.New()), Email: "ada@example.com"}
	session := domain.Session{ID: domain.SessionID(ids.New()), User: user.ID, Token: domain.Token("token").Hash()}
	if err := store.Users().Add(b.Context(), user); err != nil {
		b.Fatal(err)
	}
	if err := store.Sessions().Add(b.Context(), session); err != nil {
		b.Fatal(err)
	}
	var id domain.OrganizationID
	var slug domain.Slug
	for n := range organizations {
		id, slug = domain.OrganizationID(ids.New()), domain.Slug(fmt.Sprintf("organization-%d", n))
		if err := foundForBenchmark(b, store, ids, id, slug, user.ID); err != nil {
			b.Fatal(err)
		}
	}
	for name, ask := range map[string]func() error{
		"Sessions.ByToken":        func() error { _, _, err := store.Sessions().ByToken(b.Context(), session.Token); return err },
		"Directory.Actor by id":   func() error { _, err := store.Directory().Actor(b.Context(), user.ID, string(id)); return err },
		"Directory.Actor by slug": func() error { _, err := store.Directory().Actor(b.Context(), user.ID, string(slug)); return err },
		"Organization.Detail":     func() error { _, err := store.Tenant(id).Organization().Detail(b.Context()); return err },
		"Update of a user": func() error {
			return store.Update(b.Context(), ports.OfUser(user.ID), func(tx ports.Repositories) error {
				return tx.Users().Save(b.Context(), user)
			})
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func foundForBenchmark(b *testing.B, store ports.Store, ids ports.IDs, id domain.OrganizationID, slug domain.Slug, owner domain.UserID) error {
	b.Helper()
	now := memory.NewClock().Now()
	return store.Update(b.Context(), ports.Of(id), func(tx ports.Repositories) error {
		if err := tx.Slugs().Claim(b.Context(), id, slug, now); err != nil {
			return err
		}
		organization := domain.Organization{ID: id, Slug: slug, Owner: owner, MemberLimit: 5, WorkspaceLimit: 3}
		if err := tx.Tenant(id).Organization().Add(b.Context(), organization); err != nil {
			return err
		}
		membership := domain.Membership{ID: domain.MembershipID(ids.New()), User: owner, Role: domain.RoleOwner}
		if err := tx.Tenant(id).Memberships().Add(b.Context(), membership); err != nil {
			return err
		}
		subscription := domain.NewFreeSubscription(domain.SubscriptionID(ids.New()), now)
		return tx.Tenant(id).Subscription().Add(b.Context(), subscription)
	})
}
