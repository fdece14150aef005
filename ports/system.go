package ports

import (
	"time"

	"rowhouse/core/domain"
)

// Clock tells the time that the product goes by: a demo may move it ahead.
type Clock interface {
	// Now returns the present instant in UTC, cut to whole microseconds: what
	// PostgreSQL can store, so that a value read back equals the one written.
	Now() time.Time
}

// RealClock tells the time that nobody moves: sessions, sudo and limits on
// attempts go by it.
type RealClock struct{ Clock }

// IDs makes identifiers.
type IDs interface {
	// New returns a UUIDv7 in canonical text form. Ids made later sort later.
	New() string
}

// Tokens makes secrets.
type Tokens interface {
	// New returns 256 bits from a cryptographic source, as 43 characters that
	// are safe in addresses and cookies.
	New() domain.Token
}
