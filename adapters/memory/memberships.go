package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

type memberships struct{ *tenant }

func (r memberships) Add(ctx context.Context, membership domain.Membership) error {
	key := r.membershipKey(membership.ID)
	return r.write(ctx, func(tx *transaction) error {
		organization, err := tx.organizations.get(r.id)
		if err != nil || !tx.users.has(membership.User) {
			return domain.ErrNotFound
		}
		if _, member := tx.seatsOf.search(membership.User, seat{organization: r.id}); member {
			return domain.ErrAlreadyMember
		}
		if tx.memberships.has(key) {
			return fmt.Errorf("add membership %s: %w", membership.ID, errExists)
		}
		if membership.Role == domain.RoleOwner && tx.hasOtherOwner(r.id, membership.ID) {
			return domain.ErrAlreadyOwner
		}
		if !organization.MemberLimit.Allows(organization.Members + 1) {
			return domain.ErrMemberLimitReached.WithLimit(int64(organization.MemberLimit), organization.Members)
		}
		organization.Members++
		membership.Version = 1
		tx.organizations.put(tx, r.id, organization)
		tx.memberships.put(tx, key, membership)
		tx.membershipsOf.add(tx, r.id, membership.ID)
		tx.seatsOf.add(tx, membership.User, seat{r.id, membership.ID})
		return nil
	})
}

func (r memberships) Get(ctx context.Context, id domain.MembershipID) (member domain.Member, err error) {
	err = r.read(ctx, func(d *data) error {
		membership, err := d.memberships.get(r.membershipKey(id))
		member = d.member(membership)
		return err
	})
	return member, err
}

func (r memberships) List(ctx context.Context, filter ports.MemberFilter, page domain.PageRequest) (list domain.Page[domain.Member], err error) {
	query := strings.ToLower(filter.Query)
	err = r.read(ctx, func(d *data) error {
		ids := d.membershipsOf.of(r.id)
		end := len(ids)
		if page.After != "" {
			end, _ = d.membershipsOf.search(r.id, domain.MembershipID(page.After))
		}
		list = newestFirst(ids, end, page.Limit, func(id domain.MembershipID) (domain.Member, bool) {
			member := d.member(d.memberships[r.membershipKey(id)])
			return member, matches(member, filter.Role, query)
		})
		return nil
	})
	return list, err
}

func (r memberships) Save(ctx context.Context, membership domain.Membership) (domain.Membership, error) {
	key := r.membershipKey(membership.ID)
	err := r.write(ctx, func(tx *transaction) error {
		before, err := tx.memberships.get(key)
		switch {
		case err != nil, before.User != membership.User:
			return domain.ErrNotFound
		case before.Version != membership.Version:
			return domain.ErrPreconditionFailed
		case membership.Role == domain.RoleOwner && tx.hasOtherOwner(r.id, membership.ID):
			return domain.ErrAlreadyOwner
		}
		membership.Version++
		tx.memberships.put(tx, key, membership)
		tx.handedOver = append(tx.handedOver, r.id)
		return nil
	})
	if err != nil {
		return domain.Membership{}, err
	}
	return membership, nil
}

func (r memberships) Remove(ctx context.Context, id domain.MembershipID) error {
	key := r.membershipKey(id)
	return r.write(ctx, func(tx *transaction) error {
		membership, err := tx.memberships.get(key)
		if err != nil {
			return err
		}
		if err := membership.Removable(); err != nil {
			return err
		}
		tx.removeMembership(key)
		return nil
	})
}

// matches compares with a query that is in lower case already.
func matches(m domain.Member, role domain.Role, query string) bool {
	return (role == "" || m.Role == role) &&
		(query == "" || strings.Contains(strings.ToLower(m.Name), query) || strings.Contains(strings.ToLower(string(m.Email)), query))
}

func (d *data) member(membership domain.Membership) domain.Member {
	user := d.users[membership.User]
	return domain.Member{
		Membership: membership,
		Name:       user.Name, Email: user.Email, Avatar: user.Avatar,
		InvitedByName: d.users[membership.InvitedBy].Name,
	}
}

func (d *data) hasOtherOwner(id domain.OrganizationID, but domain.MembershipID) bool {
	return slices.ContainsFunc(d.membershipsOf.of(id), func(m domain.MembershipID) bool {
		return m != but && d.memberships[owned[domain.MembershipID]{id, m}].Role == domain.RoleOwner
	})
}

func (tx *transaction) removeMembership(key owned[domain.MembershipID]) {
	for _, workspace := range slices.Clone(tx.addedTo.of(key)) {
		tx.removeWorkspaceMember(key.organization, workspace, key.id)
	}
	organization := tx.organizations[key.organization]
	organization.Members--
	tx.organizations.put(tx, key.organization, organization)
	tx.seatsOf.remove(tx, tx.memberships[key].User, seat{key.organization, key.id})
	tx.membershipsOf.remove(tx, key.organization, key.id)
	tx.memberships.remove(tx, key)
}
