package postgres

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// sessionRow is a session as a row.
type sessionRow struct {
	ID         domain.SessionID `gorm:"primaryKey"`
	TokenHash  hash
	UserID     domain.UserID
	UserAgent  string
	IP         string
	CreatedAt  time.Time `gorm:"autoCreateTime:false"`
	LastSeenAt time.Time
	SudoAt     optionalTime
}

// TableName implements GORM's Tabler.
func (sessionRow) TableName() string { return "app.sessions" }

func newSessionRow(s domain.Session) sessionRow {
	return sessionRow{
		ID: s.ID, TokenHash: hash(s.Token), UserID: s.User, UserAgent: s.UserAgent, IP: s.IP,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, SudoAt: optionalTime{s.SudoAt},
	}
}

func (r sessionRow) session() domain.Session {
	return domain.Session{
		ID: r.ID, User: r.UserID, Token: domain.TokenHash(r.TokenHash), UserAgent: r.UserAgent, IP: r.IP,
		CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt, SudoAt: r.SudoAt.Time,
	}
}

type sessions struct{ *repositories }

// addSession adds a session, and ends the least recently used of the others
// where there are too many. The user's row is locked before, so that several
// at once count each other.
const addSession = `
WITH ended AS (
    DELETE FROM app.sessions WHERE id IN (
        SELECT id FROM app.sessions WHERE user_id = @user ORDER BY last_seen_at DESC, id DESC OFFSET @others
    )
)
INSERT INTO app.sessions (id, token_hash, user_id, user_agent, ip, created_at, last_seen_at, sudo_at)
VALUES (@id, @token, @user, @agent, @ip, @created, @seen, @sudo)`

func (r sessions) Add(ctx context.Context, s domain.Session) error {
	err := r.platformLocked(ctx, s.User).Exec(addSession, map[string]any{
		"id": s.ID, "token": hash(s.Token), "user": s.User, "agent": s.UserAgent, "ip": s.IP,
		"created": s.CreatedAt, "seen": s.LastSeenAt, "sudo": optionalTime{s.SudoAt}, "others": domain.MaxSessionsPerUser - 1,
	}).Error
	return needsUser(err)
}

// sessionWithUser is one row of two tables.
type sessionWithUser struct {
	Session sessionRow `gorm:"embedded;embeddedPrefix:s_"`
	User    userRow    `gorm:"embedded;embeddedPrefix:u_"`
}

//nolint:gosec // it names the columns, and holds nothing that is in them
const sessionByToken = `
SELECT s.id AS s_id, s.token_hash AS s_token_hash, s.user_id AS s_user_id, s.user_agent AS s_user_agent, s.ip AS s_ip,
    s.created_at AS s_created_at, s.last_seen_at AS s_last_seen_at, s.sudo_at AS s_sudo_at,
    u.id AS u_id, u.email AS u_email, u.name AS u_name, u.avatar_key AS u_avatar_key, u.password_hash AS u_password_hash,
    u.email_verified_at AS u_email_verified_at, u.is_operator AS u_is_operator,
    u.created_at AS u_created_at, u.updated_at AS u_updated_at
FROM app.sessions s JOIN app.users u ON u.id = s.user_id
WHERE s.token_hash = ?`

func (r sessions) ByToken(ctx context.Context, token domain.TokenHash) (domain.Session, domain.User, error) {
	var row sessionWithUser
	err := r.platform(ctx).Raw(sessionByToken, hash(token)).Take(&row).Error
	return row.Session.session(), row.User.user(), translate(err)
}

func (r sessions) Touch(ctx context.Context, id domain.SessionID, at time.Time) error {
	err := r.platform(ctx).Model(&sessionRow{}).Where("id = ? AND last_seen_at < ?", id, at).Update("last_seen_at", at).Error
	return translate(err)
}

func (r sessions) Save(ctx context.Context, s domain.Session) error {
	row := newSessionRow(s)
	saved := r.platformWrite(ctx).Model(&sessionRow{}).Select("*").Omit("id").Where("id = ? AND user_id = ?", s.ID, s.User).Updates(row)
	return foundOne(saved.RowsAffected, translate(saved.Error))
}

func (r sessions) List(ctx context.Context, user domain.UserID, page domain.PageRequest) (domain.Page[domain.Session], error) {
	var found []sessionRow
	err := r.platform(ctx).Where("user_id = ? AND id < ?", user, beforeKey(page.After)).
		Order("id DESC").Limit(page.Limit + 1).Find(&found).Error
	return pageOf(found, page.Limit, sessionRow.session), translate(err)
}

func (r sessions) Remove(ctx context.Context, user domain.UserID, id domain.SessionID) error {
	removed := r.platformWrite(ctx).Where("id = ? AND user_id = ?", id, user).Delete(&sessionRow{})
	return foundOne(removed.RowsAffected, translate(removed.Error))
}

func (r sessions) RemoveOthers(ctx context.Context, user domain.UserID, keep domain.SessionID) error {
	db := r.platformWrite(ctx).Where("user_id = ?", user)
	if keep != "" {
		db = db.Where("id <> ?", keep)
	}
	return translate(db.Delete(&sessionRow{}).Error)
}

// needsUser turns a reference to a user who is not there into
// domain.ErrNotFound.
func needsUser(err error) error {
	if has(err, codeForeignKey) {
		return domain.ErrNotFound
	}
	return translate(err)
}

// pageOf makes a page of at most limit entities from up to limit+1 rows.
func pageOf[Row, Entity any](found []Row, limit int, entity func(Row) Entity) domain.Page[Entity] {
	items := make([]Entity, len(found))
	for i := range found {
		items[i] = entity(found[i])
	}
	return domain.PageOf(items, limit)
}
