package account

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Rename changes the user's name; nil leaves it as it is.
func (s *Service) Rename(ctx context.Context, caller domain.Caller, name *string) (domain.User, error) {
	if name == nil {
		return caller.User, nil
	}
	parsed, err := domain.ParseName("name", *name)
	if err != nil {
		return domain.User{}, err
	}
	return s.updateUser(ctx, caller.User.ID, func(_ ports.Repositories, user *domain.User) error {
		user.Name = parsed
		return nil
	})
}

// SetAvatar replaces the user's picture. See ports.Images for what it refuses.
func (s *Service) SetAvatar(ctx context.Context, caller domain.Caller, upload []byte) (domain.User, error) {
	key := domain.NewUserBlobKey(caller.User.ID, s.ids.New())
	if _, err := s.images.Keep(ctx, key, upload); err != nil {
		return domain.User{}, err
	}
	return s.replaceAvatar(ctx, caller, key)
}

// RemoveAvatar takes the user's picture away.
func (s *Service) RemoveAvatar(ctx context.Context, caller domain.Caller) (domain.User, error) {
	return s.replaceAvatar(ctx, caller, "")
}

// replaceAvatar points the user at another file and drops the one that is no
// longer used: the old one, or the new one if this fails.
func (s *Service) replaceAvatar(ctx context.Context, caller domain.Caller, key domain.BlobKey) (domain.User, error) {
	var old domain.BlobKey
	user, err := s.updateUser(ctx, caller.User.ID, func(_ ports.Repositories, user *domain.User) error {
		old, user.Avatar = user.Avatar, key
		return nil
	})
	unused := old
	if err != nil {
		unused = key
	}
	if discardErr := s.images.Discard(ctx, unused); err == nil {
		err = discardErr
	}
	return user, err
}
