package account

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// SignUpInput is what SignUp needs to know.
type SignUpInput struct {
	Email, Password, Name string
}

// SignUp makes a user and signs them in. A link to prove the address is
// mailed. It fails with domain.ErrEmailTaken: the one place that tells who has
// an account, by choice, and throttled for each address.
func (s *Service) SignUp(ctx context.Context, in SignUpInput, client Client) (SignedIn, error) {
	user, err := s.newUser(in)
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
	link, linkToken := s.newLink(user.ID, user.Email, domain.TokenVerifyEmail)
	err = s.store.Update(ctx, ports.OfUser(user.ID), func(tx ports.Repositories) error {
		if err := tx.Users().Add(ctx, user); err != nil {
			return err
		}
		if !user.EmailVerified() {
			if err := tx.AuthTokens().Add(ctx, link); err != nil {
				return err
			}
		}
		return tx.Sessions().Add(ctx, signedIn.Caller.Session)
	})
	if err != nil {
		return SignedIn{}, err
	}
	if !user.EmailVerified() {
		err = s.notify.VerifyEmail(ctx, user, linkToken)
	}
	return signedIn, err
}

// newUser checks the input and makes of it a user without a password hash.
func (s *Service) newUser(in SignUpInput) (domain.User, error) {
	email, errEmail := domain.ParseEmail("email", in.Email)
	name, errName := domain.ParseName("name", in.Name)
	now := s.clock.Now()
	user := domain.User{ID: domain.UserID(s.ids.New()), Email: email, Name: name, CreatedAt: now, UpdatedAt: now}
	if s.config.VerifyAtOnce {
		user.EmailVerifiedAt = now
	}
	errPassword := domain.CheckPassword("password", in.Password, passwordContext(user)...)
	return user, domain.JoinInvalid(errEmail, errPassword, errName)
}

// newLink makes a token to be mailed.
func (s *Service) newLink(user domain.UserID, email domain.Email, purpose domain.TokenPurpose) (domain.AuthToken, domain.Token) {
	token := s.tokens.New()
	return domain.AuthToken{
		Hash: token.Hash(), Purpose: purpose, User: user, Email: email, CreatedAt: s.clock.Now(),
	}, token
}
