package memory

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

func (r users) SweepUnverified(ctx context.Context, before time.Time) error {
	return r.write(ctx, func(tx *transaction) error {
		for id, user := range tx.users {
			if !user.EmailVerified() && user.CreatedAt.Before(before) && len(tx.seatsOf.of(id)) == 0 {
				tx.removeUser(user)
			}
		}
		return nil
	})
}

func (r sessions) Sweep(ctx context.Context, before time.Time) error {
	return r.write(ctx, func(tx *transaction) error {
		for id, session := range tx.sessions {
			if session.CreatedAt.Before(before) {
				tx.removeSession(id)
			}
		}
		return nil
	})
}

func (r authTokens) Sweep(ctx context.Context, before time.Time) error {
	return r.write(ctx, func(tx *transaction) error {
		var old []domain.AuthToken
		for _, token := range tx.authTokens {
			if token.CreatedAt.Before(before) {
				old = append(old, token)
			}
		}
		for _, token := range old {
			tx.removeAuthTokens(token.User, token.Purpose)
		}
		return nil
	})
}
