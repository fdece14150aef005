package memory

import (
	"context"
	"fmt"
	"slices"

	"rowhouse/core/domain"
)

type organization struct{ *tenant }

func (r organization) Add(ctx context.Context, organization domain.Organization) error {
	return r.write(ctx, func(tx *transaction) error {
		switch {
		case organization.ID != r.id:
			return domain.ErrNotFound
		case tx.organizations.has(r.id):
			return fmt.Errorf("add organization %s: %w", r.id, errExists)
		}
		organization.Version, organization.Members, organization.PendingInvitations, organization.Workspaces = 1, 0, 0, 0
		tx.organizations.put(tx, r.id, organization)
		tx.handedOver = append(tx.handedOver, r.id)
		return nil
	})
}

func (r organization) Get(ctx context.Context) (organization domain.Organization, err error) {
	err = r.read(ctx, func(d *data) (err error) {
		organization, err = d.organizations.get(r.id)
		return err
	})
	return organization, err
}

func (r organization) Detail(ctx context.Context) (detail domain.OrganizationDetail, err error) {
	err = r.read(ctx, func(d *data) error {
		if !d.organizations.has(r.id) {
			return domain.ErrNotFound
		}
		detail = d.organizationDetail(r.id)
		return nil
	})
	return detail, err
}

func (r organization) Save(ctx context.Context, organization domain.Organization) (domain.Organization, error) {
	err := r.write(ctx, func(tx *transaction) error {
		before, err := tx.organizations.get(r.id)
		switch {
		case err != nil:
			return err
		case organization.ID != r.id:
			return domain.ErrNotFound
		case organization.Version != before.Version:
			return domain.ErrPreconditionFailed
		}
		organization.Version++
		organization.Members, organization.PendingInvitations, organization.Workspaces = before.Members, before.PendingInvitations, before.Workspaces
		tx.organizations.put(tx, r.id, organization)
		tx.handedOver = append(tx.handedOver, r.id)
		return nil
	})
	if err != nil {
		return domain.Organization{}, err
	}
	return organization, nil
}

func (r organization) Remove(ctx context.Context) error {
	return r.write(ctx, func(tx *transaction) error {
		if !tx.organizations.has(r.id) {
			return domain.ErrNotFound
		}
		for _, id := range slices.Clone(tx.membershipsOf.of(r.id)) {
			tx.removeMembership(r.membershipKey(id))
		}
		for _, id := range slices.Clone(tx.invitationsOf.of(r.id)) {
			tx.removeInvitation(r.invitationKey(id))
		}
		for _, id := range slices.Clone(tx.jobsOf.of(r.id)) {
			tx.removeJob(id)
		}
		for _, entry := range slices.Clone(tx.workspacesOf.of(r.id)) {
			tx.removeWorkspace(r.workspaceKey(entry.id))
		}
		for _, period := range slices.Clone(tx.usagePeriods.of(r.id)) {
			tx.removeUsage(r.id, period)
		}
		tx.subscriptions.remove(tx, r.id)
		tx.organizations.remove(tx, r.id)
		return nil
	})
}

func (d *data) organizationDetail(id domain.OrganizationID) domain.OrganizationDetail {
	organization := d.organizations[id]
	return domain.OrganizationDetail{
		Organization: organization,
		OwnerName:    d.users[organization.Owner].Name,
		Plan:         d.subscriptions[id].Plan,
	}
}
