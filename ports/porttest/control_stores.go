package porttest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// unlockedStore is a store whose updates are nothing but their calls, one by
// one: in no order among each other.
type unlockedStore struct {
	ports.Store

	read *barrier
}

func newUnlockedStore(store ports.Store, read *barrier) ports.Store {
	return unlockedStore{store, read}
}

// Update leaves alone the founding of an organization, which is no race.
func (s unlockedStore) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	if scope.Organization != "" {
		if _, err := s.Store.Tenant(scope.Organization).Organization().Get(ctx); errors.Is(err, domain.ErrNotFound) {
			return s.Store.Update(ctx, scope, fn)
		}
	}
	return fn(unlockedRepositories{s.Store, s.read})
}

// unlockedRepositories hold back what has been read until all have read.
type unlockedRepositories struct {
	ports.Repositories

	read *barrier
}

func (r unlockedRepositories) Users() ports.Users {
	return unlockedUsers{r.Repositories.Users(), r.read}
}

func (r unlockedRepositories) Tenant(id domain.OrganizationID) ports.Tenant {
	return unlockedTenant{r.Repositories.Tenant(id), r.read}
}

type unlockedUsers struct {
	ports.Users

	read *barrier
}

func (u unlockedUsers) Get(ctx context.Context, id domain.UserID) (domain.User, error) {
	user, err := u.Users.Get(ctx, id)
	if err != nil {
		return domain.User{}, err
	}
	return user, u.read.wait(ctx)
}

type unlockedTenant struct {
	ports.Tenant

	read *barrier
}

func (t unlockedTenant) Organization() ports.Organization {
	return unlockedOrganization{t.Tenant.Organization(), t.read}
}

type unlockedOrganization struct {
	ports.Organization

	read *barrier
}

func (o unlockedOrganization) Get(ctx context.Context) (domain.Organization, error) {
	organization, err := o.Organization.Get(ctx)
	if err != nil {
		return domain.Organization{}, err
	}
	return organization, o.read.wait(ctx)
}

// lookingStore looks whether a slug is free, a link is there, an address is not
// invited and an invitation is pending, and writes afterwards. In an Update it is sound.
type lookingStore struct {
	ports.Store

	looked *barrier
	links  *sync.Map // domain.TokenHash to domain.AuthToken
}

func newLookingStore(store ports.Store, looked *barrier) ports.Store {
	return lookingStore{store, looked, &sync.Map{}}
}

func (s lookingStore) Slugs() ports.Slugs { return lookingSlugs{s.Store.Slugs(), s.looked} }

func (s lookingStore) AuthTokens() ports.AuthTokens {
	return lookingAuthTokens{s.Store.AuthTokens(), s}
}

func (s lookingStore) Tenant(id domain.OrganizationID) ports.Tenant {
	return lookingTenant{s.Store.Tenant(id), s.looked}
}

type lookingTenant struct {
	ports.Tenant

	looked *barrier
}

func (t lookingTenant) Invitations() ports.Invitations {
	return lookingInvitations{t.Tenant.Invitations(), t.looked}
}

type lookingInvitations struct {
	ports.Invitations

	looked *barrier
}

func (i lookingInvitations) Add(ctx context.Context, invitation domain.Invitation) error {
	page, err := i.List(ctx, domain.InvitationPending, noon, all)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(page.Items, func(other domain.InvitationDetail) bool { return other.Email == invitation.Email }) {
		return domain.ErrAlreadyInvited
	}
	if err := i.looked.wait(ctx); err != nil {
		return err
	}
	// Who comes too late is not told.
	_ = i.Invitations.Add(ctx, invitation)
	return nil
}

func (i lookingInvitations) Save(ctx context.Context, invitation domain.Invitation) error {
	stored, err := i.Get(ctx, invitation.ID)
	if err != nil {
		return err
	}
	if err := stored.State.Err(); err != nil {
		return err
	}
	if err := i.looked.wait(ctx); err != nil {
		return err
	}
	// Who comes too late is not told.
	_ = i.Invitations.Save(ctx, invitation)
	return nil
}

type lookingSlugs struct {
	ports.Slugs

	looked *barrier
}

func (s lookingSlugs) Claim(ctx context.Context, organization domain.OrganizationID, slug domain.Slug, at time.Time) error {
	taken, err := s.Taken(ctx, []domain.Slug{slug}, at)
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		return domain.ErrSlugTaken
	}
	if err := s.looked.wait(ctx); err != nil {
		return err
	}
	// Who comes too late is not told.
	_ = s.Slugs.Claim(ctx, organization, slug, at)
	return nil
}

type lookingAuthTokens struct {
	ports.AuthTokens

	store lookingStore
}

func (a lookingAuthTokens) Add(ctx context.Context, token domain.AuthToken) error {
	a.store.links.Store(token.Hash, token)
	return a.AuthTokens.Add(ctx, token)
}

func (a lookingAuthTokens) Take(ctx context.Context, hash domain.TokenHash, purposes ...domain.TokenPurpose) (domain.AuthToken, error) {
	link, ok := a.store.links.Load(hash)
	if !ok {
		return domain.AuthToken{}, domain.ErrInvalidToken
	}
	if err := a.store.looked.wait(ctx); err != nil {
		return domain.AuthToken{}, err
	}
	// Who comes too late is not told.
	_, _ = a.AuthTokens.Take(ctx, hash, purposes...)
	token, _ := link.(domain.AuthToken)
	return token, nil
}
