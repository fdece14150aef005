package domain

import "slices"

// Role is what a member may do in an organization. The permission table is in
// package policy.
type Role string

// The roles, from the least to the most powerful.
const (
	RoleMember Role = "member"
	RoleAdmin  Role = "admin"
	RoleOwner  Role = "owner"
)

// Roles lists every role, from the least to the most powerful.
var Roles = []Role{RoleMember, RoleAdmin, RoleOwner}

// ErrUseTransferOwnership refuses to hand out the role of owner like any other.
var ErrUseTransferOwnership = &Error{
	Kind: KindInvalid, Code: "use_transfer_ownership",
	Message: "Ownership moves by transfer, not by a change of role.",
	Fields:  []FieldError{{Field: "role", Code: "use_transfer_ownership", Message: "Transfer the ownership instead."}},
}

// ParseGrantableRole reads a role that can be given to somebody: member or
// admin. It fails with ErrUseTransferOwnership for the owner's.
func ParseGrantableRole(s string) (Role, error) {
	switch r := Role(s); r {
	case RoleMember, RoleAdmin:
		return r, nil
	case RoleOwner:
		return "", ErrUseTransferOwnership
	default:
		return "", Invalid("role", "unknown_role", "Choose one of: member, admin.")
	}
}

// ParseInvitableRole reads a role that somebody can be invited as: member or
// admin. Nobody is invited as the owner.
func ParseInvitableRole(s string) (Role, error) {
	switch r := Role(s); r {
	case RoleMember, RoleAdmin:
		return r, nil
	case RoleOwner:
	}
	return "", Invalid("role", "unknown_role", "Choose one of: member, admin.")
}

// Above reports whether r is more powerful than other.
func (r Role) Above(other Role) bool {
	return slices.Index(Roles, r) > slices.Index(Roles, other)
}

// ParseRoleFilter reads a role to look for. Empty is any.
func ParseRoleFilter(s string) (Role, error) {
	if r := Role(s); s == "" || slices.Contains(Roles, r) {
		return r, nil
	}
	return "", Invalid("role", "unknown_role", "Choose one of: member, admin, owner.")
}
