// Package account signs people up and in, and keeps what is theirs: name,
// picture, address, password and sessions.
package account

import (
	"context"
	"strings"

	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/mailing"
	"rowhouse/ports"
)

// Config is what an assembly decides about accounts.
type Config struct {
	// Key authenticates the device cookie, and makes the tokens of mailed links.
	Key domain.SecretKey
	// VerifyAtOnce counts an address as proven on sign-up. Only for demos.
	VerifyAtOnce bool
}

// Service has the use cases of this package, one per file.
type Service struct {
	config    Config
	store     ports.Store
	clock     ports.Clock
	real      ports.RealClock
	ids       ports.IDs
	tokens    ports.Tokens
	passwords ports.Passwords
	throttle  ports.Throttle
	images    *image.Store
	mails     mailing.Jobs
}

// NewService returns a Service. All arguments are required.
func NewService(
	config Config, store ports.Store, clock ports.Clock, realClock ports.RealClock, ids ports.IDs, tokens ports.Tokens,
	passwords ports.Passwords, throttle ports.Throttle, images *image.Store, mails mailing.Jobs,
) *Service {
	return &Service{
		config: config, store: store, clock: clock, real: realClock, ids: ids, tokens: tokens,
		passwords: passwords, throttle: throttle, images: images, mails: mails,
	}
}

// Client is the device that a request came from, as far as it tells.
type Client struct {
	UserAgent, IP string
	// Device is the device cookie of an earlier sign-in; "" without one.
	Device string
}

// SignedIn is a new session, with what only the device itself gets to know.
type SignedIn struct {
	Caller domain.Caller
	Token  domain.Token
	Device string
}

// passwordContext is what a password must not be built from.
func passwordContext(user domain.User) []string {
	local, _, _ := strings.Cut(string(user.Email), "@")
	return append([]string{string(user.Email), local}, strings.Fields(user.Name)...)
}

// attempt counts a try to guess something under key, or fails with
// domain.ErrRateLimited.
func (s *Service) attempt(ctx context.Context, key string, policy domain.ThrottlePolicy) error {
	allowed, wait, err := s.throttle.Reserve(ctx, key, policy)
	if err != nil {
		return err
	}
	if !allowed {
		return domain.ErrRateLimited.WithRetryAfter(wait)
	}
	return nil
}

// updateUser changes a user in one step and returns what is stored. Where
// change leaves the user as it was, nothing is written for it.
func (s *Service) updateUser(ctx context.Context, id domain.UserID, change func(ports.Repositories, *domain.User) error) (domain.User, error) {
	var user domain.User
	err := s.store.Update(ctx, ports.OfUser(id), func(tx ports.Repositories) error {
		var err error
		if user, err = tx.Users().Get(ctx, id); err != nil {
			return err
		}
		before := user
		if err := change(tx, &user); err != nil || user == before {
			return err
		}
		user.UpdatedAt = s.clock.Now()
		return tx.Users().Save(ctx, user)
	})
	return user, err
}
