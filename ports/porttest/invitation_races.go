package porttest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// inviters is how many invite one address at once.
const inviters = 20

var invitationRaceTests = []storeTest{
	race("of many invitations for the last seat, one is made", takers, RaceForLastInvitation),
	race("of many invitations of one address, one is made", inviters, RaceToInvite),
	race("of many who answer one invitation, one does", takers, RaceToAnswer),
	race("of many who accept one invitation in updates, one becomes a member", takers, raceToAccept),
}

// RaceForLastInvitation invites n addresses at once to an organization that has
// one seat left. It returns an error unless exactly one is invited, and the
// others learn why not.
func RaceForLastInvitation(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	c, err := f.almostFull(ctx)
	if err != nil {
		return err
	}
	list := make([]domain.Invitation, n)
	for i := range list {
		list[i] = f.newInvitation(c, domain.Email(ids.New()+"@example.com"), domain.RoleMember)
	}
	errs := atOnce(n, func(i int) error { return c.in(store).Invitations().Add(ctx, list[i]) })
	if _, err = oneWins(errs, refusedByLimit(domain.ErrMemberLimitReached)); err != nil {
		return fmt.Errorf("%d invitations for the last seat: %w", n, err)
	}
	return wantPending(ctx, c.in(store), 1)
}

// RaceToInvite invites one address n times at once. It returns an error unless
// exactly one invitation is made, and the others learn why not.
func RaceToInvite(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	c, err := f.roomyCompany(ctx)
	if err != nil {
		return err
	}
	list := make([]domain.Invitation, n)
	for i := range list {
		list[i] = f.newInvitation(c, "wanted@example.com", domain.RoleMember)
	}
	errs := atOnce(n, func(i int) error { return c.in(store).Invitations().Add(ctx, list[i]) })
	winner, err := oneWins(errs, failsWith(domain.ErrAlreadyInvited))
	if err != nil {
		return fmt.Errorf("%d invitations of one address: %w", n, err)
	}
	if _, err := c.in(store).Invitations().Get(ctx, list[winner].ID); err != nil {
		return err
	}
	return wantPending(ctx, c.in(store), 1)
}

// RaceToAnswer accepts one invitation n times at once. It returns an error
// unless exactly one does, and the others learn that it is accepted.
func RaceToAnswer(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	c, invitation, err := founder{ids, store}.invited(ctx)
	if err != nil {
		return err
	}
	at := func(i int) time.Time { return noon.Add(time.Duration(i) * time.Second) }
	errs := atOnce(n, func(i int) error {
		return c.in(store).Invitations().Save(ctx, answered(invitation, domain.InvitationAccepted, at(i)))
	})
	winner, err := oneWins(errs, failsWith(domain.ErrInvitationAccepted))
	if err != nil {
		return fmt.Errorf("%d accept one invitation: %w", n, err)
	}
	stored, err := c.in(store).Invitations().Get(ctx, invitation.ID)
	if err != nil {
		return err
	}
	if !stored.RespondedAt.Equal(at(winner)) {
		return errors.New("the answer is not that of who gave it")
	}
	return wantPending(ctx, c.in(store), 0)
}

// raceToAccept lets n people accept one invitation at once, each in an update
// that makes them a member.
func raceToAccept(ctx context.Context, store ports.Store, ids ports.IDs, n int) error {
	f := founder{ids, store}
	c, invitation, err := f.invited(ctx)
	if err != nil {
		return err
	}
	people := make([]domain.User, n)
	for i := range people {
		if people[i], err = f.addUser(ctx, "Member"); err != nil {
			return err
		}
	}
	errs := atOnce(n, func(i int) error {
		return store.Update(ctx, ports.Scope{Organization: c.id, User: people[i].ID}, func(tx ports.Repositories) error {
			found, err := c.in(tx).Invitations().Get(ctx, invitation.ID)
			if err != nil {
				return err
			}
			if err := c.in(tx).Memberships().Add(ctx, f.newMembership(c, people[i].ID, found.Role)); err != nil {
				return err
			}
			return c.in(tx).Invitations().Save(ctx, answered(found.Invitation, domain.InvitationAccepted, noon))
		})
	})
	if _, err := oneWins(errs, failsWith(domain.ErrInvitationAccepted)); err != nil {
		return fmt.Errorf("%d accept one invitation in updates: %w", n, err)
	}
	organization, err := c.in(store).Organization().Get(ctx)
	if err == nil && organization.Members != 2 {
		err = fmt.Errorf("there are %d members, want 2", organization.Members)
	}
	if err != nil {
		return err
	}
	return wantPending(ctx, c.in(store), 0)
}

// roomyCompany founds an organization with room for many.
func (f founder) roomyCompany(ctx context.Context) (company, error) {
	owner, err := f.addUser(ctx, "Owner")
	if err != nil {
		return company{}, err
	}
	return f.found(ctx, owner, roomy)
}

// invited founds an organization that has invited somebody.
func (f founder) invited(ctx context.Context) (company, domain.Invitation, error) {
	c, err := f.roomyCompany(ctx)
	if err != nil {
		return company{}, domain.Invitation{}, err
	}
	invitation := f.newInvitation(c, "wanted@example.com", domain.RoleMember)
	return c, invitation, f.store.Update(ctx, c.scope(), func(tx ports.Repositories) error {
		return c.in(tx).Invitations().Add(ctx, invitation)
	})
}

// wantPending returns an error unless so many invitations are pending, and
// counted.
func wantPending(ctx context.Context, tenant ports.Tenant, want int64) error {
	organization, err := tenant.Organization().Get(ctx)
	if err != nil {
		return err
	}
	page, err := tenant.Invitations().List(ctx, domain.InvitationPending, noon, all)
	if err == nil && (organization.PendingInvitations != want || int64(len(page.Items)) != want) {
		err = fmt.Errorf("%d invitations are pending, and %d are counted; want %d", len(page.Items), organization.PendingInvitations, want)
	}
	return err
}
