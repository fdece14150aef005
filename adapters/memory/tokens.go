package memory

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"sync/atomic"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Tokens is a ports.Tokens whose tokens anybody can guess: the n-th one of
// every Tokens is the same. For tests alone.
type Tokens struct {
	made atomic.Int64
}

var _ ports.Tokens = (*Tokens)(nil)

// NewTokens returns Tokens that start with the first.
func NewTokens() *Tokens { return &Tokens{} }

// New implements ports.Tokens.
func (t *Tokens) New() domain.Token {
	// A hash, so that all bits of a token look random.
	sum := sha256.Sum256([]byte(strconv.FormatInt(t.made.Add(1), 10)))
	return domain.Token(base64.RawURLEncoding.EncodeToString(sum[:]))
}
