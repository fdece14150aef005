package ports

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// Users are the people who can sign in. They belong to no tenant.
type Users interface {
	// Add stores a new user. It fails with domain.ErrEmailTaken.
	Add(ctx context.Context, user domain.User) error
	// Get returns the user, or domain.ErrNotFound. Inside an Update nobody
	// else changes the user until that ends.
	Get(ctx context.Context, id domain.UserID) (domain.User, error)
	// ByEmail returns the user with this address, or domain.ErrNotFound.
	ByEmail(ctx context.Context, email domain.Email) (domain.User, error)
	// Save replaces a stored user. It fails with domain.ErrNotFound or
	// domain.ErrEmailTaken.
	Save(ctx context.Context, user domain.User) error
	// SweepUnverified deletes the users who signed up before a time, have not
	// proven their address and are members of nothing.
	SweepUnverified(ctx context.Context, before time.Time) error
	// Remove deletes the user with all sessions and links, or fails with
	// domain.ErrNotFound. The user must have no membership left.
	Remove(ctx context.Context, id domain.UserID) error
}

// Sessions are the devices on which users are signed in.
type Sessions interface {
	// Add stores a new session. Of one user's sessions beyond
	// domain.MaxSessionsPerUser, the least recently used end.
	Add(ctx context.Context, session domain.Session) error
	// ByToken returns the session and its user, or domain.ErrNotFound. It
	// does not look at the time: ask the session whether it is live.
	ByToken(ctx context.Context, token domain.TokenHash) (domain.Session, domain.User, error)
	// Touch records that the session was used at a time. It never moves
	// backwards, and does nothing for a session that is gone.
	Touch(ctx context.Context, id domain.SessionID, at time.Time) error
	// Save replaces a stored session, its token included, or fails with
	// domain.ErrNotFound.
	Save(ctx context.Context, session domain.Session) error
	// List returns a user's sessions, newest first; the key of the page is
	// the session's id.
	List(ctx context.Context, user domain.UserID, page domain.PageRequest) (domain.Page[domain.Session], error)
	// Sweep deletes sessions that began before a time.
	Sweep(ctx context.Context, before time.Time) error
	// Remove ends one session of the user, or fails with domain.ErrNotFound.
	Remove(ctx context.Context, user domain.UserID, id domain.SessionID) error
	// RemoveOthers ends all sessions of the user but one; "" ends all.
	RemoveOthers(ctx context.Context, user domain.UserID, keep domain.SessionID) error
}

// AuthTokens are the links that were mailed to prove a mailbox.
type AuthTokens interface {
	// Add stores a token. Older ones of the same user and purpose die.
	Add(ctx context.Context, token domain.AuthToken) error
	// Take removes a token of one of the purposes and returns it, or fails
	// with domain.ErrInvalidToken. Of several at once, one succeeds. It does
	// not look at the time: ask the token whether it is live.
	Take(ctx context.Context, hash domain.TokenHash, purposes ...domain.TokenPurpose) (domain.AuthToken, error)
	// Of returns the user's token of a purpose, or domain.ErrNotFound. It does
	// not look at the time: ask the token whether it is live.
	Of(ctx context.Context, user domain.UserID, purpose domain.TokenPurpose) (domain.AuthToken, error)
	// Sweep deletes tokens that were made before a time.
	Sweep(ctx context.Context, before time.Time) error
	// RemoveAll kills the user's tokens of the given purposes.
	RemoveAll(ctx context.Context, user domain.UserID, purposes ...domain.TokenPurpose) error
}
