package ports

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// Invitations are those of the organization.
type Invitations interface {
	// Add stores a pending invitation and takes a seat, in one step. It fails
	// with domain.ErrAlreadyMember where a member has the address, with
	// domain.ErrAlreadyInvited where another pending one does (also one that
	// has run out: Expire first), and with domain.ErrMemberLimitReached (limit
	// and use included) if members and pending invitations fill the plan,
	// however many try at once. Inside an Update, whoever adds, changes or ends
	// invitations of the organization waits from here until that ends.
	Add(ctx context.Context, invitation domain.Invitation) error
	// Check returns what Add would fail with at a time if nothing changed
	// meanwhile. It waits for nobody and takes nothing; what has run out does
	// not count.
	Check(ctx context.Context, email domain.Email, at time.Time) error
	// Get returns the invitation, or domain.ErrNotFound. Inside an Update of
	// the organization nobody else changes it until that ends.
	Get(ctx context.Context, id domain.InvitationID) (domain.InvitationDetail, error)
	// List returns those in the state at a time, newest first; the key of the
	// page is the invitation's id.
	List(ctx context.Context, state domain.InvitationState, at time.Time, page domain.PageRequest) (domain.Page[domain.InvitationDetail], error)
	// Save replaces an invitation that is stored as pending: its state, token,
	// counts and times. Whom it invites to what, and who did and when, stays. One
	// that leaves pending frees its seat. It fails with
	// domain.ErrNotFound, and with the error of the stored state if that is
	// another: of several who answer at once, one succeeds.
	Save(ctx context.Context, invitation domain.Invitation) error
	// Expire notes which pending invitations have run out at a time, frees
	// their seats, and returns how many.
	Expire(ctx context.Context, at time.Time) (int64, error)
	// Revoke takes back the invitations that are pending at a time and that the
	// inviter made for any of the roles, and returns how many.
	Revoke(ctx context.Context, inviter domain.UserID, roles []domain.Role, at time.Time) (int64, error)
}
