package postgres

import (
	"context"
	"time"

	"gorm.io/gorm"

	"rowhouse/core/domain"
)

// invitationRow is an invitation as a row.
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

const (
	invitationColumns = `i.id, i.inviter_id, i.email, i.role, i.token_hash, i.state, i.sent, i.resends,
    i.created_at, i.last_sent_at, i.expires_at, i.responded_at, coalesce(u.name, '') AS inviter_name`
	joinInviter = `LEFT JOIN app.users u ON u.id = i.inviter_id`
)

func (r invitationRow) detail() domain.InvitationDetail {
	return domain.InvitationDetail{
		Invitation: domain.Invitation{
			ID: r.ID, Email: r.Email, Role: r.Role, State: r.State, Inviter: r.InviterID, Token: domain.TokenHash(r.TokenHash),
			Sent: r.Sent, Resends: r.Resends,
			CreatedAt: r.CreatedAt, LastSentAt: r.LastSentAt, ExpiresAt: r.ExpiresAt, RespondedAt: r.RespondedAt.Time,
		},
		InviterName: r.InviterName,
	}
}

type invitations struct{ *tenant }

// addInvitation takes a seat and stores who may fill it, in one step, and says
// what it found. The organization's row is locked before, so that nobody else
// counts at the same time.
const addInvitation = `
WITH found AS (
    SELECT o.member_limit, o.seats_used + o.pending_invitations AS used,
        EXISTS (SELECT FROM app.users u JOIN app.memberships m ON m.user_id = u.id
                WHERE lower(u.email) = @email AND m.organization_id = @organization) AS member,
        EXISTS (SELECT FROM app.invitations
                WHERE organization_id = @organization AND email = @email AND state = 'pending') AS invited
    FROM app.organizations o WHERE o.id = @organization
), seat AS (
    UPDATE app.organizations SET pending_invitations = pending_invitations + 1
    WHERE id = @organization AND EXISTS (
        SELECT FROM found WHERE NOT member AND NOT invited AND (member_limit < 0 OR used < member_limit)
    )
    RETURNING id
), added AS (
    INSERT INTO app.invitations (organization_id, id, inviter_id, email, role, token_hash, state, sent, resends, created_at, last_sent_at, expires_at)
    SELECT seat.id, @id, @inviter, @email, @role, @token, 'pending', @sent, @resends, @created, @last_sent, @expires FROM seat
    RETURNING organization_id, id, token_hash
), token AS (
    INSERT INTO app.invitation_tokens (token_hash, organization_id, invitation_id)
    SELECT token_hash, organization_id, id FROM added
)
SELECT EXISTS (SELECT FROM added) AS added, member, invited, member_limit, used FROM found`

// addedInvitation is what addInvitation tells.
type addedInvitation struct {
	Added, Member, Invited bool
	MemberLimit, Used      int64
}

func (r invitations) Add(ctx context.Context, i domain.Invitation) error {
	var found []addedInvitation
	err := r.ownLocked(ctx).Raw(addInvitation, map[string]any{
		"organization": r.id, "id": i.ID, "inviter": i.Inviter, "email": i.Email, "role": i.Role, "token": hash(i.Token),
		"sent": i.Sent, "resends": i.Resends, "created": i.CreatedAt, "last_sent": i.LastSentAt, "expires": i.ExpiresAt,
	}).Scan(&found).Error
	switch {
	case err != nil:
		return translate(err)
	case len(found) == 0:
		return domain.ErrNotFound
	case found[0].Added:
		return nil
	}
	return found[0].refusal()
}

// refusal is why nobody could be invited; nil if somebody could.
func (f addedInvitation) refusal() error {
	switch {
	case f.Member:
		return domain.ErrAlreadyMember
	case f.Invited:
		return domain.ErrAlreadyInvited
	case f.MemberLimit >= 0 && f.Used >= f.MemberLimit:
		return domain.ErrMemberLimitReached.WithLimit(f.MemberLimit, f.Used)
	}
	return nil
}

// checkInvitation says what addInvitation would find once what has run out is
// noted. It locks nothing.
const checkInvitation = `
SELECT false, EXISTS (SELECT FROM app.users u JOIN app.memberships m ON m.user_id = u.id
        WHERE lower(u.email) = $2 AND m.organization_id = $1),
    EXISTS (SELECT FROM app.invitations
        WHERE organization_id = $1 AND email = $2 AND state = 'pending' AND expires_at > $3),
    o.member_limit, o.seats_used + (SELECT count(*) FROM app.invitations
        WHERE organization_id = $1 AND state = 'pending' AND expires_at > $3)
FROM app.organizations o WHERE o.id = $1`

