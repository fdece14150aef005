package postgres

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"rowhouse/core/domain"
)

// invitationRow is an invitation as a row, with who sent it.
type invitationRow struct {
	ID          domain.InvitationID
	InviterID   domain.UserID
	Email       domain.Email
	Role        domain.Role
	TokenHash   hash
	State       domain.InvitationState
	Sent        int64
	Resends     int64
	CreatedAt   time.Time
	LastSentAt  time.Time
	ExpiresAt   time.Time
	RespondedAt optionalTime
	InviterName string
}

const invitationColumns = `i.id, i.inviter_id, i.email, i.role, i.token_hash, i.state, i.sent, i.resends,
    i.created_at, i.last_sent_at, i.expires_at, i.responded_at, coalesce(u.name, '') AS inviter_name`

func (r invitationRow) detail() domain.InvitationDetail {
	return domain.InvitationDetail{InviterName: r.InviterName, Invitation: domain.Invitation{
		ID: r.ID, Email: r.Email, Role: r.Role, State: r.State, Inviter: r.InviterID, Token: domain.TokenHash(r.TokenHash),
		Sent: r.Sent, Resends: r.Resends, CreatedAt: r.CreatedAt, LastSentAt: r.LastSentAt, ExpiresAt: r.ExpiresAt, RespondedAt: r.RespondedAt.Time,
	}}
}

type invitations struct{ *tenant }

// addInvitation takes a seat and keeps it for somebody, in one step, and says
// what it found. The organization's row is locked before.
const addInvitation = `
WITH found AS (
    SELECT o.member_limit, o.seats_used + o.pending_invitations AS used,
        EXISTS (SELECT FROM app.memberships m JOIN app.users u ON u.id = m.user_id
                WHERE m.organization_id = @organization AND lower(u.email) = @email) AS member,
        EXISTS (SELECT FROM app.invitations i WHERE i.organization_id = @organization AND i.email = @email AND i.state = 'pending') AS invited
    FROM app.organizations o WHERE o.id = @organization
), seat AS (
    UPDATE app.organizations SET pending_invitations = pending_invitations + 1
    WHERE id = @organization AND EXISTS (SELECT FROM found WHERE NOT member AND NOT invited AND (member_limit < 0 OR used < member_limit))
    RETURNING id
), added AS (
    INSERT INTO app.invitations (organization_id, id, inviter_id, email, role, token_hash, state, sent, resends, created_at, last_sent_at, expires_at)
    SELECT seat.id, @id, @inviter, @email, @role, @token, 'pending', @sent, @resends, @created, @last_sent, @expires FROM seat
    RETURNING organization_id, id, token_hash
), token AS (
    INSERT INTO app.invitation_tokens (organization_id, invitation_id, token_hash) SELECT organization_id, id, token_hash FROM added
)
SELECT EXISTS (SELECT FROM added) AS added, member, invited, member_limit, used FROM found`

// foundForInvitation is what addInvitation and checkInvitation tell.
type foundForInvitation struct {
	Added, Member, Invited bool
	MemberLimit, Used      int64
}

func (f foundForInvitation) err() error {
	switch {
	case f.Added:
		return nil
	case f.Member:
		return domain.ErrAlreadyMember
	case f.Invited:
		return domain.ErrAlreadyInvited
	default:
		return domain.ErrMemberLimitReached.WithLimit(f.MemberLimit, f.Used)
	}
}

func (r invitations) Add(ctx context.Context, i domain.Invitation) error {
	var found []foundForInvitation
	err := r.ownLocked(ctx).Raw(addInvitation, map[string]any{
		"organization": r.id, "id": i.ID, "inviter": i.Inviter, "email": i.Email, "role": i.Role, "token": hash(i.Token),
		"sent": i.Sent, "resends": i.Resends, "created": i.CreatedAt, "last_sent": i.LastSentAt, "expires": i.ExpiresAt,
	}).Scan(&found).Error
	switch {
	case err != nil:
		return translate(err)
	case len(found) == 0:
		return domain.ErrNotFound
	}
	return found[0].err()
}

