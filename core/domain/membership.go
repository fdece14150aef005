package domain

import "time"

// Membership is a user in an organization.
type Membership struct {
	ID        MembershipID
	User      UserID
	Role      Role
	InvitedBy UserID // "" for the founder
	CreatedAt time.Time
	UpdatedAt time.Time
	// Version counts the changes from 1. Storage raises it.
	Version int64
}

// Member is a membership with the person behind it.
type Member struct {
	Membership

	Name          string
	Email         Email
	Avatar        BlobKey // "" without one
	InvitedByName string  // "" for the founder, and where the inviter's account is gone
}

// Reasons why a membership cannot be made or changed.
var (
	ErrAlreadyMember      = &Error{Kind: KindConflict, Code: "already_member", Message: "This person is a member already."}
	ErrMemberLimitReached = &Error{Kind: KindConflict, Code: "member_limit_reached", Message: "The plan has no seat left. Upgrade the plan or remove a member."}
	ErrOwnerImmutable     = &Error{Kind: KindConflict, Code: "owner_immutable", Message: "The owner's membership cannot be changed. Transfer the ownership first."}
	ErrOwnRole            = &Error{Kind: KindConflict, Code: "own_role", Message: "Nobody changes their own role."}
)

// ChangeRole gives the membership another role at the actor's wish. It fails
// with ErrOwnRole, ErrOwnerImmutable, or ErrForbidden if the present or the
// new role is above the actor's own.
func (m Membership) ChangeRole(actor Actor, role Role, now time.Time) (Membership, error) {
	switch {
	case m.ID == actor.Membership:
		return m, ErrOwnRole
	case m.Role == RoleOwner:
		return m, ErrOwnerImmutable
	case m.Role.Above(actor.Role), role.Above(actor.Role):
		return m, ErrForbidden
	}
	m.Role, m.UpdatedAt = role, now
	return m, nil
}

// Removable says whether the membership can be ended, be it by its member or
// by somebody who manages members. It fails with ErrOwnerImmutable.
func (m Membership) Removable() error {
	if m.Role == RoleOwner {
		return ErrOwnerImmutable
	}
	return nil
}
