package postgres

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"rowhouse/core/domain"
)

// authTokenRow is a mailed link as a row.
type authTokenRow struct {
	TokenHash hash `gorm:"primaryKey"`
	UserID    domain.UserID
	Purpose   domain.TokenPurpose
	Email     domain.Email
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
}

// TableName implements GORM's Tabler.
func (authTokenRow) TableName() string { return "app.auth_tokens" }

func (r authTokenRow) token() domain.AuthToken {
	return domain.AuthToken{Hash: domain.TokenHash(r.TokenHash), Purpose: r.Purpose, User: r.UserID, Email: r.Email, CreatedAt: r.CreatedAt}
}

type authTokens struct{ *repositories }

func (r authTokens) Add(ctx context.Context, t domain.AuthToken) error {
	row := authTokenRow{TokenHash: hash(t.Hash), UserID: t.User, Purpose: t.Purpose, Email: t.Email, CreatedAt: t.CreatedAt}
	err := r.platform(ctx).Clauses(clause.OnConflict{ // the older one dies
		Columns:   []clause.Column{{Name: "user_id"}, {Name: "purpose"}},
		DoUpdates: clause.AssignmentColumns([]string{"token_hash", "email", "created_at"}),
	}).Create(&row).Error
	return needsUser(err)
}

func (r authTokens) Take(ctx context.Context, token domain.TokenHash, purposes ...domain.TokenPurpose) (domain.AuthToken, error) {
	var taken []authTokenRow
	err := r.platform(ctx).Clauses(clause.Returning{}).Where("token_hash = ? AND purpose IN ?", hash(token), purposes).Delete(&taken).Error
	if err != nil {
		return domain.AuthToken{}, translate(err)
	}
	if len(taken) == 0 {
		return domain.AuthToken{}, domain.ErrInvalidToken
	}
	return taken[0].token(), nil
}

func (r authTokens) Of(ctx context.Context, user domain.UserID, purpose domain.TokenPurpose) (domain.AuthToken, error) {
	var row authTokenRow
	err := r.platform(ctx).Where("user_id = ? AND purpose = ?", user, purpose).Take(&row).Error
	if err != nil {
		return domain.AuthToken{}, translate(err)
	}
	return row.token(), nil
}

func (r authTokens) RemoveAll(ctx context.Context, user domain.UserID, purposes ...domain.TokenPurpose) error {
	return translate(r.platform(ctx).Where("user_id = ? AND purpose IN ?", user, purposes).Delete(&authTokenRow{}).Error)
}
