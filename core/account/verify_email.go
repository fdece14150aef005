package account

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// VerifyEmail uses a mailed link: it proves the user's address, or moves the
// account to the new address that was asked for, or back to the old one. It
// fails with domain.ErrInvalidToken or domain.ErrEmailTaken.
func (s *Service) VerifyEmail(ctx context.Context, token domain.Token) error {
	var moved *movedEmail
	err := s.store.Update(ctx, ports.Scope{}, func(tx ports.Repositories) error {
		link, err := tx.AuthTokens().Take(ctx, token.Hash(), domain.TokenVerifyEmail, domain.TokenChangeEmail, domain.TokenRevertEmail)
		if err != nil {
			return err
		}
		now := s.clock.Now()
		if !link.Live(now) {
			return domain.ErrInvalidToken
		}
		user, err := tx.Users().Get(ctx, link.User)
		if err != nil {
			return err
		}
		if link.Purpose == domain.TokenVerifyEmail && link.Email != user.Email {
			return domain.ErrInvalidToken
		}
		old := user.Email
		user.Email, user.EmailVerifiedAt, user.UpdatedAt = link.Email, now, now
		if err := tx.Users().Save(ctx, user); err != nil {
			return err
		}
		moved, err = s.settleMove(ctx, tx, link, user, old)
		return err
	})
	if err != nil || moved == nil {
		return err
	}
	return s.notify.EmailChanged(ctx, moved.user, moved.old, moved.revert)
}

// movedEmail is an account that has a new address, with the way back, if the
// old one gets it.
type movedEmail struct {
	user   domain.User
	old    domain.Email
	revert domain.Token
}

// settleMove does what follows from a change of address: the old one gets a
// link that takes it back, and whoever takes it back ends every session, since
// somebody else may have made the change. While an earlier address can still
// take the account back, a later one gets no such link: else whoever stole the
// account could move it twice and keep its owner out.
func (s *Service) settleMove(ctx context.Context, tx ports.Repositories, link domain.AuthToken, user domain.User, old domain.Email) (*movedEmail, error) {
	switch link.Purpose {
	case domain.TokenChangeEmail:
		earlier, err := tx.AuthTokens().Of(ctx, user.ID, domain.TokenRevertEmail)
		if err == nil && earlier.Live(s.clock.Now()) {
			return &movedEmail{user: user, old: old}, nil
		}
		if err != nil && !errors.Is(err, domain.ErrNotFound) {
			return nil, err
		}
		revert, token := s.newLink(user.ID, old, domain.TokenRevertEmail)
		return &movedEmail{user: user, old: old, revert: token}, tx.AuthTokens().Add(ctx, revert)
	case domain.TokenRevertEmail:
		if err := tx.AuthTokens().RemoveAll(ctx, user.ID, domain.TokenChangeEmail, domain.TokenResetPassword); err != nil {
			return nil, err
		}
		return nil, tx.Sessions().RemoveOthers(ctx, user.ID, "")
	case domain.TokenVerifyEmail, domain.TokenResetPassword:
	}
	return nil, nil
}

// ResendVerification mails the link again; the one before dies. For an address
// that is proven already it does nothing. Beyond a few an hour it fails with
// domain.ErrRateLimited.
func (s *Service) ResendVerification(ctx context.Context, caller domain.Caller) error {
	user := caller.User
	if user.EmailVerified() {
		return nil
	}
	if err := s.attempt(ctx, "verify:"+string(user.ID), domain.ThrottleResets); err != nil {
		return err
	}
	link, token := s.newLink(user.ID, user.Email, domain.TokenVerifyEmail)
	if err := s.store.AuthTokens().Add(ctx, link); err != nil {
		return err
	}
	return s.notify.VerifyEmail(ctx, user, token)
}

// ChangeEmail mails a link to the address that the account shall move to, and
// tells the present one. An address that somebody else has gets no mail, and
// the caller is not told.
func (s *Service) ChangeEmail(ctx context.Context, caller domain.Caller, email string) error {
	address, err := domain.ParseEmail("email", email)
	if err != nil {
		return err
	}
	user := caller.User
	if err := s.attempt(ctx, "change-email:"+string(user.ID), domain.ThrottleResets); err != nil {
		return err
	}
	if taken, err := s.known(ctx, address); err != nil || taken {
		return err
	}
	link, token := s.newLink(user.ID, address, domain.TokenChangeEmail)
	if err := s.store.AuthTokens().Add(ctx, link); err != nil {
		return err
	}
	if err := s.notify.ConfirmNewEmail(ctx, user, address, token); err != nil {
		return err
	}
	return s.notify.EmailChangeAsked(ctx, user)
}
