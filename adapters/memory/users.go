package memory

import (
	"context"
	"errors"
	"fmt"

	"rowhouse/core/domain"
)

var (
	errExists         = errors.New("memory: there is a row with this id already")
	errHasMemberships = errors.New("memory: the user still has memberships")
)

type users struct{ *repositories }

func (r users) Add(ctx context.Context, user domain.User) error {
	return r.write(ctx, func(tx *transaction) error {
		if tx.users.has(user.ID) {
			return fmt.Errorf("add user %s: %w", user.ID, errExists)
		}
		if tx.userByEmail.has(user.Email) {
			return domain.ErrEmailTaken
		}
		tx.users.put(tx, user.ID, user)
		tx.userByEmail.put(tx, user.Email, user.ID)
		return nil
	})
}

func (r users) Get(ctx context.Context, id domain.UserID) (user domain.User, err error) {
	err = r.read(ctx, func(d *data) (err error) {
		user, err = d.users.get(id)
		return err
	})
	return user, err
}

func (r users) ByEmail(ctx context.Context, email domain.Email) (user domain.User, err error) {
	err = r.read(ctx, func(d *data) error {
		id, err := d.userByEmail.get(email)
		user = d.users[id]
		return err
	})
	return user, err
}

func (r users) Save(ctx context.Context, user domain.User) error {
	return r.write(ctx, func(tx *transaction) error {
		before, err := tx.users.get(user.ID)
		if err != nil {
			return err
		}
		if before.Email != user.Email {
			if tx.userByEmail.has(user.Email) {
				return domain.ErrEmailTaken
			}
			tx.userByEmail.remove(tx, before.Email)
			tx.userByEmail.put(tx, user.Email, user.ID)
		}
		tx.users.put(tx, user.ID, user)
		return nil
	})
}

func (r users) Remove(ctx context.Context, id domain.UserID) error {
	return r.write(ctx, func(tx *transaction) error {
		user, err := tx.users.get(id)
		if err != nil {
			return err
		}
		if len(tx.seatsOf.of(id)) > 0 {
			return fmt.Errorf("remove user %s: %w", id, errHasMemberships)
		}
		tx.removeUser(user)
		return nil
	})
}

func (tx *transaction) removeUser(user domain.User) {
	tx.removeSessions(user.ID, "")
	tx.removeAuthTokens(user.ID, domain.TokenVerifyEmail, domain.TokenChangeEmail, domain.TokenRevertEmail, domain.TokenResetPassword)
	tx.userByEmail.remove(tx, user.Email)
	tx.users.remove(tx, user.ID)
}