const checkInvitation = `
SELECT o.member_limit, o.seats_used + (SELECT count(*) FROM app.invitations i
        WHERE i.organization_id = @organization AND i.state = 'pending' AND i.expires_at > @at) AS used,
    EXISTS (SELECT FROM app.memberships m JOIN app.users u ON u.id = m.user_id
            WHERE m.organization_id = @organization AND lower(u.email) = @email) AS member,
    EXISTS (SELECT FROM app.invitations i
            WHERE i.organization_id = @organization AND i.email = @email AND i.state = 'pending' AND i.expires_at > @at) AS invited
FROM app.organizations o WHERE o.id = @organization`

func (r invitations) Check(ctx context.Context, email domain.Email, at time.Time) error {
	var found foundForInvitation
	err := r.own(ctx).Raw(checkInvitation, map[string]any{"organization": r.id, "email": email, "at": at}).Take(&found).Error
	if err != nil {
		return translate(err)
	}
	found.Added = found.MemberLimit < 0 || found.Used < found.MemberLimit
	if found.Member || found.Invited {
		found.Added = false
	}
	return found.err()
}

func (r invitations) invitations(ctx context.Context) *gorm.DB {
	return r.scoped(ctx, "i").Table("app.invitations i").Select(invitationColumns).Joins("LEFT JOIN app.users u ON u.id = i.inviter_id")
}

func (r invitations) Get(ctx context.Context, id domain.InvitationID) (domain.InvitationDetail, error) {
	var row invitationRow
	db := r.invitations(ctx).Where("i.id = ?", id)
	if r.inUpdate { // nobody else changes it until that ends
		db = db.Clauses(clause.Locking{Strength: "NO KEY UPDATE", Table: clause.Table{Name: "i"}})
	}
	err := db.Take(&row).Error
	return row.detail(), translate(err)
}

func (r invitations) List(ctx context.Context, state domain.InvitationState, at time.Time, page domain.PageRequest) (domain.Page[domain.InvitationDetail], error) {
	db := r.invitations(ctx).Where("i.id < ?", beforeKey(page.After))
	switch state {
	case domain.InvitationPending:
		db = db.Where("i.state = 'pending' AND i.expires_at > ?", at)
	case domain.InvitationExpired:
		db = db.Where("(i.state = 'expired' OR i.state = 'pending' AND i.expires_at <= ?)", at)
	case domain.InvitationAccepted, domain.InvitationDeclined, domain.InvitationRevoked:
		db = db.Where("i.state = ?", state)
	}
	var found []invitationRow
	err := db.Order("i.id DESC").Limit(page.Limit + 1).Find(&found).Error
	return pageOf(found, page.Limit, invitationRow.detail), translate(err)
}

// saveInvitation replaces one that is pending, frees its seat where it leaves
// that, and says what state it was in before.
const saveInvitation = `
WITH before AS (
    SELECT state FROM app.invitations WHERE organization_id = @organization AND id = @id
), saved AS (
    UPDATE app.invitations SET token_hash = @token, state = @state, sent = @sent, resends = @resends,
        last_sent_at = @last_sent, expires_at = @expires, responded_at = @responded
    WHERE organization_id = @organization AND id = @id AND state = 'pending'
    RETURNING state
), freed AS (
    UPDATE app.organizations SET pending_invitations = pending_invitations - 1
    WHERE id = @organization AND EXISTS (SELECT FROM saved WHERE state <> 'pending')
), token AS (
    UPDATE app.invitation_tokens SET token_hash = @token
    WHERE organization_id = @organization AND invitation_id = @id AND EXISTS (SELECT FROM saved)
)
SELECT before.state, EXISTS (SELECT FROM saved) AS saved FROM before`

func (r invitations) Save(ctx context.Context, i domain.Invitation) error {
	var found []struct {
		State domain.InvitationState
		Saved bool
	}
	err := r.ownLocked(ctx).Raw(saveInvitation, map[string]any{
		"organization": r.id, "id": i.ID, "token": hash(i.Token), "state": i.State, "sent": i.Sent, "resends": i.Resends,
		"last_sent": i.LastSentAt, "expires": i.ExpiresAt, "responded": optionalTime{i.RespondedAt},
	}).Scan(&found).Error
	switch {
	case err != nil:
		return translate(err)
	case len(found) == 0:
		return domain.ErrNotFound
	case found[0].Saved:
		return nil
	}
	return found[0].State.Err()
}

