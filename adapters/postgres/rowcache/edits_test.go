package rowcache_test

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// editOrganization saves the organization, as it was planted, with a change.
func editOrganization(ctx context.Context, store ports.Store, u unit, edit func(*domain.Organization)) error {
	organization := u.organizationRow()
	edit(&organization)
	_, err := u.in(store).Organization().Save(ctx, organization)
	return err
}

// makeAdmin gives the member, as it was planted, another role.
func makeAdmin(ctx context.Context, store ports.Store, u unit) error {
	membership := u.membershipRow()
	membership.Role = domain.RoleAdmin
	_, err := u.in(store).Memberships().Save(ctx, membership)
	return err
}

func setRole(ctx context.Context, store ports.Repositories, u unit, of domain.MembershipID, role domain.Role) error {
	member, err := u.in(store).Memberships().Get(ctx, of)
	if err != nil {
		return err
	}
	member.Role = role
	_, err = u.in(store).Memberships().Save(ctx, member.Membership)
	return err
}

func editSession(ctx context.Context, store ports.Store, session domain.Session, edit func(*domain.Session)) error {
	edit(&session)
	return store.Sessions().Save(ctx, session)
}

func editUser(ctx context.Context, store ports.Store, user domain.User, edit func(*domain.User)) error {
	edit(&user)
	return store.Users().Save(ctx, user)
}
