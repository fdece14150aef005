package memory

import (
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// tenant is a ports.Tenant. Its id is in the key of everything it looks up.
type tenant struct {
	*repositories

	id domain.OrganizationID
}

func (t *tenant) Organization() ports.Organization { return organization{t} }
func (t *tenant) Memberships() ports.Memberships   { return memberships{t} }
func (t *tenant) Invitations() ports.Invitations   { return invitations{t} }
func (t *tenant) Workspaces() ports.Workspaces     { return workspaces{t} }
func (t *tenant) Subscription() ports.Subscription { return subscription{t} }
func (t *tenant) Usage() ports.Usage               { return usage{t} }

func (t *tenant) membershipKey(id domain.MembershipID) owned[domain.MembershipID] {
	return owned[domain.MembershipID]{t.id, id}
}

func (t *tenant) invitationKey(id domain.InvitationID) owned[domain.InvitationID] {
	return owned[domain.InvitationID]{t.id, id}
}

func (t *tenant) workspaceKey(id domain.WorkspaceID) owned[domain.WorkspaceID] {
	return owned[domain.WorkspaceID]{t.id, id}
}
