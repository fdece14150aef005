package domain

import "time"

// The life of a session (OWASP ASVS 5.0, 7.3).
const (
	SessionIdleTimeout = 24 * time.Hour      // since it was last used
	SessionLifetime    = 14 * 24 * time.Hour // since sign-in, however much it is used
	SessionTouchAfter  = time.Minute         // its last use is recorded no more often
	MaxSessionsPerUser = 20                  // the least recently used ends beyond
	SudoWindow         = 10 * time.Minute    // how long a given password opens the sudo actions
)

// Session is a user signed in on one device. The cookie holds a token of
// which only the hash is stored.
type Session struct {
	ID         SessionID
	User       UserID
	Token      TokenHash
	UserAgent  string
	IP         string
	CreatedAt  time.Time
	LastSeenAt time.Time // correct to SessionTouchAfter
	SudoAt     time.Time // when the password was last given in this session
}

// Live reports whether the session still counts at now.
func (s Session) Live(now time.Time) bool {
	return now.Before(s.LastSeenAt.Add(SessionIdleTimeout)) && now.Before(s.CreatedAt.Add(SessionLifetime))
}

// Sudo reports whether the password was given recently enough for the actions
// that ask for it.
func (s Session) Sudo(now time.Time) bool {
	return now.Before(s.SudoAt.Add(SudoWindow))
}
