package postgres

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// What leads to invitations across tenants. Each is asked in a session that
// names what the asker has: a token, an address, or the time of a sweep.

func (r directory) Invitation(ctx context.Context, token domain.TokenHash) (domain.OrganizationID, domain.InvitationID, error) {
	var found struct {
		OrganizationID domain.OrganizationID
		InvitationID   domain.InvitationID
	}
	err := r.bearer(ctx, token).Table("app.invitation_tokens").Select("organization_id", "invitation_id").
		Where("token_hash = ?", hash(token)).Take(&found).Error
	return found.OrganizationID, found.InvitationID, translate(err)
}

// receivedRow is an invitation with what is shown of the organization.
type receivedRow struct {
	Invitation       invitationRow `gorm:"embedded"`
	OrganizationID   domain.OrganizationID
	OrganizationName string
	OrganizationSlug domain.Slug
	OrganizationLogo domain.BlobKey
}

func (r receivedRow) received() domain.ReceivedInvitation {
	return domain.ReceivedInvitation{
		InvitationDetail: r.Invitation.detail(),
		Organization: domain.OrganizationRef{
			ID: r.OrganizationID, Name: r.OrganizationName, Slug: r.OrganizationSlug, Logo: r.OrganizationLogo,
		},
	}
}

const myInvitations = `
SELECT ` + invitationColumns + `, i.organization_id,
    o.name AS organization_name, o.slug AS organization_slug, o.logo_key AS organization_logo
FROM app.invitations i JOIN app.organizations o ON o.id = i.organization_id ` + joinInviter + `
WHERE i.email = @email AND i.state = 'pending' AND i.expires_at > @at AND i.id < @before
ORDER BY i.id DESC LIMIT @limit`

func (r directory) InvitationsTo(ctx context.Context, email domain.Email, at time.Time, page domain.PageRequest) (domain.Page[domain.ReceivedInvitation], error) {
	var found []receivedRow
	err := r.invited(ctx, email).Raw(myInvitations, map[string]any{
		"email": email, "at": at, "before": beforeKey(page.After), "limit": page.Limit + 1,
	}).Find(&found).Error
	return pageOf(found, page.Limit, receivedRow.received), translate(err)
}

func (r directory) InvitationTo(ctx context.Context, email domain.Email, id domain.InvitationID) (domain.OrganizationID, error) {
	var found struct{ OrganizationID domain.OrganizationID }
	err := r.invited(ctx, email).Table("app.invitations").Select("organization_id").
		Where("email = ? AND id = ?", email, id).Take(&found).Error
	return found.OrganizationID, translate(err)
}

const runOutInvitations = `
SELECT organization_id FROM app.invitations WHERE state = 'pending' AND expires_at <= @at
GROUP BY organization_id ORDER BY min(expires_at) LIMIT @limit`

func (r directory) ExpiredInvitations(ctx context.Context, at time.Time, n int) ([]domain.OrganizationID, error) {
	var found []domain.OrganizationID
	err := r.sweep(ctx, at).Raw(runOutInvitations, map[string]any{"at": at, "limit": n}).Scan(&found).Error
	return found, translate(err)
}
