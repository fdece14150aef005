package memory

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

func (r invitations) Check(ctx context.Context, email domain.Email, at time.Time) error {
	return r.read(ctx, func(d *data) error {
		organization, err := d.organizations.get(r.id)
		if err != nil {
			return err
		}
		if d.isMember(r.id, email) {
			return domain.ErrAlreadyMember
		}
		used := organization.Members
		for _, id := range d.invitationsOf.of(r.id) {
			if i := d.invitations[r.invitationKey(id)]; i.StateAt(at) == domain.InvitationPending {
				if i.Email == email {
					return domain.ErrAlreadyInvited
				}
				used++
			}
		}
		if !organization.MemberLimit.Allows(used + 1) {
			return domain.ErrMemberLimitReached.WithLimit(int64(organization.MemberLimit), used)
		}
		return nil
	})
}
