// Package membership lists, promotes, demotes and removes members.
package membership

import (
	"context"
	"strings"
	"unicode/utf8"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// Service has the use cases of this package.
type Service struct {
	store ports.Store
	clock ports.Clock
}

// NewService returns a Service. All arguments are required.
func NewService(store ports.Store, clock ports.Clock) *Service {
	return &Service{store: store, clock: clock}
}

// Get returns one member of the actor's organization.
func (s *Service) Get(ctx context.Context, actor domain.Actor, id domain.MembershipID) (domain.Member, error) {
	return s.store.Tenant(actor.Organization).Memberships().Get(ctx, id)
}

// ListInput narrows a list of members.
type ListInput struct {
	Role  string // "" for any
	Query string // part of the name or the address; "" for any
	Page  domain.PageRequest
}

// MaxQueryLength is the longest text to search for, in bytes.
const MaxQueryLength = 200

// List returns the members of the actor's organization, newest first; the key
// of the page is the membership's id.
func (s *Service) List(ctx context.Context, actor domain.Actor, in ListInput) (domain.Page[domain.Member], error) {
	role, errRole := domain.ParseRoleFilter(in.Role)
	var errQuery error
	switch {
	case len(in.Query) > MaxQueryLength:
		errQuery = domain.Invalid("query", "too_long", "Search for something shorter.")
	case !utf8.ValidString(in.Query) || strings.ContainsRune(in.Query, 0): // no storage takes it
		errQuery = domain.Invalid("query", "invalid_text", "This is not valid text.")
	}
	if err := domain.JoinInvalid(errRole, errQuery); err != nil {
		return domain.Page[domain.Member]{}, err
	}
	filter := ports.MemberFilter{Role: role, Query: in.Query}
	return s.store.Tenant(actor.Organization).Memberships().List(ctx, filter, in.Page)
}

// ChangeRole gives a member another role. It requires members:manage. It fails
// with domain.ErrUseTransferOwnership, domain.ErrPreconditionFailed, and as
// domain.Membership.ChangeRole does.
func (s *Service) ChangeRole(ctx context.Context, actor domain.Actor, id domain.MembershipID, to string, match domain.Precondition) (domain.Member, error) {
	var changed domain.Member
	if err := policy.Require(actor, domain.MembersManage); err != nil {
		return changed, err
	}
	role, err := domain.ParseGrantableRole(to)
	if err != nil {
		return changed, err
	}
	err = s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		memberships := tx.Tenant(actor.Organization).Memberships()
		member, err := memberships.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := match.Check(member.Version); err != nil {
			return err
		}
		if member.Membership, err = member.ChangeRole(actor, role, s.clock.Now()); err != nil {
			return err
		}
		if member.Membership, err = memberships.Save(ctx, member.Membership); err != nil {
			return err
		}
		changed = member
		return s.revokeAbove(ctx, tx, actor.Organization, member.User, role)
	})
	return changed, err
}

// Remove ends a membership: one's own by leaving, or that of another, which
// requires members:manage. It fails with domain.ErrOwnerImmutable for the
// owner's, and with domain.ErrPreconditionFailed.
func (s *Service) Remove(ctx context.Context, actor domain.Actor, id domain.MembershipID, match domain.Precondition) error {
	if err := policy.RequireSelfOr(actor, id, domain.MembersManage); err != nil {
		return err
	}
	return s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		memberships := tx.Tenant(actor.Organization).Memberships()
		member, err := memberships.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := match.Check(member.Version); err != nil {
			return err
		}
		if err := member.Removable(); err != nil {
			return err
		}
		if err := s.revokeAbove(ctx, tx, actor.Organization, member.User, ""); err != nil {
			return err
		}
		return memberships.Remove(ctx, id)
	})
}

// revokeAbove takes back the pending invitations that the user sent for roles
// above the one they have from now on: "" for none at all. Nobody outlasts
// their own standing through somebody they brought in.
func (s *Service) revokeAbove(ctx context.Context, tx ports.Repositories, organization domain.OrganizationID, user domain.UserID, role domain.Role) error {
	var above []domain.Role
	for _, r := range domain.Roles {
		if r.Above(role) {
			above = append(above, r)
		}
	}
	_, err := tx.Tenant(organization).Invitations().Revoke(ctx, user, above, s.clock.Now())
	return err
}
