package account

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// SetOperator makes the user with this address a platform operator, or no
// longer one. It is for whoever runs the platform: no route leads here. It
// fails with domain.ErrNotFound where nobody has the address.
func (s *Service) SetOperator(ctx context.Context, email string, operator bool) (domain.User, error) {
	address, err := domain.ParseEmail("email", email)
	if err != nil {
		return domain.User{}, err
	}
	user, err := s.store.Users().ByEmail(ctx, address)
	if err != nil {
		return domain.User{}, err
	}
	return s.updateUser(ctx, user.ID, func(_ ports.Repositories, user *domain.User) error {
		user.IsOperator = operator
		return nil
	})
}
