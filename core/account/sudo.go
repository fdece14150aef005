package account

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Sudo opens the actions that ask for a recent password in this session, for
// domain.SudoWindow. The session gets a new token, as after every proof of
// identity. It fails with domain.WrongPassword.
func (s *Service) Sudo(ctx context.Context, caller domain.Caller, password string) (domain.Token, error) {
	proof, err := s.confirmPassword(ctx, caller, "password", password)
	if err != nil {
		return "", err
	}
	session, token := s.renewed(caller.Session)
	err = s.redeem(ctx, proof, func(tx ports.Repositories, _ *domain.User) error {
		return tx.Sessions().Save(ctx, session)
	})
	return token, err
}

// confirmPassword checks the password of somebody who is signed in. field is
// its JSON name.
func (s *Service) confirmPassword(ctx context.Context, caller domain.Caller, field, password string) (proof, error) {
	return s.verifyPassword(ctx, "sudo:"+string(caller.User.ID), caller.User, password, domain.WrongPassword(field))
}

// renewed returns the session with a new token and the password just given.
func (s *Service) renewed(session domain.Session) (domain.Session, domain.Token) {
	token := s.tokens.New()
	session.Token, session.SudoAt = token.Hash(), s.real.Now()
	return session, token
}
