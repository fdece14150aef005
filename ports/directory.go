package ports

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// Directory answers the few questions that cross tenants. Each is about one
// user's own memberships or invitations, which is why it may be asked; the last
// is for the sweep alone.
type Directory interface {
	// Actor returns what the user is in the organization that ref names by
	// its id or by a slug, present or old. It fails with domain.ErrNotFound
	// both where there is no such organization and where the user is no
	// member: a stranger cannot tell one from the other.
	Actor(ctx context.Context, user domain.UserID, ref string) (domain.Actor, error)
	// Organizations returns those that the user is a member of, newest first;
	// the key of the page is the organization's id.
	Organizations(ctx context.Context, user domain.UserID, page domain.PageRequest) (domain.Page[domain.MemberOrganization], error)
	// Actors returns what the user is in every organization, in no order.
	Actors(ctx context.Context, user domain.UserID) ([]domain.Actor, error)
	// Invitation returns where the invitation with this token is, whatever its
	// state, or domain.ErrNotFound. Whoever has the token may ask.
	Invitation(ctx context.Context, token domain.TokenHash) (domain.OrganizationID, domain.InvitationID, error)
	// InvitationsTo returns the invitations to an address that are pending at a
	// time, newest first; the key of the page is the invitation's id. The
	// address must be one that the caller has proven to be theirs.
	InvitationsTo(ctx context.Context, email domain.Email, at time.Time, page domain.PageRequest) (domain.Page[domain.ReceivedInvitation], error)
	// InvitationTo returns the organization of an invitation to an address,
	// whatever its state, or domain.ErrNotFound. The address must be proven.
	InvitationTo(ctx context.Context, email domain.Email, id domain.InvitationID) (domain.OrganizationID, error)
	// ExpiredInvitations returns up to n organizations with invitations that
	// are stored as pending and have run out at a time. Only a worker finds any.
	ExpiredInvitations(ctx context.Context, at time.Time, n int) ([]domain.OrganizationID, error)
}

// Slugs are the addresses of all organizations, present and old. An address is
// public by nature; what it leads to is not told here.
type Slugs interface {
	// Claim makes slug the organization's address at a time, and its present
	// one an old one. It fails with domain.ErrSlugTaken if another
	// organization has it, or gave it up less than domain.SlugReservation ago.
	// Of several that claim one slug at once, one succeeds; the others may go
	// on in the same transaction.
	Claim(ctx context.Context, organization domain.OrganizationID, slug domain.Slug, at time.Time) error
	// Release gives up the present address of an organization that is being
	// deleted. Those it gave up before are reserved from when it did.
	Release(ctx context.Context, organization domain.OrganizationID, at time.Time) error
	// Taken returns which of the slugs cannot be claimed at a time by an
	// organization that has none yet.
	Taken(ctx context.Context, slugs []domain.Slug, at time.Time) ([]domain.Slug, error)
}
