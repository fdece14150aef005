package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"rowhouse/core/domain"
)

// session is for whom a statement runs: what the policies of the database
// compare rows with. At most one of them is set. The zero session reaches only
// what belongs to nobody, or to the role.
type session struct {
	organization domain.OrganizationID
	user         domain.UserID
	email        domain.Email // whose invitations
	token        string       // the hash of an invitation's token, in hexadecimal
	expiredAt    string       // by when invitations have run out
}

// The settings of a session are those of the transaction, and of it alone: they
// end with it, whoever uses the connection next.
const (
	setOrganization = `SELECT set_config('app.organization_id', $1, true)`
	setUser         = `SELECT set_config('app.user_id', $1, true)`
	setEmail        = `SELECT set_config('app.email', $1, true)`
	setInvitation   = `SELECT set_config('app.token_hash', $1, true)`
	setExpiredAt    = `SELECT set_config('app.expired_at', $1, true)`
)

// queue makes the session that of the transaction, which has another one
// before. A transaction begins with the zero session.
func (s session) queue(b *pgx.Batch, before session) {
	if s.organization != before.organization {
		b.Queue(setOrganization, string(s.organization))
	}
	if s.user != before.user {
		b.Queue(setUser, string(s.user))
	}
	if s.email != before.email {
		b.Queue(setEmail, string(s.email))
	}
	if s.token != before.token {
		b.Queue(setInvitation, s.token)
	}
	if s.expiredAt != before.expiredAt {
		b.Queue(setExpiredAt, s.expiredAt)
	}
}

// statement is what goes to the database around a statement of ours, in the
// same round trip. It travels in the context because nothing else passes
// through database/sql; it begins and ends in this package.
type statement struct {
	session session
	// writes is true if the statement may change something that processes keep
	// in memory: then they are told, see feed.go.
	writes bool
	// locks are taken when a transaction begins, in this order.
	locks []int64
	// rowLock locks a row before the statement looks at anything: what it then
	// reads, it reads after everybody who held the lock before. "" for none.
	rowLock, rowID string
}

type statementKey struct{}

func (s statement) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, statementKey{}, s)
}

func statementOf(ctx context.Context) statement {
	s, _ := ctx.Value(statementKey{}).(statement)
	return s
}

// The rows that are locked. The locks leave foreign keys alone.
const (
	lockOrganization = `SELECT FROM app.organizations WHERE id = $1 FOR NO KEY UPDATE`
	lockUser         = `SELECT FROM app.users WHERE id = $1 FOR NO KEY UPDATE`
	lockJob          = `SELECT FROM app.outbox WHERE id = $1 FOR NO KEY UPDATE`
)
