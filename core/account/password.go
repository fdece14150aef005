package account

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// ChangePassword replaces the password of somebody who knows the present one,
// ends their other sessions and gives this one a new token. It fails with
// domain.WrongPassword.
func (s *Service) ChangePassword(ctx context.Context, caller domain.Caller, current, next string) (domain.Token, error) {
	if err := domain.CheckPassword("new_password", next, passwordContext(caller.User)...); err != nil {
		return "", err
	}
	proof, err := s.confirmPassword(ctx, caller, "current_password", current)
	if err != nil {
		return "", err
	}
	hash, err := s.passwords.Hash(ctx, next)
	if err != nil {
		return "", err
	}
	session, token := s.renewed(caller.Session)
	err = s.redeem(ctx, proof, func(tx ports.Repositories, user *domain.User) error {
		user.PasswordHash = hash
		// Whoever asked for a change of address may be why the password changes.
		if err := tx.AuthTokens().RemoveAll(ctx, user.ID, domain.TokenResetPassword, domain.TokenChangeEmail); err != nil {
			return err
		}
		if err := tx.Sessions().RemoveOthers(ctx, user.ID, session.ID); err != nil {
			return err
		}
		if err := tx.Sessions().Save(ctx, session); err != nil {
			return err
		}
		return tx.Outbox().Add(ctx, s.mails.PasswordChanged(user.ID))
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// ForgotPassword mails a link to set a new password, if somebody has this
// address. The caller learns nothing of it, nor of the bound of a few an hour
// for each address.
func (s *Service) ForgotPassword(ctx context.Context, email string) error {
	address, err := domain.ParseEmail("email", email)
	if err != nil {
		return err
	}
	err = s.attempt(ctx, "reset:"+string(address), domain.ThrottleResets)
	if errors.Is(err, domain.ErrRateLimited) {
		return nil
	}
	if err != nil {
		return err
	}
	user, err := s.store.Users().ByEmail(ctx, address)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.store.Update(ctx, ports.OfUser(user.ID), func(tx ports.Repositories) error {
		return s.mailLink(ctx, tx, user.ID, user.Email, domain.TokenResetPassword, s.mails.ResetPassword)
	})
}

// ResetPassword uses a mailed link to set a new password. The link proves the
// address; every session ends, and nobody is signed in. It fails with
// domain.ErrInvalidToken. A password that is refused does not use up the link.
func (s *Service) ResetPassword(ctx context.Context, token domain.Token, next string) error {
	if err := domain.CheckPassword("password", next); err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, next)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, ports.Scope{}, func(tx ports.Repositories) error {
		link, err := tx.AuthTokens().Take(ctx, token.Hash(), domain.TokenResetPassword)
		if err != nil {
			return err
		}
		now := s.clock.Now()
		user, err := tx.Users().Get(ctx, link.User)
		if err != nil {
			return err
		}
		if !link.Live(now) || link.Email != user.Email {
			return domain.ErrInvalidToken
		}
		if err := domain.CheckPassword("password", next, passwordContext(user)...); err != nil {
			return err
		}
		user.PasswordHash, user.UpdatedAt = hash, now
		if !user.EmailVerified() {
			user.EmailVerifiedAt = now
		}
		if err := tx.Users().Save(ctx, user); err != nil {
			return err
		}
		if err := tx.AuthTokens().RemoveAll(ctx, user.ID, domain.TokenChangeEmail); err != nil {
			return err
		}
		if err := tx.Sessions().RemoveOthers(ctx, user.ID, ""); err != nil {
			return err
		}
		return tx.Outbox().Add(ctx, s.mails.PasswordChanged(user.ID))
	})
}

// known reports whether somebody has this address.
func (s *Service) known(ctx context.Context, email domain.Email) (bool, error) {
	_, err := s.store.Users().ByEmail(ctx, email)
	if errors.Is(err, domain.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
