package postgres

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// membershipRow is a membership as a row.
type membershipRow struct {
	OrganizationID domain.OrganizationID `gorm:"primaryKey"`
	ID             domain.MembershipID   `gorm:"primaryKey"`
	UserID         domain.UserID
	Role           domain.Role
	InvitedBy      optionalUser
	Version        int64
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

// TableName implements GORM's Tabler.
func (membershipRow) TableName() string { return "app.memberships" }

func (r membershipRow) membership() domain.Membership {
	return domain.Membership{
		ID: r.ID, User: r.UserID, Role: r.Role, InvitedBy: domain.UserID(r.InvitedBy),
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
}

// memberRow is a membership with the person behind it.
type memberRow struct {
	Membership  membershipRow `gorm:"embedded"`
	Name        string
	Email       domain.Email
	AvatarKey   domain.BlobKey
	InviterName string
}

const memberColumns = `m.organization_id, m.id, m.user_id, m.role, m.invited_by, m.version, m.created_at, m.updated_at,
    u.name, u.email, u.avatar_key, coalesce(i.name, '') AS inviter_name`

func (r memberRow) member() domain.Member {
	return domain.Member{
		Membership: r.Membership.membership(), Name: r.Name, Email: r.Email, Avatar: r.AvatarKey, InvitedByName: r.InviterName,
	}
}

type memberships struct{ *tenant }

// members is where reading members begins.
func (r memberships) members(ctx context.Context) *gorm.DB {
	return r.scoped(ctx, "m").Table("app.memberships m").Select(memberColumns).
		Joins("JOIN app.users u ON u.id = m.user_id").Joins("LEFT JOIN app.users i ON i.id = m.invited_by")
}

// addMembership takes a seat and fills it, in one step, and says what it found.
// The organization's row is locked before, so that nobody else counts at the
// same time.
const addMembership = `
WITH found AS (
    SELECT o.member_limit, o.seats_used,
        EXISTS (SELECT FROM app.users WHERE id = @user) AS known,
        EXISTS (SELECT FROM app.memberships WHERE organization_id = @organization AND user_id = @user) AS member,
        @role = 'owner' AND EXISTS (SELECT FROM app.memberships WHERE organization_id = @organization AND role = 'owner') AS owned
    FROM app.organizations o WHERE o.id = @organization
), seat AS (
    UPDATE app.organizations SET seats_used = seats_used + 1
    WHERE id = @organization AND EXISTS (
        SELECT FROM found WHERE known AND NOT member AND NOT owned AND (member_limit < 0 OR seats_used < member_limit)
    )
    RETURNING id
), added AS (
    INSERT INTO app.memberships (organization_id, id, user_id, role, invited_by, created_at, updated_at)
    SELECT seat.id, @id, @user, @role, @inviter, @created, @updated FROM seat
    RETURNING id
)
SELECT EXISTS (SELECT FROM added) AS added, known, member, owned, member_limit, seats_used FROM found`

// addedMembership is what addMembership tells.
type addedMembership struct {
	Added, Known, Member, Owned bool
	MemberLimit, SeatsUsed      int64
}

func (r memberships) Add(ctx context.Context, m domain.Membership) error {
	var found []addedMembership
	err := r.ownLocked(ctx).Raw(addMembership, map[string]any{
		"organization": r.id, "id": m.ID, "user": m.User, "role": m.Role, "inviter": optionalUser(m.InvitedBy),
		"created": m.CreatedAt, "updated": m.UpdatedAt,
	}).Scan(&found).Error
	switch {
	case err != nil:
		return translate(err)
	case len(found) == 0, !found[0].Known:
		return domain.ErrNotFound
	case found[0].Added:
		return nil
	case found[0].Member:
		return domain.ErrAlreadyMember
	case found[0].Owned:
		return domain.ErrAlreadyOwner
	default:
		return domain.ErrMemberLimitReached.WithLimit(found[0].MemberLimit, found[0].SeatsUsed)
	}
}

func (r memberships) Get(ctx context.Context, id domain.MembershipID) (domain.Member, error) {
	var row memberRow
	err := r.members(ctx).Where("m.id = ?", id).Take(&row).Error
	return row.member(), translate(err)
}

func (r memberships) List(ctx context.Context, filter ports.MemberFilter, page domain.PageRequest) (domain.Page[domain.Member], error) {
	db := r.members(ctx).Where("m.id < ?", beforeKey(page.After))
	if filter.Role != "" {
		db = db.Where("m.role = ?", filter.Role)
	}
	if filter.Query != "" { // by position and not LIKE: nothing in it is a wildcard
		db = db.Where("(strpos(u.name_key, ?) > 0 OR strpos(u.email, ?) > 0)", foldKey(filter.Query), strings.ToLower(filter.Query))
	}
	var found []memberRow
	err := db.Order("m.id DESC").Limit(page.Limit + 1).Find(&found).Error
	return pageOf(found, page.Limit, memberRow.member), translate(err)
}

func (r memberships) Save(ctx context.Context, m domain.Membership) (domain.Membership, error) {
	row := membershipRow{
		OrganizationID: r.id, ID: m.ID, UserID: m.User, Role: m.Role, InvitedBy: optionalUser(m.InvitedBy),
		Version: m.Version + 1, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
	saved := r.scopedWrite(ctx, "memberships").Model(&membershipRow{}).Select("*").Omit("organization_id", "id").
		Where("id = ? AND user_id = ? AND version = ?", m.ID, m.User, m.Version).Updates(row)
	switch {
	case violates(saved.Error, "memberships_owner_key"):
		return domain.Membership{}, domain.ErrAlreadyOwner
	case saved.Error != nil:
		return domain.Membership{}, translate(violatedAtCommit(saved.Error))
	case saved.RowsAffected == 0:
		before, err := r.Get(ctx, m.ID)
		if err == nil && before.User != m.User {
			err = domain.ErrNotFound
		}
		return domain.Membership{}, otherVersion(err)
	}
	return row.membership(), nil
}

// removeMembership ends a membership with its places in workspaces, and counts
// them down. The owner's stays.
const removeMembership = `
WITH gone AS (
    DELETE FROM app.memberships WHERE organization_id = @organization AND id = @id AND role <> 'owner' RETURNING id
), places AS (
    DELETE FROM app.workspace_members
    WHERE organization_id = @organization AND membership_id = @id AND EXISTS (SELECT FROM gone)
    RETURNING workspace_id
), spaces AS (
    UPDATE app.workspaces SET member_count = member_count - 1
    WHERE organization_id = @organization AND id IN (SELECT workspace_id FROM places)
)
UPDATE app.organizations SET seats_used = seats_used - 1
WHERE id = @organization AND EXISTS (SELECT FROM gone)`

func (r memberships) Remove(ctx context.Context, id domain.MembershipID) error {
	removed := r.ownLocked(ctx).Exec(removeMembership, map[string]any{"organization": r.id, "id": id})
	if removed.Error != nil || removed.RowsAffected > 0 {
		return translate(removed.Error)
	}
	member, err := r.Get(ctx, id)
	if err != nil {
		return err
	}
	return member.Removable()
}

// returning asks a statement for some of the columns that it wrote.
func returning(columns ...string) clause.Returning {
	var c clause.Returning
	for _, name := range columns {
		c.Columns = append(c.Columns, clause.Column{Name: name})
	}
	return c
}
