package account

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// SignUpInput is what SignUp needs to know.
type SignUpInput struct {
	Email, Password, Name string
	// Invitation is the token of an invitation, which proves the address that
	// it was sent to: Email may be left out then. "" without one.
	Invitation domain.Token
}

// SignUp makes a user and signs them in. A link to prove the address is
// mailed. It fails with domain.ErrEmailTaken: the one place that tells who has
// an account, by choice, and throttled for each address. With an invitation it
// fails as a preview of it does where it is over, and with
// domain.ErrInvitationEmailOfOther for another address.
func (s *Service) SignUp(ctx context.Context, in SignUpInput, client Client) (SignedIn, error) {
	invited, err := s.invited(ctx, in.Invitation)
	if err != nil {
		return SignedIn{}, err
	}
	user, err := s.newUser(in, invited)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.attempt(ctx, "sign-up:"+string(user.Email), domain.ThrottlePasswords); err != nil {
		return SignedIn{}, err
	}
	if user.PasswordHash, err = s.passwords.Hash(ctx, in.Password); err != nil {
		return SignedIn{}, err
	}
	signedIn := s.newSession(user, client)
	err = s.store.Update(ctx, ports.OfUser(user.ID), func(tx ports.Repositories) error {
		if err := tx.Users().Add(ctx, user); err != nil {
			return err
		}
		if !user.EmailVerified() {
			if err := s.mailVerification(ctx, tx, user); err != nil {
				return err
			}
		}
		return tx.Sessions().Add(ctx, signedIn.Caller.Session)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return signedIn, nil
}

// invited returns the address that a pending invitation was sent to, or "" for
// no token. It fails with domain.ErrNotFound, and with the error of its state.
func (s *Service) invited(ctx context.Context, token domain.Token) (domain.Email, error) {
	if token == "" {
		return "", nil
	}
	organization, id, err := s.store.Directory().Invitation(ctx, token.Hash())
	if err != nil {
		return "", err
	}
	i, err := s.store.Tenant(organization).Invitations().Get(ctx, id)
	if err != nil {
		return "", err
	}
	return i.Email, i.StateAt(s.clock.Now()).Err()
}

// newUser checks the input and makes of it a user without a password hash.
// invited is the address that an invitation proves; "" without one.
func (s *Service) newUser(in SignUpInput, invited domain.Email) (domain.User, error) {
	email, errEmail := invited, error(nil)
	if invited == "" || in.Email != "" {
		email, errEmail = domain.ParseEmail("email", in.Email)
	}
	if invited != "" && errEmail == nil && email != invited {
		return domain.User{}, domain.ErrInvitationEmailOfOther
	}
	name, errName := domain.ParseName("name", in.Name)
	now := s.clock.Now()
	user := domain.User{ID: domain.UserID(s.ids.New()), Email: email, Name: name, CreatedAt: now, UpdatedAt: now}
	if s.config.VerifyAtOnce || invited != "" {
		user.EmailVerifiedAt = now
	}
	errPassword := domain.CheckPassword("password", in.Password, passwordContext(user)...)
	return user, domain.JoinInvalid(errEmail, errPassword, errName)
}

// mailVerification records a link that proves the user's address, and the mail
// that brings it there.
func (s *Service) mailVerification(ctx context.Context, tx ports.Repositories, user domain.User) error {
	return s.mailLink(ctx, tx, user.ID, user.Email, domain.TokenVerifyEmail, s.mails.VerifyEmail)
}

// mailLink records a link and the mail that brings it.
func (s *Service) mailLink(
	ctx context.Context, tx ports.Repositories, user domain.UserID, email domain.Email, purpose domain.TokenPurpose,
	mail func(user domain.UserID, link string) domain.Job,
) error {
	link, id := s.newLink(user, email, purpose)
	if err := tx.AuthTokens().Add(ctx, link); err != nil {
		return err
	}
	return tx.Outbox().Add(ctx, mail(user, id))
}

// newLink makes a link to be mailed, and the id that its token is made from.
func (s *Service) newLink(user domain.UserID, email domain.Email, purpose domain.TokenPurpose) (link domain.AuthToken, id string) {
	id = s.ids.New()
	return domain.AuthToken{
		Hash: domain.LinkToken(s.config.Key, purpose, id).Hash(), Purpose: purpose, User: user, Email: email, CreatedAt: s.clock.Now(),
	}, id
}
