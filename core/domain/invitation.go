package domain

import (
	"encoding/hex"
	"strconv"
	"time"
)

// InvitationState is what became of an invitation. From pending it goes to one
// of the others, and from there nowhere.
type InvitationState string

// The states.
const (
	InvitationPending  InvitationState = "pending"
	InvitationAccepted InvitationState = "accepted"
	InvitationDeclined InvitationState = "declined"
	InvitationRevoked  InvitationState = "revoked"
	InvitationExpired  InvitationState = "expired"
)

// InvitationStates lists every state.
var InvitationStates = []InvitationState{InvitationPending, InvitationAccepted, InvitationDeclined, InvitationRevoked, InvitationExpired}

// InvitationLifetime is how long an invitation can be accepted after it was
// last sent.
const InvitationLifetime = 7 * 24 * time.Hour

// How often one invitation is sent again.
const (
	InvitationResendGap   = time.Minute
	InvitationResends     = 3 // then none for as long as the window
	InvitationResendsOver = 24 * time.Hour
)

// Invitation offers somebody with an address a role in an organization. While
// it is pending it takes a seat.
type Invitation struct {
	ID      InvitationID
	Email   Email
	Role    Role
	State   InvitationState // as stored; StateAt knows whether it has run out
	Inviter UserID
	// Token is the hash of the token in the mail. Each mail has another, made
	// by InvitationToken, and the one before is good for nothing.
	Token TokenHash
	// Sent counts the mails, from 1; Resends those of the window that goes on
	// since the last was sent.
	Sent, Resends int64

	CreatedAt   time.Time
	LastSentAt  time.Time
	ExpiresAt   time.Time
	RespondedAt time.Time // when it left pending; zero before
}

// InvitationPreview is what whoever holds the token sees of an invitation.
type InvitationPreview struct {
	Organization OrganizationRef
	InviterName  string
	// Email is the invited address, masked unless the viewer is who it is for.
	Email      string
	HasAccount bool // whether somebody has signed up with the address
	Role       Role
	State      InvitationState
	ExpiresAt  time.Time
}

// InvitationDetail is an invitation with who sent it.
type InvitationDetail struct {
	Invitation

	InviterName string // "" where the inviter's account is gone
}

// ReceivedInvitation is an invitation as the invited person sees it.
type ReceivedInvitation struct {
	InvitationDetail

	Organization OrganizationRef
}

// OrganizationRef is what a stranger who was invited sees of an organization.
type OrganizationRef struct {
	ID   OrganizationID
	Name string
	Slug Slug
	Logo BlobKey // "" without one
}

// NewInvitation returns a pending invitation that is about to be sent for the
// first time.
func NewInvitation(id InvitationID, email Email, role Role, inviter UserID, key SecretKey, now time.Time) Invitation {
	i := Invitation{ID: id, Email: email, Role: role, State: InvitationPending, Inviter: inviter, CreatedAt: now}
	return i.sent(key, now)
}

// sent notes that the invitation goes out at now, with a token of its own.
func (i Invitation) sent(key SecretKey, now time.Time) Invitation {
	i.Sent++
	i.LastSentAt, i.ExpiresAt = now, now.Add(InvitationLifetime)
	i.Token = InvitationToken(key, i.ID, i.Sent).Hash()
	return i
}

// StateAt is the state at now: a pending invitation runs out by itself.
func (i Invitation) StateAt(now time.Time) InvitationState {
	if i.State == InvitationPending && !now.Before(i.ExpiresAt) {
		return InvitationExpired
	}
	return i.State
}

// Resend returns the invitation as it goes out once more, with another token
// and its full lifetime. It fails with the error of its state, and with
// ErrRateLimited where it was sent too often.
func (i Invitation) Resend(key SecretKey, now time.Time) (Invitation, error) {
	if state := i.StateAt(now); state != InvitationPending {
		return i, state.Err()
	}
	if now.Sub(i.LastSentAt) >= InvitationResendsOver {
		i.Resends = 0
	}
	wait := i.LastSentAt.Add(InvitationResendGap).Sub(now)
	if i.Resends >= InvitationResends {
		wait = i.LastSentAt.Add(InvitationResendsOver).Sub(now)
	}
	if wait > 0 {
		return i, ErrRateLimited.WithRetryAfter(wait)
	}
	i.Resends++
	return i.sent(key, now), nil
}

// Respond returns the invitation in the state that it gets at now. It fails
// with the error of the state that it has.
func (i Invitation) Respond(to InvitationState, now time.Time) (Invitation, error) {
	if state := i.StateAt(now); state != InvitationPending {
		return i, state.Err()
	}
	i.State, i.RespondedAt = to, now
	return i, nil
}

// InvitationToken makes the token of the n-th mail about an invitation: 64
// hexadecimal characters that nobody can make without the key. It is made where
// the mail is written, so that it is stored nowhere and no job carries it.
func InvitationToken(key SecretKey, id InvitationID, n int64) Token {
	return Token(hex.EncodeToString(key.MAC("invitation", string(id), strconv.FormatInt(n, 10))))
}

// ParseInvitationState reads a state to look for. Empty is pending.
func ParseInvitationState(s string) (InvitationState, error) {
	if s == "" {
		return InvitationPending, nil
	}
	for _, state := range InvitationStates {
		if string(state) == s {
			return state, nil
		}
	}
	return "", Invalid("state", "unknown_state", "Choose one of: pending, accepted, declined, revoked, expired.")
}

// Err is why nothing can be done with an invitation in this state; nil for a
// pending one.
func (s InvitationState) Err() error {
	switch s {
	case InvitationAccepted:
		return ErrInvitationAccepted
	case InvitationDeclined:
		return ErrInvitationDeclined
	case InvitationRevoked:
		return ErrInvitationRevoked
	case InvitationExpired:
		return ErrInvitationExpired
	case InvitationPending:
	}
	return nil
}

// Reasons why an invitation cannot be made or answered.
var (
	ErrAlreadyInvited         = &Error{Kind: KindConflict, Code: "already_invited", Message: "This address has a pending invitation already. Send that one again instead."}
	ErrInvitationEmailOfOther = &Error{Kind: KindForbidden, Code: "invitation_email_mismatch", Message: "This invitation is for another e-mail address. Sign in with that one to accept it."}
	ErrInvitationAccepted     = &Error{Kind: KindGone, Code: "invitation_accepted", Message: "This invitation has been accepted already."}
	ErrInvitationDeclined     = &Error{Kind: KindGone, Code: "invitation_declined", Message: "This invitation was declined."}
	ErrInvitationRevoked      = &Error{Kind: KindGone, Code: "invitation_revoked", Message: "This invitation was taken back. Ask for a new one."}
	ErrInvitationExpired      = &Error{Kind: KindGone, Code: "invitation_expired", Message: "This invitation has run out. Ask for a new one."}
)