// Check is what a crowd asks that wants the last seat: its row is scanned by
// hand, as lists of workspaces are.
func (r invitations) Check(ctx context.Context, email domain.Email, at time.Time) error {
	var found *addedInvitation
	scan := func(rows scanned) error {
		for rows.Next() {
			found = &addedInvitation{}
			if err := rows.Scan(&found.Added, &found.Member, &found.Invited, &found.MemberLimit, &found.Used); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	if err := r.scanOwn(ctx, scan, checkInvitation, r.id, email, at); err != nil {
		return err
	}
	if found == nil {
		return domain.ErrNotFound
	}
	return found.refusal()
}

// invitations is where reading them begins.
func (r invitations) invitations(db *gorm.DB) *gorm.DB {
	return db.Scopes(r.scope("i")).Table("app.invitations i").Select(invitationColumns).Joins(joinInviter)
}

// Get locks the organization's row inside of an update: whoever changes an
// invitation locks that first.
func (r invitations) Get(ctx context.Context, id domain.InvitationID) (domain.InvitationDetail, error) {
	db := r.own(ctx)
	if r.inUpdate {
		db = r.ownLocked(ctx)
	}
	var row invitationRow
	err := r.invitations(db).Where("i.id = ?", id).Take(&row).Error
	return row.detail(), translate(err)
}

func (r invitations) List(ctx context.Context, state domain.InvitationState, at time.Time, page domain.PageRequest) (domain.Page[domain.InvitationDetail], error) {
	db := r.invitations(r.own(ctx)).Where("i.id < ?", beforeKey(page.After))
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

// saveInvitation changes an invitation that is pending, and says what it was.
const saveInvitation = `
WITH found AS (
    SELECT state FROM app.invitations WHERE organization_id = @organization AND id = @id
), saved AS (
    UPDATE app.invitations SET state = @state, token_hash = @token, sent = @sent, resends = @resends,
        last_sent_at = @last_sent, expires_at = @expires, responded_at = @responded
    WHERE organization_id = @organization AND id = @id AND state = 'pending'
    RETURNING state
), seat AS (
    UPDATE app.organizations SET pending_invitations = pending_invitations - 1
    WHERE id = @organization AND EXISTS (SELECT FROM saved WHERE state <> 'pending')
), token AS (
    UPDATE app.invitation_tokens SET token_hash = @token
    WHERE organization_id = @organization AND invitation_id = @id AND token_hash <> @token AND EXISTS (SELECT FROM saved)
)
SELECT state FROM found`

func (r invitations) Save(ctx context.Context, i domain.Invitation) error {
	var before []domain.InvitationState
	err := r.ownLocked(ctx).Raw(saveInvitation, map[string]any{
		"organization": r.id, "id": i.ID, "state": i.State, "token": hash(i.Token), "sent": i.Sent, "resends": i.Resends,
		"last_sent": i.LastSentAt, "expires": i.ExpiresAt, "responded": optionalTime{i.RespondedAt},
	}).Scan(&before).Error
	switch {
	case err != nil:
		return translate(err)
	case len(before) == 0:
		return domain.ErrNotFound
	}
	return before[0].Err()
}

// endInvitations puts those that are stored as pending, and that a condition
// chooses, into another state, and counts them.
const (
	endInvitations = `
WITH ended AS (
    UPDATE app.invitations SET state = @state, responded_at = @at
    WHERE organization_id = @organization AND state = 'pending' AND `
	andCountInvitations = `
    RETURNING id
), seats AS (
    UPDATE app.organizations SET pending_invitations = pending_invitations - (SELECT count(*) FROM ended)
    WHERE id = @organization AND EXISTS (SELECT FROM ended)
)
SELECT count(*) FROM ended`
	expireInvitations = endInvitations + `expires_at <= @at` + andCountInvitations
	revokeInvitations = endInvitations + `expires_at > @at AND inviter_id = @inviter AND role = ANY(@roles)` + andCountInvitations
)

func (r invitations) Expire(ctx context.Context, at time.Time) (int64, error) {
	return ended(r.ownLocked(ctx).Raw(expireInvitations, map[string]any{
		"organization": r.id, "state": domain.InvitationExpired, "at": at,
	}))
}

func (r invitations) Revoke(ctx context.Context, inviter domain.UserID, roles []domain.Role, at time.Time) (int64, error) {
	return ended(r.ownLocked(ctx).Raw(revokeInvitations, map[string]any{
		"organization": r.id, "state": domain.InvitationRevoked, "at": at, "inviter": inviter, "roles": texts(roles),
	}))
}

// ended returns how many invitations a statement has ended.
func ended(statement *gorm.DB) (n int64, err error) {
	err = statement.Scan(&n).Error
	return n, translate(err)
}
