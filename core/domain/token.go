package domain

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"time"
)

// Token is a random secret that is shown once and never stored.
type Token string

// String keeps tokens out of logs.
func (Token) String() string { return redacted }

// GoString keeps tokens out of logs.
func (Token) GoString() string { return redacted }

// LogValue keeps tokens out of logs.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// Hash returns what is stored of the token.
func (t Token) Hash() TokenHash {
	var onStack [64]byte // longer than our tokens, so that hashing one allocates nothing
	return sha256.Sum256(append(onStack[:0], t...))
}

// TokenHash is the SHA-256 of a Token. A token has 256 random bits, so that a
// plain hash is enough.
type TokenHash [sha256.Size]byte

// TokenPurpose says what an AuthToken is good for.
type TokenPurpose string

// The purposes.
const (
	TokenVerifyEmail   TokenPurpose = "verify_email"
	TokenChangeEmail   TokenPurpose = "change_email"
	TokenRevertEmail   TokenPurpose = "revert_email"
	TokenResetPassword TokenPurpose = "reset_password"
)

// Lifetime is how long a token of this purpose can be used.
func (p TokenPurpose) Lifetime() time.Duration {
	switch p {
	case TokenResetPassword:
		return 30 * time.Minute
	case TokenRevertEmail:
		return 72 * time.Hour
	case TokenVerifyEmail, TokenChangeEmail:
	}
	return 24 * time.Hour
}

// LinkToken makes the token of a mailed link: 43 characters that are safe in
// addresses and that nobody can make without the key. It is made where the mail
// is written, so that no job carries it; id tells one link from another.
func LinkToken(key SecretKey, purpose TokenPurpose, id string) Token {
	return Token(base64.RawURLEncoding.EncodeToString(key.MAC("link", string(purpose), id)))
}

// LongestTokenLifetime is after how long no token of any purpose lives.
const LongestTokenLifetime = 72 * time.Hour

// AuthToken is a link that was mailed to prove a mailbox. It works once.
type AuthToken struct {
	Hash      TokenHash
	Purpose   TokenPurpose
	User      UserID
	Email     Email // the address that the link proves
	CreatedAt time.Time
}

// Live reports whether the token can still be used at now.
func (t AuthToken) Live(now time.Time) bool {
	return now.Before(t.CreatedAt.Add(t.Purpose.Lifetime()))
}

// ErrInvalidToken refuses a link that is unknown, used up or too old.
var ErrInvalidToken = Invalid("token", "invalid_token", "This link has been used already or is too old. Ask for a new one.")
