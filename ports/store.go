package ports

import (
	"context"

	"rowhouse/core/domain"
)

// Store keeps everything that must not get lost. Called on the Store itself,
// each method of a repository is atomic and visible at once when it returns.
type Store interface {
	Repositories

	// Update runs fn in one transaction and commits if it returns nil. Any
	// error rolls back all of it and is returned as it is.
	//
	// Updates whose scopes have an organization or a user in common run one
	// at a time, so fn may read, decide and write without a race. fn must use
	// only the repositories it is given, must not keep them, and must not do
	// other I/O; it may be run again from its start.
	Update(ctx context.Context, scope Scope, fn func(Repositories) error) error
}

// Scope says whose data an update is about.
type Scope struct {
	Organization domain.OrganizationID // "" for none
	User         domain.UserID         // "" for none
}

// Of is the scope of one organization.
func Of(id domain.OrganizationID) Scope { return Scope{Organization: id} }

// OfUser is the scope of one user.
func OfUser(id domain.UserID) Scope { return Scope{User: id} }

// Repositories leads to the stored entities. What belongs to a tenant is only
// behind Tenant, and what crosses tenants only behind Directory and Slugs.
type Repositories interface {
	Users() Users
	Sessions() Sessions
	AuthTokens() AuthTokens
	Directory() Directory
	Slugs() Slugs
	Outbox() Outbox
	// Throttle counts attempts as part of the update: where that fails, they
	// were none. Until the update ends, others who try the same key wait.
	Throttle() Throttle
	// Tenant returns the data of one organization and nothing else. The id is
	// one that came out of a membership (domain.Actor) or was just made.
	Tenant(id domain.OrganizationID) Tenant
}

// Tenant is one organization's data. No method takes an organization, so none
// can be given the wrong one.
type Tenant interface {
	Organization() Organization
	Memberships() Memberships
	Invitations() Invitations
	Workspaces() Workspaces
	Subscription() Subscription
	Usage() Usage
}
