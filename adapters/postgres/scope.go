package postgres

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"rowhouse/core/domain"
)

// Every statement starts at one of these. They say for whom it runs, and the
// database holds it to that.

// platform is for what belongs to no tenant: users, their sessions and links.
func (r *repositories) platform(ctx context.Context) *gorm.DB {
	return r.db.WithContext(statement{}.in(ctx))
}

// platformLocked is platform, once the row of the user is locked.
func (r *repositories) platformLocked(ctx context.Context, user domain.UserID) *gorm.DB {
	return r.db.WithContext(statement{rowLock: lockUser, rowID: string(user)}.in(ctx))
}

// person is for what a user may see across tenants: their own memberships, and
// the organizations that these lead to.
func (r *repositories) person(ctx context.Context, user domain.UserID) *gorm.DB {
	return r.db.WithContext(statement{session: session{user: user}}.in(ctx))
}

// own is the tenant's database without a condition yet, for statements that
// name the organization themselves.
func (t *tenant) own(ctx context.Context) *gorm.DB {
	return t.db.WithContext(statement{session: session{organization: t.id}}.in(ctx))
}

// ownLocked is own, once the organization's row is locked: what is counted then
// stays true until the end of the transaction.
func (t *tenant) ownLocked(ctx context.Context) *gorm.DB {
	return t.db.WithContext(statement{
		session: session{organization: t.id}, rowLock: lockOrganization, rowID: string(t.id),
	}.in(ctx))
}

// scoped is where a statement about a table of the tenant starts: it sees no
// row of another one. alias is the table's name in the statement.
func (t *tenant) scoped(ctx context.Context, alias string) *gorm.DB {
	return t.own(ctx).Scopes(func(db *gorm.DB) *gorm.DB {
		return db.Where(clause.Eq{Column: clause.Column{Table: alias, Name: "organization_id"}, Value: t.id})
	})
}
