package domain

import "time"

// Organization is a tenant: everything that customers own belongs to exactly
// one.
type Organization struct {
	ID           OrganizationID
	Owner        UserID // always a member, of role owner
	Name         string
	Slug         Slug
	Description  string
	Logo         BlobKey // "" without one
	LogoBytes    int64   // how much of the storage the logo takes
	BillingEmail Email
	SuspendedAt  time.Time // zero unless suspended
	CreatedAt    time.Time
	UpdatedAt    time.Time
	// Version counts the changes of the fields above, from 1. Storage raises
	// it; it is what If-Match compares.
	Version int64

	// MemberLimit and WorkspaceLimit come from the plan and change with the
	// subscription.
	MemberLimit, WorkspaceLimit Limit
	// Members, PendingInvitations and Workspaces count what there is. Storage
	// keeps them, and refuses what would exceed the limits. A pending
	// invitation that has run out counts until somebody looks (Expire).
	Members, PendingInvitations, Workspaces int64
}

// Suspended reports whether the organization can be read only.
func (o Organization) Suspended() bool { return !o.SuspendedAt.IsZero() }

// OrganizationDetail is an organization with what is shown beside it.
type OrganizationDetail struct {
	Organization

	OwnerName string
	Plan      Tier
}

// MemberOrganization is an organization as one of its members sees it.
type MemberOrganization struct {
	OrganizationDetail

	Membership MembershipID
	Role       Role
}

// The reasons why an organization cannot be deleted, handed over or left
// without an owner.
var (
	ErrConfirmationMismatch = &Error{
		Kind: KindInvalid, Code: "confirmation_mismatch",
		Message: "Type the address of the organization to confirm.",
		Fields:  []FieldError{{Field: "confirm", Code: "confirmation_mismatch", Message: "This is not the organization's address."}},
	}
	ErrOwnerMissing = &Error{Kind: KindConflict, Code: "owner_missing", Message: "An organization has exactly one owner, who is a member of it."}
	ErrAlreadyOwner = &Error{Kind: KindConflict, Code: "already_owner", Message: "This member is the owner already."}
)
