// Package system gives the core what only the machine knows: the time and
// randomness.
package system

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var (
	_ ports.Clock  = Clock{}
	_ ports.IDs    = IDs{}
	_ ports.Tokens = Tokens{}
)

// Clock is a ports.Clock on the machine's clock. The zero Clock is ready.
type Clock struct{}

// Now implements ports.Clock.
func (Clock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// IDs is a ports.IDs. The zero IDs is ready. Ids sort strictly within one
// process, and by the millisecond across several.
type IDs struct{}

// New implements ports.IDs.
func (IDs) New() string {
	// The error could only come from crypto/rand, which ends the process
	// rather than return one: there is nothing that Must could panic about.
	return uuid.Must(uuid.NewV7()).String()
}

// Tokens is a ports.Tokens. The zero Tokens is ready.
type Tokens struct{}

const tokenBytes = 32

// New implements ports.Tokens.
func (Tokens) New() domain.Token {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails; see its documentation
	return domain.Token(base64.RawURLEncoding.EncodeToString(b))
}
