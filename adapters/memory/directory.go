package memory

import (
	"context"
	"strings"

	"rowhouse/core/domain"
)

type directory struct{ *repositories }

func (r directory) Actor(ctx context.Context, user domain.UserID, ref string) (actor domain.Actor, err error) {
	err = r.read(ctx, func(d *data) error {
		i, member := d.seatsOf.search(user, seat{organization: d.resolve(ref)})
		if !member {
			return domain.ErrNotFound
		}
		actor = d.actor(user, d.seatsOf.of(user)[i])
		return nil
	})
	return actor, err
}

func (r directory) Organizations(ctx context.Context, user domain.UserID, page domain.PageRequest) (list domain.Page[domain.MemberOrganization], err error) {
	err = r.read(ctx, func(d *data) error {
		seats := d.seatsOf.of(user)
		end := len(seats)
		if page.After != "" {
			end, _ = d.seatsOf.search(user, seat{organization: domain.OrganizationID(page.After)})
		}
		list = newestFirst(seats, end, page.Limit, func(s seat) (domain.MemberOrganization, bool) {
			membership := d.memberships[owned[domain.MembershipID]{s.organization, s.membership}]
			return domain.MemberOrganization{
				OrganizationDetail: d.organizationDetail(s.organization),
				Membership:         membership.ID,
				Role:               membership.Role,
			}, true
		})
		return nil
	})
	return list, err
}

func (r directory) Actors(ctx context.Context, user domain.UserID) (actors []domain.Actor, err error) {
	err = r.read(ctx, func(d *data) error {
		seats := d.seatsOf.of(user)
		actors = make([]domain.Actor, len(seats))
		for i, s := range seats {
			actors[i] = d.actor(user, s)
		}
		return nil
	})
	return actors, err
}

// resolve returns the organization that ref names, or what no organization
// has for an id.
func (d *data) resolve(ref string) domain.OrganizationID {
	if domain.IsUUID(ref) {
		return domain.OrganizationID(strings.ToLower(ref))
	}
	return d.addresses[domain.Slug(ref)].organization
}

func (d *data) actor(user domain.UserID, s seat) domain.Actor {
	return domain.Actor{
		User:         user,
		Organization: s.organization,
		Membership:   s.membership,
		Role:         d.memberships[owned[domain.MembershipID]{s.organization, s.membership}].Role,
		Suspended:    d.organizations[s.organization].Suspended(),
	}
}
