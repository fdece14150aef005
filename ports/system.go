package ports

import (
	"time"

	"rowhouse/core/domain"
)

// Clock tells the time.
type Clock interface {
	// Now returns the present instant in UTC, cut to whole microseconds: what
	// PostgreSQL can store, so that a value read back equals the one written.
	Now() time.Time
}

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
