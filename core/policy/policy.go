// Package policy decides who may do what in an organization. The table below
// is the only place that knows; the HTTP API hands it to the web app.
package policy

import (
	"slices"

	"rowhouse/core/domain"
)

// grants lists, for each permission, the roles that have it.
var grants = map[domain.Permission][]domain.Role{
	domain.OrganizationUpdate:   {domain.RoleAdmin, domain.RoleOwner},
	domain.OrganizationDelete:   {domain.RoleOwner},
	domain.OrganizationTransfer: {domain.RoleOwner},
	domain.MembersInvite:        {domain.RoleAdmin, domain.RoleOwner},
	domain.MembersManage:        {domain.RoleAdmin, domain.RoleOwner},
	domain.WorkspacesManage:     {domain.RoleAdmin, domain.RoleOwner},
	domain.BillingManage:        {domain.RoleOwner},
	domain.UsageRecord:          {domain.RoleAdmin, domain.RoleOwner},
}

// granted is the table read the other way, in the order of
// domain.Permissions: it is part of every answer about an organization.
var granted = func() map[domain.Role][]domain.Permission {
	byRole := make(map[domain.Role][]domain.Permission, len(domain.Roles))
	for _, role := range domain.Roles {
		for _, p := range domain.Permissions {
			if slices.Contains(grants[p], role) {
				byRole[role] = append(byRole[role], p)
			}
		}
	}
	return byRole
}()

// Allows reports whether role has permission p.
func Allows(role domain.Role, p domain.Permission) bool {
	return slices.Contains(grants[p], role)
}

// Granted returns the permissions of a role in the order of
// domain.Permissions. The caller must not change the slice.
func Granted(role domain.Role) []domain.Permission { return granted[role] }

// RequireRole returns nil if the actor's role has permission p, else
// domain.ErrForbidden: for what only those may read who may change it.
func RequireRole(actor domain.Actor, p domain.Permission) error {
	if !Allows(actor.Role, p) {
		return domain.ErrForbidden
	}
	return nil
}

// Require returns nil if the actor has permission p and the organization can
// be changed, else domain.ErrForbidden or domain.ErrOrganizationSuspended.
func Require(actor domain.Actor, p domain.Permission) error {
	if err := RequireRole(actor, p); err != nil {
		return err
	}
	return RequireActive(actor)
}

// RequireActive returns domain.ErrOrganizationSuspended if the organization
// can be read only, for changes that need no permission.
func RequireActive(actor domain.Actor) error {
	if actor.Suspended {
		return domain.ErrOrganizationSuspended
	}
	return nil
}

// RequireSelfOr is RequireActive for what concerns the actor's own membership,
// and Require for anybody else's.
func RequireSelfOr(actor domain.Actor, membership domain.MembershipID, p domain.Permission) error {
	if membership == actor.Membership {
		return RequireActive(actor)
	}
	return Require(actor, p)
}