// endInvitations ends those that are pending and meet a further condition.
const endInvitations = `
WITH ended AS (
    UPDATE app.invitations SET state = @state, responded_at = @at
    WHERE organization_id = @organization AND state = 'pending' AND `

const endedInvitations = `
    RETURNING id
), freed AS (
    UPDATE app.organizations SET pending_invitations = pending_invitations - (SELECT count(*) FROM ended)
    WHERE id = @organization AND EXISTS (SELECT FROM ended)
)
SELECT count(*) FROM ended`

func (r invitations) Expire(ctx context.Context, at time.Time) (ended int64, err error) {
	err = r.ownLocked(ctx).Raw(endInvitations+`expires_at <= @at`+endedInvitations, map[string]any{
		"organization": r.id, "state": domain.InvitationExpired, "at": at,
	}).Scan(&ended).Error
	return ended, translate(err)
}

func (r invitations) Revoke(ctx context.Context, inviter domain.UserID, roles []domain.Role, at time.Time) (ended int64, err error) {
	err = r.ownLocked(ctx).Raw(endInvitations+`expires_at > @at AND inviter_id = @inviter AND role = ANY(@roles)`+endedInvitations, map[string]any{
		"organization": r.id, "state": domain.InvitationRevoked, "at": at, "inviter": inviter, "roles": texts(roles),
	}).Scan(&ended).Error
	return ended, translate(err)
}

func (r directory) Invitation(ctx context.Context, token domain.TokenHash) (domain.OrganizationID, domain.InvitationID, error) {
	var row struct {
		OrganizationID domain.OrganizationID
		InvitationID   domain.InvitationID
	}
	err := r.holder(ctx, hexOf(token)).Table("app.invitation_tokens").Where("token_hash = ?", hash(token)).Take(&row).Error
	return row.OrganizationID, row.InvitationID, translate(err)
}

// receivedInvitationRow is an invitation with the organization that it is from.
type receivedInvitationRow struct {
	Invitation       invitationRow `gorm:"embedded"`
	OrganizationID   domain.OrganizationID
	OrganizationName string
	OrganizationSlug domain.Slug
	LogoKey          domain.BlobKey
}

func (r receivedInvitationRow) received() domain.ReceivedInvitation {
	return domain.ReceivedInvitation{
		InvitationDetail: r.Invitation.detail(),
		Organization:     domain.OrganizationRef{ID: r.OrganizationID, Name: r.OrganizationName, Slug: r.OrganizationSlug, Logo: r.LogoKey},
	}
}

func (r directory) InvitationsTo(ctx context.Context, email domain.Email, at time.Time, page domain.PageRequest) (domain.Page[domain.ReceivedInvitation], error) {
	var found []receivedInvitationRow
	err := r.invited(ctx, email).Table("app.invitations i").
		Select(invitationColumns+", o.id AS organization_id, o.name AS organization_name, o.slug AS organization_slug, o.logo_key").
		Joins("JOIN app.organizations o ON o.id = i.organization_id").Joins("LEFT JOIN app.users u ON u.id = i.inviter_id").
		Where("i.email = ? AND i.state = 'pending' AND i.expires_at > ? AND i.id < ?", email, at, beforeKey(page.After)).
		Order("i.id DESC").Limit(page.Limit + 1).Find(&found).Error
	return pageOf(found, page.Limit, receivedInvitationRow.received), translate(err)
}

func (r directory) InvitationTo(ctx context.Context, email domain.Email, id domain.InvitationID) (organization domain.OrganizationID, err error) {
	var row struct{ OrganizationID domain.OrganizationID }
	err = r.invited(ctx, email).Table("app.invitations").Select("organization_id").Where("email = ? AND id = ?", email, id).Take(&row).Error
	return row.OrganizationID, translate(err)
}

func (r directory) ExpiredInvitations(ctx context.Context, at time.Time, n int) (organizations []domain.OrganizationID, err error) {
	err = r.sweeping(ctx).Raw(`SELECT DISTINCT organization_id FROM (
        SELECT organization_id FROM app.invitations WHERE state = 'pending' AND expires_at <= ? ORDER BY expires_at LIMIT ?) AS oldest`, at, n).
		Scan(&organizations).Error
	return organizations, translate(err)
}
