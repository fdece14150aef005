// Package system gives the core what only the machine knows: the time and
// randomness.
package system

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"sync"
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

// Stopwatch measures how much time goes by, whatever happens to the machine's
// time of day.
type Stopwatch struct{ start time.Time }

// NewStopwatch returns a Stopwatch that starts now.
func NewStopwatch() Stopwatch { return Stopwatch{time.Now()} }

// Elapsed returns the time since the start.
func (s Stopwatch) Elapsed() time.Duration { return time.Since(s.start) }

// IDs is a ports.IDs. The zero IDs is ready. Ids sort strictly within one
// process, and by the millisecond across several.
type IDs struct{}

// New implements ports.IDs.
func (IDs) New() string {
	// The error could only come from crypto/rand, which ends the process
	// rather than return one: there is nothing that Must could panic about.
	source := randomness.Get().(*bufio.Reader) //nolint:forcetypeassert // New makes nothing else
	defer randomness.Put(source)
	return uuid.Must(uuid.NewV7FromReader(source)).String()
}

// randomness is read from the operating system for several ids at once: it
// costs more than all the rest of an id. Nothing secret is made from it.
//
//nolint:gochecknoglobals // a pool holds no state that anybody could see
var randomness = sync.Pool{New: func() any { return bufio.NewReaderSize(rand.Reader, 512) }}

// Tokens is a ports.Tokens. The zero Tokens is ready.
type Tokens struct{}

const tokenBytes = 32

// New implements ports.Tokens.
func (Tokens) New() domain.Token {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails; see its documentation
	return domain.Token(base64.RawURLEncoding.EncodeToString(b))
}
