package memory

import (
	"context"
	"slices"
	"strings"
	"time"

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

func (r directory) Invitation(ctx context.Context, token domain.TokenHash) (organization domain.OrganizationID, id domain.InvitationID, err error) {
	err = r.read(ctx, func(d *data) error {
		key, err := d.invitationByToken.get(token)
		organization, id = key.organization, key.id
		return err
	})
	return organization, id, err
}

func (r directory) InvitationsTo(ctx context.Context, email domain.Email, at time.Time, page domain.PageRequest) (list domain.Page[domain.ReceivedInvitation], err error) {
	err = r.read(ctx, func(d *data) error {
		all := d.invitationsTo.of(email)
		end := len(all)
		if page.After != "" {
			end, _ = d.invitationsTo.search(email, owned[domain.InvitationID]{id: domain.InvitationID(page.After)})
		}
		list = newestFirst(all, end, page.Limit, func(key owned[domain.InvitationID]) (domain.ReceivedInvitation, bool) {
			detail := d.invitationDetail(key)
			organization := d.organizations[key.organization]
			return domain.ReceivedInvitation{
				InvitationDetail: detail,
				Organization: domain.OrganizationRef{
					ID: organization.ID, Name: organization.Name, Slug: organization.Slug, Logo: organization.Logo,
				},
			}, detail.StateAt(at) == domain.InvitationPending
		})
		return nil
	})
	return list, err
}

func (r directory) InvitationTo(ctx context.Context, email domain.Email, id domain.InvitationID) (organization domain.OrganizationID, err error) {
	err = r.read(ctx, func(d *data) error {
		i, found := d.invitationsTo.search(email, owned[domain.InvitationID]{id: id})
		if !found {
			return domain.ErrNotFound
		}
		organization = d.invitationsTo.of(email)[i].organization
		return nil
	})
	return organization, err
}

func (r directory) ExpiredInvitations(ctx context.Context, at time.Time, n int) (list []domain.OrganizationID, err error) {
	err = r.read(ctx, func(d *data) error {
		for _, e := range d.expiring.of(everything{}) {
			if len(list) >= n || e.at.After(at) {
				break
			}
			if !slices.Contains(list, e.invitation.organization) {
				list = append(list, e.invitation.organization)
			}
		}
		return nil
	})
	return list, err
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
