package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rowhouse/core/domain"
)

var errImpossible = errors.New("memory: an invitation is in a state that there is, and has a time of response unless it is pending")

type invitations struct{ *tenant }

func (r invitations) Add(ctx context.Context, invitation domain.Invitation) error {
	key := r.invitationKey(invitation.ID)
	return r.write(ctx, func(tx *transaction) error {
		organization, err := tx.organizations.get(r.id)
		switch {
		case err != nil:
			return err
		case tx.invitations.has(key), tx.invitationByToken.has(invitation.Token):
			return fmt.Errorf("add invitation %s: %w", invitation.ID, errExists)
		case tx.isMember(r.id, invitation.Email):
			return domain.ErrAlreadyMember
		case tx.pendingTo.has(r.addressKey(invitation.Email)):
			return domain.ErrAlreadyInvited
		}
		used := organization.Members + organization.PendingInvitations
		if !organization.MemberLimit.Allows(used + 1) {
			return domain.ErrMemberLimitReached.WithLimit(int64(organization.MemberLimit), used)
		}
		invitation.State, invitation.RespondedAt = domain.InvitationPending, time.Time{}
		tx.invitationsOf.add(tx, r.id, invitation.ID)
		tx.invitationsTo.add(tx, invitation.Email, key)
		tx.enterInvitation(key, invitation)
		return nil
	})
}

func (r invitations) Get(ctx context.Context, id domain.InvitationID) (detail domain.InvitationDetail, err error) {
	key := r.invitationKey(id)
	err = r.read(ctx, func(d *data) error {
		if !d.invitations.has(key) {
			return domain.ErrNotFound
		}
		detail = d.invitationDetail(key)
		return nil
	})
	return detail, err
}

func (r invitations) List(ctx context.Context, state domain.InvitationState, at time.Time, page domain.PageRequest) (list domain.Page[domain.InvitationDetail], err error) {
	err = r.read(ctx, func(d *data) error {
		ids := d.invitationsOf.of(r.id)
		end := len(ids)
		if page.After != "" {
			end, _ = d.invitationsOf.search(r.id, domain.InvitationID(page.After))
		}
		list = newestFirst(ids, end, page.Limit, func(id domain.InvitationID) (domain.InvitationDetail, bool) {
			detail := d.invitationDetail(r.invitationKey(id))
			return detail, detail.StateAt(at) == state
		})
		return nil
	})
	return list, err
}

func (r invitations) Save(ctx context.Context, invitation domain.Invitation) error {
	key := r.invitationKey(invitation.ID)
	return r.write(ctx, func(tx *transaction) error {
		stored, err := tx.invitations.get(key)
		if err != nil {
			return err
		}
		if err := stored.State.Err(); err != nil {
			return err
		}
		if owner, taken := tx.invitationByToken[invitation.Token]; taken && owner != key {
			return fmt.Errorf("save invitation %s: %w", invitation.ID, errExists)
		}
		if !slices.Contains(domain.InvitationStates, invitation.State) ||
			(invitation.State == domain.InvitationPending) != invitation.RespondedAt.IsZero() {
			return errImpossible
		}
		// Whom it invites, to what, and who did stays.
		invitation.Email, invitation.Role, invitation.Inviter, invitation.CreatedAt = stored.Email, stored.Role, stored.Inviter, stored.CreatedAt
		tx.leaveInvitation(key)
		tx.enterInvitation(key, invitation)
		return nil
	})
}

func (r invitations) Expire(ctx context.Context, at time.Time) (int64, error) {
	return r.end(ctx, domain.InvitationExpired, at, func(i domain.Invitation) bool {
		return i.StateAt(at) == domain.InvitationExpired
	})
}

func (r invitations) Revoke(ctx context.Context, inviter domain.UserID, roles []domain.Role, at time.Time) (int64, error) {
	return r.end(ctx, domain.InvitationRevoked, at, func(i domain.Invitation) bool {
		return i.StateAt(at) == domain.InvitationPending && i.Inviter == inviter && slices.Contains(roles, i.Role)
	})
}

// end puts those that are stored as pending, and that which chooses, into
// another state. It returns how many.
func (r invitations) end(ctx context.Context, state domain.InvitationState, at time.Time, which func(domain.Invitation) bool) (ended int64, err error) {
	err = r.write(ctx, func(tx *transaction) error {
		for _, id := range tx.invitationsOf.of(r.id) {
			key := r.invitationKey(id)
			invitation := tx.invitations[key]
			if invitation.State != domain.InvitationPending || !which(invitation) {
				continue
			}
			invitation.State, invitation.RespondedAt = state, at
			tx.leaveInvitation(key)
			tx.enterInvitation(key, invitation)
			ended++
		}
		return nil
	})
	return ended, err
}

func (r invitations) addressKey(email domain.Email) owned[domain.Email] {
	return owned[domain.Email]{r.id, email}
}

func (d *data) invitationDetail(key owned[domain.InvitationID]) domain.InvitationDetail {
	invitation := d.invitations[key]
	return domain.InvitationDetail{Invitation: invitation, InviterName: d.users[invitation.Inviter].Name}
}

func (d *data) isMember(organization domain.OrganizationID, email domain.Email) bool {
	user, ok := d.userByEmail[email]
	if !ok {
		return false
	}
	_, member := d.seatsOf.search(user, seat{organization: organization})
	return member
}

// enterInvitation stores an invitation with what goes by its state and its
// token.
func (tx *transaction) enterInvitation(key owned[domain.InvitationID], invitation domain.Invitation) {
	tx.invitations.put(tx, key, invitation)
	tx.invitationByToken.put(tx, invitation.Token, key)
	if invitation.State == domain.InvitationPending {
		tx.pendingTo.put(tx, owned[domain.Email]{key.organization, invitation.Email}, key.id)
		tx.expiring.add(tx, everything{}, expiry{invitation.ExpiresAt, key})
		tx.countPending(key.organization, 1)
	}
}

// leaveInvitation takes back what enterInvitation did.
func (tx *transaction) leaveInvitation(key owned[domain.InvitationID]) {
	invitation := tx.invitations[key]
	if invitation.State == domain.InvitationPending {
		tx.countPending(key.organization, -1)
		tx.expiring.remove(tx, everything{}, expiry{invitation.ExpiresAt, key})
		tx.pendingTo.remove(tx, owned[domain.Email]{key.organization, invitation.Email})
	}
	tx.invitationByToken.remove(tx, invitation.Token)
	tx.invitations.remove(tx, key)
}

func (tx *transaction) countPending(id domain.OrganizationID, by int64) {
	organization := tx.organizations[id]
	organization.PendingInvitations += by
	tx.organizations.put(tx, id, organization)
}

func (tx *transaction) removeInvitation(key owned[domain.InvitationID]) {
	invitation := tx.invitations[key]
	tx.leaveInvitation(key)
	tx.invitationsTo.remove(tx, invitation.Email, key)
	tx.invitationsOf.remove(tx, key.organization, key.id)
}
