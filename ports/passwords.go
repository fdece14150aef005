package ports

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// Passwords hashes passwords so slowly that guessing does not pay. It limits
// how many it works on at once: beyond that, calls wait a moment and then fail
// with domain.ErrOverloaded.
type Passwords interface {
	// Hash returns a salted hash of the password.
	Hash(ctx context.Context, password string) (domain.PasswordHash, error)
	// Verify reports whether the password is the hashed one, and whether the
	// hash was made with other parameters than today's and should be renewed.
	// An empty hash never matches but takes as long, so that the time does
	// not tell who has an account. A hash that cannot be read is an error.
	Verify(ctx context.Context, password string, hash domain.PasswordHash) (match, outdated bool, err error)
}

// Throttle counts attempts, so that guessing is slowed down.
type Throttle interface {
	// Reserve counts an attempt under key if the policy lets it through, and
	// then returns true. Else it returns false and how long to wait. Counting
	// and deciding are one step: of many at once no more get through than one
	// after the other.
	Reserve(ctx context.Context, key string, policy domain.ThrottlePolicy) (allowed bool, wait time.Duration, err error)
	// Forget starts the key from zero, as after a success.
	Forget(ctx context.Context, key string) error
}
