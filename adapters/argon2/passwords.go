// Package argon2 hashes passwords with argon2id (RFC 9106).
package argon2

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Config says what a hash costs and how many are worked on at once. Start
// from DefaultConfig.
type Config struct {
	// Memory is what one hash needs, in KiB. Defaults to 47104 (46 MiB).
	Memory uint32
	// Time is the number of passes over that memory, at least 1. Defaults
	// to 1.
	Time uint32
	// Slots is how many hashes are worked on at once, at least 1; times
	// Memory, it bounds what hashing needs in all. Defaults to GOMAXPROCS.
	Slots int
	// Queue is how many more calls may wait for a slot; 0 refuses at once.
	// Defaults to 50.
	Queue int
	// Wait is how long a call waits for a slot. Defaults to 2 s.
	Wait time.Duration
}

// DefaultConfig returns the parameters for production: those that OWASP's
// Password Storage Cheat Sheet names first for argon2id.
func DefaultConfig() Config {
	return Config{
		Memory: 46 * 1024,
		Time:   1,
		Slots:  runtime.GOMAXPROCS(0),
		Queue:  50,
		Wait:   2 * time.Second,
	}
}

// Every hash has one lane, since other requests use the other cores.
const (
	lanes      = 1
	saltLength = 16
	keyLength  = 32
)

// What a stored hash can make us do: one from elsewhere must neither take down
// the process nor match by chance.
const (
	maxMemory    = 1024 * 1024 // KiB
	maxTime      = 64
	minKeyLength = 16
)

var errUnusableHash = errors.New("stored hash has unusable parameters")

// Passwords is a ports.Passwords.
type Passwords struct {
	params argon2id.Params
	decoy  string
	slots  chan struct{} // holds one item for each hash at work
	queue  chan struct{} // holds one item for each call that waits
	wait   time.Duration
}

var _ ports.Passwords = (*Passwords)(nil)

// New returns a Passwords that makes hashes as c says.
func New(c Config) *Passwords {
	p := argon2id.Params{
		Memory:      c.Memory,
		Iterations:  max(c.Time, 1),
		Parallelism: lanes,
		SaltLength:  saltLength,
		KeyLength:   keyLength,
	}
	return &Passwords{
		params: p,
		decoy:  decoy(p),
		slots:  make(chan struct{}, max(c.Slots, 1)),
		queue:  make(chan struct{}, max(c.Queue, 0)),
		wait:   c.Wait,
	}
}

// decoy returns a hash that costs as much to check as any other. Nobody knows
// a password for it, since its key was not made from one.
func decoy(p argon2id.Params) string {
	zeros := func(n uint32) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s",
		p.Memory, p.Iterations, p.Parallelism, zeros(p.SaltLength), zeros(p.KeyLength))
}

// Hash implements ports.Passwords. The hash is a PHC string.
func (p *Passwords) Hash(ctx context.Context, password string) (domain.PasswordHash, error) {
	if err := p.acquire(ctx); err != nil {
		return "", err
	}
	defer p.release()
	hash, err := argon2id.CreateHash(password, &p.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return domain.PasswordHash(hash), nil
}

// Verify implements ports.Passwords. It fails on a hash that is neither empty
// nor one of argon2id.
func (p *Passwords) Verify(ctx context.Context, password string, hash domain.PasswordHash) (match, outdated bool, err error) {
	stored := string(hash)
	if stored == "" {
		stored = p.decoy
	}
	params, err := parse(stored)
	if err != nil {
		return false, false, fmt.Errorf("verify password: %w", err)
	}
	if err := p.acquire(ctx); err != nil {
		return false, false, err
	}
	defer p.release()
	match, err = argon2id.ComparePasswordAndHash(password, stored)
	if err != nil {
		return false, false, fmt.Errorf("verify password: %w", err)
	}
	return match && hash != "", params != p.params, nil
}

// parse reads the parameters of a hash and refuses those that argon2 would
// panic about, or that would match any password: an empty key equals itself.
func parse(hash string) (argon2id.Params, error) {
	params, _, _, err := argon2id.DecodeHash(hash)
	if err != nil {
		return argon2id.Params{}, err
	}
	if params.Memory > maxMemory || params.Iterations < 1 || params.Iterations > maxTime ||
		params.Parallelism < 1 || params.KeyLength < minKeyLength {
		return argon2id.Params{}, errUnusableHash
	}
	return *params, nil
}

// acquire takes a slot; the caller gives it back with release.
func (p *Passwords) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait to hash a password: %w", err)
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return domain.ErrOverloaded
	}
	timer := time.NewTimer(p.wait)
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return domain.ErrOverloaded
	case <-ctx.Done():
		return fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

func (p *Passwords) release() { <-p.slots }
