package acceptance_test

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/test/apitest"
)

// openDoors is a store that forgot to look for the membership: whoever asks is
// the owner of every organization.
type openDoors struct{ ports.Store }

func (s openDoors) Directory() ports.Directory { return openDirectory{s.Store.Directory(), s.Store} }

type openDirectory struct {
	ports.Directory
	store ports.Store
}

func (d openDirectory) Actor(ctx context.Context, user domain.UserID, ref string) (domain.Actor, error) {
	actor, err := d.Directory.Actor(ctx, user, ref)
	if err == nil {
		return actor, nil
	}
	org, err := d.store.Tenant(domain.OrganizationID(ref)).Organization().Get(ctx)
	if err != nil {
		return domain.Actor{}, err
	}
	return domain.Actor{
		User: org.Owner, Organization: org.ID, Role: domain.RoleOwner, Membership: domain.MembershipID(apitest.NewID()),
	}, nil
}
