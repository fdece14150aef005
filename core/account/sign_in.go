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
// so that nobody can be locked out by a stranger; from any other, the user is
// told by mail.
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
	nonce, trusted := s.trustedDevice(user, client.Device)
	if trusted {
		key = "device:" + nonce
	}
	proof, err := s.verifyPassword(ctx, key, user, password, domain.ErrInvalidCredentials)
	if err != nil {
		return SignedIn{}, err
	}
	var signedIn SignedIn
	err = s.redeem(ctx, proof, func(tx ports.Repositories, user *domain.User) error {
		signedIn = s.newSession(*user, client)
		if err := tx.Sessions().Add(ctx, signedIn.Caller.Session); err != nil || trusted {
			return err
		}
		return tx.Outbox().Add(ctx, s.mails.NewSignIn(signedIn.Caller.Session))
	})
	return signedIn, err
}

// proof is a password that was checked: it counts only while it still is the
// user's.
type proof struct {
	user    domain.UserID
	checked domain.PasswordHash
	renewed domain.PasswordHash // "" unless the hash was made with old parameters
	refusal error               // what to say where it is another by now
}

// verifyPassword counts an attempt under key and checks the password; refusal
// is the error where it is wrong. A user without an id has none.
func (s *Service) verifyPassword(ctx context.Context, key string, user domain.User, password string, refusal error) (proof, error) {
	p := proof{user: user.ID, checked: user.PasswordHash, refusal: refusal}
	if err := s.attempt(ctx, key, domain.ThrottlePasswords); err != nil {
		return p, err
	}
	if len(password) > maxPasswordBytes {
		password = ""
	}
	match, outdated, err := s.passwords.Verify(ctx, password, user.PasswordHash)
	if err != nil {
		return p, err
	}
	if !match {
		return p, refusal
	}
	if outdated {
		if p.renewed, err = s.passwords.Hash(ctx, password); err != nil {
			return p, err
		}
	}
	return p, s.throttle.Forget(ctx, key)
}

// redeem does what a proven password opens, unless it was changed since it was
// looked at: that takes long enough for a reset to come between.
func (s *Service) redeem(ctx context.Context, p proof, open func(ports.Repositories, *domain.User) error) error {
	_, err := s.updateUser(ctx, p.user, func(tx ports.Repositories, user *domain.User) error {
		if user.PasswordHash != p.checked {
			return p.refusal
		}
		if p.renewed != "" {
			user.PasswordHash = p.renewed
		}
		return open(tx, user)
	})
	return err
}

// newSession makes a session of the user on the client's device.
func (s *Service) newSession(user domain.User, client Client) SignedIn {
	token, now := s.tokens.New(), s.real.Now()
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
