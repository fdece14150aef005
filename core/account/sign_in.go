package account

import (
	"context"
	"errors"
	"strings"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// maxPasswordBytes bounds what is hashed: no password can be longer.
const maxPasswordBytes = 4 * domain.MaxPasswordLength

// SignIn opens a session. It fails with domain.ErrInvalidCredentials alike for
// an unknown address and a wrong password, in the same time, and with
// domain.ErrRateLimited after too many failures: the attempt is counted before
// the password is looked at, so that many at once get no further than one
// after the other. A device that has signed in before has a count of its own,
// so that nobody can be locked out by a stranger.
func (s *Service) SignIn(ctx context.Context, email, password string, client Client) (SignedIn, error) {
	address, err := domain.ParseEmail("email", email)
	if err != nil {
		return SignedIn{}, domain.ErrInvalidCredentials
	}
	user, err := s.store.Users().ByEmail(ctx, address)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return SignedIn{}, err
	}
	key := "password:" + string(address)
	if nonce, ok := s.trustedDevice(user, client.Device); ok {
		key = "device:" + nonce
	}
	if err := s.verifyPassword(ctx, key, user, password, domain.ErrInvalidCredentials); err != nil {
		return SignedIn{}, err
	}
	signedIn := s.newSession(user, client)
	return signedIn, s.store.Sessions().Add(ctx, signedIn.Caller.Session)
}

// verifyPassword counts an attempt under key and checks the password; refusal
// is the error where it is wrong. A user without an id has none.
func (s *Service) verifyPassword(ctx context.Context, key string, user domain.User, password string, refusal error) error {
	if err := s.attempt(ctx, key, domain.ThrottlePasswords); err != nil {
		return err
	}
	if len(password) > maxPasswordBytes {
		password = ""
	}
	match, outdated, err := s.passwords.Verify(ctx, password, user.PasswordHash)
	if err != nil {
		return err
	}
	if !match {
		return refusal
	}
	if err := s.throttle.Forget(ctx, key); err != nil {
		return err
	}
	if outdated {
		return s.renewHash(ctx, user, password)
	}
	return nil
}

// renewHash replaces a hash that was made with old parameters, unless the
// password was changed meanwhile.
func (s *Service) renewHash(ctx context.Context, user domain.User, password string) error {
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.updateUser(ctx, user.ID, func(_ ports.Repositories, stored *domain.User) error {
		if stored.PasswordHash == user.PasswordHash {
			stored.PasswordHash = hash
		}
		return nil
	})
	return err
}

// newSession makes a session of the user on the client's device.
func (s *Service) newSession(user domain.User, client Client) SignedIn {
	token, now := s.tokens.New(), s.clock.Now()
	return SignedIn{
		Caller: domain.Caller{User: user, Session: domain.Session{
			ID: domain.SessionID(s.ids.New()), User: user.ID, Token: token.Hash(),
			UserAgent: clip(client.UserAgent, 256), IP: client.IP,
			CreatedAt: now, LastSeenAt: now, SudoAt: now,
		}},
		Token:  token,
		Device: s.deviceCookie(user, string(s.tokens.New())),
	}
}

// clip returns at most n bytes of what a client says, as text that can be
// stored.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
}
