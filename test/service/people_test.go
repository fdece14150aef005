package service_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/adapters/system"
	"rowhouse/core/domain"
)

// people makes users and memberships without a process: what signing up costs,
// and that there is no way in for a second member yet, is not what these tests
// are about.
type people struct {
	store *postgres.Store
}

func newPeople(t *testing.T, d *pgtest.Database) people {
	t.Helper()
	store, err := postgres.Open(t.Context(), d.URL(postgres.RoleApp), postgres.PoolConfig{MaxConnections: 4, MaxWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return people{store}
}

func now() time.Time { return system.Clock{}.Now() }

func newID() string { return system.IDs{}.New() }

// add makes a user who has proven their address.
func (p people) add(t *testing.T, name string) domain.UserID {
	t.Helper()
	id := domain.UserID(newID())
	err := p.store.Users().Add(t.Context(), domain.User{
		ID: id, Email: domain.Email(string(id) + "@example.com"), Name: name,
		EmailVerifiedAt: now(), CreatedAt: now(), UpdatedAt: now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// session makes a session of the user and returns its id and its token.
func (p people) session(ctx context.Context, user domain.UserID) (domain.SessionID, domain.Token, error) {
	id, token := domain.SessionID(newID()), system.Tokens{}.New()
	return id, token, p.store.Sessions().Add(ctx, domain.Session{
		ID: id, User: user, Token: token.Hash(), CreatedAt: now(), LastSeenAt: now(), SudoAt: now(),
	})
}

// signIn returns a browser in which the user is signed in.
func (p people) signIn(t *testing.T, user domain.UserID, processes ...*process) *browser {
	t.Helper()
	b := newBrowser(t, processes...)
	_, token, err := p.session(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	b.session = string(token)
	b.keep(b.get(t, "/me"))
	return b
}

// newcomer is a new user who is signed in.
func (p people) newcomer(t *testing.T, name string, processes ...*process) *browser {
	t.Helper()
	return p.signIn(t, p.add(t, name), processes...)
}

// join makes the user a member and returns the membership.
func (p people) join(ctx context.Context, organization string, user domain.UserID, role domain.Role) (string, error) {
	id := newID()
	return id, p.store.Tenant(domain.OrganizationID(organization)).Memberships().Add(ctx, domain.Membership{
		ID: domain.MembershipID(id), User: user, Role: role, CreatedAt: now(), UpdatedAt: now(),
	})
}

// found makes an organization and returns its id.
func (b *browser) found(t *testing.T, name string) string {
	t.Helper()
	return b.do(t, http.StatusCreated, http.MethodPost, "/organizations", M{"name": name}).text(t, "id")
}
