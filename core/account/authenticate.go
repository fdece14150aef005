package account

import (
	"context"
	"errors"

	"rowhouse/core/domain"
)

// Authenticate returns whose session the token is. It fails with
// domain.ErrUnauthenticated where it is nobody's, has ended or has run out.
func (s *Service) Authenticate(ctx context.Context, token domain.Token) (domain.Caller, error) {
	session, user, err := s.store.Sessions().ByToken(ctx, token.Hash())
	if errors.Is(err, domain.ErrNotFound) {
		return domain.Caller{}, domain.ErrUnauthenticated
	}
	if err != nil {
		return domain.Caller{}, err
	}
	now := s.real.Now()
	if !session.Live(now) {
		return domain.Caller{}, domain.ErrUnauthenticated
	}
	if now.Sub(session.LastSeenAt) >= domain.SessionTouchAfter {
		if err := s.store.Sessions().Touch(ctx, session.ID, now); err != nil {
			return domain.Caller{}, err
		}
		session.LastSeenAt = now
	}
	return domain.Caller{User: user, Session: session}, nil
}

// RequireSudo fails with domain.ErrSudoRequired unless the password was given
// in this session within domain.SudoWindow.
func (s *Service) RequireSudo(session domain.Session) error {
	if !session.Sudo(s.real.Now()) {
		return domain.ErrSudoRequired
	}
	return nil
}
