package memory

import (
	"context"
	"fmt"
	"slices"

	"rowhouse/core/domain"
)

type authTokens struct{ *repositories }

func (r authTokens) Add(ctx context.Context, token domain.AuthToken) error {
	return r.write(ctx, func(tx *transaction) error {
		if !tx.users.has(token.User) {
			return domain.ErrNotFound
		}
		if tx.authTokens.has(token.Hash) {
			return fmt.Errorf("add auth token: %w", errExists)
		}
		tx.removeAuthTokens(token.User, token.Purpose)
		tx.authTokens.put(tx, token.Hash, token)
		tx.authTokenOf.put(tx, authTokenKey{token.User, token.Purpose}, token.Hash)
		return nil
	})
}

func (r authTokens) Take(ctx context.Context, hash domain.TokenHash, purposes ...domain.TokenPurpose) (token domain.AuthToken, err error) {
	err = r.write(ctx, func(tx *transaction) error {
		found, ok := tx.authTokens[hash]
		if !ok || !slices.Contains(purposes, found.Purpose) {
			return domain.ErrInvalidToken
		}
		tx.removeAuthTokens(found.User, found.Purpose)
		token = found
		return nil
	})
	return token, err
}

func (r authTokens) Of(ctx context.Context, user domain.UserID, purpose domain.TokenPurpose) (token domain.AuthToken, err error) {
	err = r.read(ctx, func(d *data) error {
		hash, ok := d.authTokenOf[authTokenKey{user, purpose}]
		if !ok {
			return domain.ErrNotFound
		}
		token = d.authTokens[hash]
		return nil
	})
	return token, err
}

func (r authTokens) RemoveAll(ctx context.Context, user domain.UserID, purposes ...domain.TokenPurpose) error {
	return r.write(ctx, func(tx *transaction) error {
		tx.removeAuthTokens(user, purposes...)
		return nil
	})
}

func (tx *transaction) removeAuthTokens(user domain.UserID, purposes ...domain.TokenPurpose) {
	for _, purpose := range purposes {
		key := authTokenKey{user, purpose}
		if hash, ok := tx.authTokenOf[key]; ok {
			tx.authTokens.remove(tx, hash)
			tx.authTokenOf.remove(tx, key)
		}
	}
}
