package postgres

import (
	"context"
	"strings"

	"rowhouse/core/domain"
)

type directory struct{ *repositories }

// actorRow is what a user is in one organization.
type actorRow struct {
	OrganizationID domain.OrganizationID
	MembershipID   domain.MembershipID
	Role           domain.Role
	Suspended      bool
}

func (r actorRow) actor(user domain.UserID) domain.Actor {
	return domain.Actor{User: user, Organization: r.OrganizationID, Membership: r.MembershipID, Role: r.Role, Suspended: r.Suspended}
}

const myActors = `
SELECT m.organization_id, m.id AS membership_id, m.role, o.suspended_at IS NOT NULL AS suspended
FROM app.memberships m JOIN app.organizations o ON o.id = m.organization_id
WHERE m.user_id = @user`

// Here the organization is what is asked for, not what keeps tenants apart, so
// the conditions read the other way round; see the tests of the walls.
const (
	myActorByID   = myActors + ` AND @ref = m.organization_id`
	myActorBySlug = myActors + ` AND m.organization_id = (SELECT organization_id FROM app.organization_slugs WHERE slug = @ref)`
)

func (r directory) Actor(ctx context.Context, user domain.UserID, ref string) (domain.Actor, error) {
	query := myActorBySlug
	if domain.IsUUID(ref) {
		query, ref = myActorByID, strings.ToLower(ref)
	}
	var row actorRow
	err := r.person(ctx, user).Raw(query, map[string]any{"user": user, "ref": ref}).Take(&row).Error
	if err != nil {
		return domain.Actor{}, translate(err)
	}
	return row.actor(user), nil
}

func (r directory) Actors(ctx context.Context, user domain.UserID) ([]domain.Actor, error) {
	var found []actorRow
	err := r.person(ctx, user).Raw(myActors+` ORDER BY m.organization_id`, map[string]any{"user": user}).Find(&found).Error
	actors := make([]domain.Actor, len(found))
	for i, row := range found {
		actors[i] = row.actor(user)
	}
	return actors, translate(err)
}

// memberOrganizationRow is an organization in the list of a member.
type memberOrganizationRow struct {
	Organization organizationDetailRow `gorm:"embedded"`
	MembershipID domain.MembershipID
	Role         domain.Role
}

func (r memberOrganizationRow) organization() domain.MemberOrganization {
	return domain.MemberOrganization{OrganizationDetail: r.Organization.detail(), Membership: r.MembershipID, Role: r.Role}
}

const myOrganizations = `
SELECT ` + organizationDetailColumns + `, m.id AS membership_id, m.role
FROM app.memberships m JOIN app.organizations o ON o.id = m.organization_id` + organizationDetailJoins + `
WHERE m.user_id = @user AND m.organization_id < @before
ORDER BY m.organization_id DESC LIMIT @limit`

func (r directory) Organizations(ctx context.Context, user domain.UserID, page domain.PageRequest) (domain.Page[domain.MemberOrganization], error) {
	var found []memberOrganizationRow
	err := r.person(ctx, user).Raw(myOrganizations, map[string]any{
		"user": user, "before": beforeKey(page.After), "limit": page.Limit + 1,
	}).Find(&found).Error
	return pageOf(found, page.Limit, memberOrganizationRow.organization), translate(err)
}
