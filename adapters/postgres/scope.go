package postgres

import (
	"context"
	"encoding/hex"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"rowhouse/core/domain"
)

// Every statement starts at one of these. They say for whom it runs and whether
// it writes, and the database holds it to the first.

// platform is for what belongs to no tenant: users, their sessions and links.
func (r *repositories) platform(ctx context.Context) *gorm.DB {
	return r.db.WithContext(statement{}.in(ctx))
}

// platformWrite is platform for a statement that writes.
func (r *repositories) platformWrite(ctx context.Context) *gorm.DB {
	return r.db.WithContext(statement{writes: true}.in(ctx))
}

// platformLocked is platformWrite, once the row of the user is locked.
func (r *repositories) platformLocked(ctx context.Context, user domain.UserID) *gorm.DB {
	return r.db.WithContext(statement{writes: true, rowLock: lockUser, rowID: string(user)}.in(ctx))
}

// person is for what a user may see across tenants: their own memberships, and
// the organizations that these lead to.
func (r *repositories) person(ctx context.Context, user domain.UserID) *gorm.DB {
	return r.db.WithContext(statement{session: session{user: user}}.in(ctx))
}

// invited is for what an address was invited to, and the organizations that did.
func (r *repositories) invited(ctx context.Context, email domain.Email) *gorm.DB {
	return r.db.WithContext(statement{session: session{email: email}}.in(ctx))
}

// bearer is for where an invitation's token leads.
func (r *repositories) bearer(ctx context.Context, token domain.TokenHash) *gorm.DB {
	return r.db.WithContext(statement{session: session{token: hex.EncodeToString(token[:])}}.in(ctx))
}

// sweep is for invitations that have run out at a time. Only a worker sees any.
func (r *repositories) sweep(ctx context.Context, at time.Time) *gorm.DB {
	return r.db.WithContext(statement{session: session{expiredAt: at.UTC().Format(time.RFC3339Nano)}}.in(ctx))
}

// own is the tenant's database without a condition yet, for statements that
// name the organization themselves.
func (t *tenant) own(ctx context.Context) *gorm.DB {
	return t.db.WithContext(statement{session: session{organization: t.id}}.in(ctx))
}

// ownWrite is own for a statement that writes.
func (t *tenant) ownWrite(ctx context.Context) *gorm.DB {
	return t.db.WithContext(statement{session: session{organization: t.id}, writes: true}.in(ctx))
}

// ownLocked is ownWrite, once the organization's row is locked: what is counted
// then stays true until the end of the transaction.
func (t *tenant) ownLocked(ctx context.Context) *gorm.DB {
	return t.db.WithContext(statement{
		session: session{organization: t.id}, writes: true, rowLock: lockOrganization, rowID: string(t.id),
	}.in(ctx))
}

// scoped is where a statement that reads a table of the tenant starts: it sees
// no row of another one. alias is the table's name in the statement.
func (t *tenant) scoped(ctx context.Context, alias string) *gorm.DB {
	return t.own(ctx).Scopes(t.scope(alias))
}

// scopedWrite is scoped for a statement that changes rows of a table.
func (t *tenant) scopedWrite(ctx context.Context, table string) *gorm.DB {
	return t.ownWrite(ctx).Scopes(t.scope(table))
}

// scope is the condition that keeps tenants apart in our statements.
func (t *tenant) scope(alias string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		return db.Where(clause.Eq{Column: clause.Column{Table: alias, Name: "organization_id"}, Value: t.id})
	}
}
