package postgres

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"rowhouse/core/domain"
)

// userRow is a user as a row.
type userRow struct {
	ID              domain.UserID `gorm:"primaryKey"`
	Email           domain.Email
	Name            string
	NameKey         string
	AvatarKey       domain.BlobKey
	PasswordHash    domain.PasswordHash
	EmailVerifiedAt optionalTime
	IsOperator      bool
	CreatedAt       time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
}

// TableName implements GORM's Tabler.
func (userRow) TableName() string { return "app.users" }

func newUserRow(u domain.User) userRow {
	return userRow{
		ID: u.ID, Email: u.Email, Name: u.Name, NameKey: foldKey(u.Name), AvatarKey: u.Avatar,
		PasswordHash: u.PasswordHash, EmailVerifiedAt: optionalTime{u.EmailVerifiedAt}, IsOperator: u.IsOperator,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}

func (r userRow) user() domain.User {
	return domain.User{
		ID: r.ID, Email: r.Email, Name: r.Name, Avatar: r.AvatarKey, PasswordHash: r.PasswordHash,
		EmailVerifiedAt: r.EmailVerifiedAt.Time, IsOperator: r.IsOperator, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

type users struct{ *repositories }

func (r users) Add(ctx context.Context, user domain.User) error {
	row := newUserRow(user)
	return userError(r.platformWrite(ctx).Create(&row).Error)
}

// Get locks the row inside of an update: what is decided on it stays true.
func (r users) Get(ctx context.Context, id domain.UserID) (domain.User, error) {
	db := r.platform(ctx)
	if r.inUpdate {
		db = db.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
	}
	var row userRow
	err := db.Where("id = ?", id).Take(&row).Error
	return row.user(), translate(err)
}

func (r users) ByEmail(ctx context.Context, email domain.Email) (domain.User, error) {
	var row userRow
	err := r.platform(ctx).Where("lower(email) = ?", email).Take(&row).Error
	return row.user(), translate(err)
}

func (r users) Save(ctx context.Context, user domain.User) error {
	row := newUserRow(user)
	saved := r.platformWrite(ctx).Model(&userRow{}).Select("*").Omit("id").Where("id = ?", user.ID).Updates(row)
	return foundOne(saved.RowsAffected, userError(saved.Error))
}

func (r users) Remove(ctx context.Context, id domain.UserID) error {
	removed := r.platformWrite(ctx).Where("id = ?", id).Delete(&userRow{})
	return foundOne(removed.RowsAffected, translate(removed.Error))
}

func userError(err error) error {
	if violates(err, "users_email_key") {
		return domain.ErrEmailTaken
	}
	return translate(err)
}

// foundOne turns a change of nothing into domain.ErrNotFound.
func foundOne(affected int64, err error) error {
	if err == nil && affected == 0 {
		return domain.ErrNotFound
	}
	return err
}
