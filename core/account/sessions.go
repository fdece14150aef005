package account

import (
	"context"
	"errors"

	"rowhouse/core/domain"
)

// SignOut ends the session. One that has ended already is no error.
func (s *Service) SignOut(ctx context.Context, caller domain.Caller) error {
	err := s.EndSession(ctx, caller, caller.Session.ID)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	return err
}

// Sessions returns the user's sessions, newest first; the key of the page is
// the session's id. Some of them may have run out.
func (s *Service) Sessions(ctx context.Context, caller domain.Caller, page domain.PageRequest) (domain.Page[domain.Session], error) {
	return s.store.Sessions().List(ctx, caller.User.ID, page)
}

// EndSession ends one of the user's own sessions, or fails with
// domain.ErrNotFound.
func (s *Service) EndSession(ctx context.Context, caller domain.Caller, id domain.SessionID) error {
	return s.store.Sessions().Remove(ctx, caller.User.ID, id)
}
