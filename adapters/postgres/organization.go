package postgres

import (
	"cmp"
	"context"
	"time"

	"rowhouse/core/domain"
)

// organizationRow is an organization as a row. What storage counts by itself
// is only read.
type organizationRow struct {
	ID                 domain.OrganizationID `gorm:"primaryKey"`
	OwnerID            domain.UserID
	Name               string
	Slug               domain.Slug
	Description        string
	LogoKey            domain.BlobKey
	LogoBytes          int64
	BillingEmail       domain.Email
	MemberLimit        domain.Limit
	WorkspaceLimit     domain.Limit
	SeatsUsed          int64 `gorm:"->"`
	PendingInvitations int64 `gorm:"->"`
	WorkspacesUsed     int64 `gorm:"->"`
	SuspendedAt        optionalTime
	Version            int64
	CreatedAt          time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt          time.Time `gorm:"autoUpdateTime:false"`
}

// TableName implements GORM's Tabler.
func (organizationRow) TableName() string { return "app.organizations" }

func newOrganizationRow(o domain.Organization, version int64) organizationRow {
	return organizationRow{
		ID: o.ID, OwnerID: o.Owner, Name: o.Name, Slug: o.Slug, Description: o.Description,
		LogoKey: o.Logo, LogoBytes: o.LogoBytes, BillingEmail: o.BillingEmail,
		MemberLimit: o.MemberLimit, WorkspaceLimit: o.WorkspaceLimit, SuspendedAt: optionalTime{o.SuspendedAt},
		Version: version, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
}

func (r organizationRow) organization() domain.Organization {
	return domain.Organization{
		ID: r.ID, Owner: r.OwnerID, Name: r.Name, Slug: r.Slug, Description: r.Description,
		Logo: r.LogoKey, LogoBytes: r.LogoBytes, BillingEmail: r.BillingEmail,
		MemberLimit: r.MemberLimit, WorkspaceLimit: r.WorkspaceLimit, SuspendedAt: r.SuspendedAt.Time,
		Members: r.SeatsUsed, PendingInvitations: r.PendingInvitations, Workspaces: r.WorkspacesUsed,
		Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// organizationDetailRow is an organization with what is shown beside it.
type organizationDetailRow struct {
	Organization organizationRow `gorm:"embedded"`
	OwnerName    string
	Plan         domain.Tier
}

const (
	organizationDetailColumns = `o.id, o.owner_id, o.name, o.slug, o.description, o.logo_key, o.logo_bytes, o.billing_email,
    o.member_limit, o.workspace_limit, o.seats_used, o.pending_invitations, o.workspaces_used, o.suspended_at, o.version, o.created_at, o.updated_at,
    coalesce(u.name, '') AS owner_name, coalesce(s.plan, '') AS plan`
	organizationDetailJoins = `
LEFT JOIN app.users u ON u.id = o.owner_id LEFT JOIN app.subscriptions s ON s.organization_id = o.id`
)

func (r organizationDetailRow) detail() domain.OrganizationDetail {
	return domain.OrganizationDetail{Organization: r.Organization.organization(), OwnerName: r.OwnerName, Plan: r.Plan}
}

type organization struct{ *tenant }

func (r organization) Add(ctx context.Context, o domain.Organization) error {
	if o.ID != r.id {
		return cmp.Or(ctx.Err(), error(domain.ErrNotFound))
	}
	row := newOrganizationRow(o, 1)
	return translate(r.ownWrite(ctx).Create(&row).Error)
}

func (r organization) Get(ctx context.Context) (domain.Organization, error) {
	var row organizationRow
	err := r.own(ctx).Where("id = ?", r.id).Take(&row).Error
	return row.organization(), translate(err)
}

const organizationDetail = `SELECT ` + organizationDetailColumns + ` FROM app.organizations o` + organizationDetailJoins + ` WHERE o.id = ?`

func (r organization) Detail(ctx context.Context) (domain.OrganizationDetail, error) {
	var row organizationDetailRow
	err := r.own(ctx).Raw(organizationDetail, r.id).Take(&row).Error
	return row.detail(), translate(err)
}

func (r organization) Save(ctx context.Context, o domain.Organization) (domain.Organization, error) {
	if o.ID != r.id {
		return domain.Organization{}, cmp.Or(ctx.Err(), error(domain.ErrNotFound))
	}
	row := newOrganizationRow(o, o.Version+1)
	var saved []organizationRow
	changed := r.ownWrite(ctx).Model(&saved).Clauses(returning("seats_used", "pending_invitations", "workspaces_used")).
		Select("*").Omit("id", "seats_used", "pending_invitations", "workspaces_used").
		Where("id = ? AND version = ?", r.id, o.Version).Updates(row)
	if err := changed.Error; err != nil {
		return domain.Organization{}, translate(violatedAtCommit(err))
	}
	if len(saved) == 0 {
		_, err := r.Get(ctx)
		return domain.Organization{}, otherVersion(err)
	}
	row.SeatsUsed, row.PendingInvitations, row.WorkspacesUsed = saved[0].SeatsUsed, saved[0].PendingInvitations, saved[0].WorkspacesUsed
	return row.organization(), nil
}

// removeOrganization removes the organization with all that is its own. The
// constraints between the tables are checked when the statement ends; tokens of
// invitations, and jobs, go by theirs.
const removeOrganization = `
WITH places AS (DELETE FROM app.workspace_members WHERE organization_id = @id),
     spaces AS (DELETE FROM app.workspaces WHERE organization_id = @id),
     invited AS (DELETE FROM app.invitations WHERE organization_id = @id),
     members AS (DELETE FROM app.memberships WHERE organization_id = @id),
     plans AS (DELETE FROM app.subscriptions WHERE organization_id = @id),
     used AS (DELETE FROM app.usage_metrics WHERE organization_id = @id)
DELETE FROM app.organizations WHERE id = @id`

func (r organization) Remove(ctx context.Context) error {
	removed := r.ownWrite(ctx).Exec(removeOrganization, map[string]any{"id": r.id})
	return foundOne(removed.RowsAffected, translate(removed.Error))
}

// otherVersion says why a row was not changed, given whether it is there: its
// version is another.
func otherVersion(err error) error {
	if err == nil {
		return domain.ErrPreconditionFailed
	}
	return err
}
