package smtp

import (
	"errors"
	"slices"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

var errNoMechanism = errors.New("the server takes a password neither by PLAIN nor by LOGIN")

// login tells one server, once, who we are: by PLAIN or, as some servers know
// only that, by LOGIN.
type login struct {
	user, password string
	local          bool // no need to encrypt

	gosmtp.Auth // the mechanism; nil until the password is about to be told
}

// Start implements gosmtp.Auth. Unless the server is local, both mechanisms
// refuse a connection that is not encrypted.
func (l *login) Start(s *gosmtp.ServerInfo) (mechanism string, first []byte, err error) {
	switch {
	case slices.Contains(s.Auth, "PLAIN"):
		l.Auth = gosmtp.PlainAuth("", l.user, l.password, s.Name, l.local)
	case slices.Contains(s.Auth, "LOGIN"):
		l.Auth = gosmtp.LoginAuth(l.user, l.password, s.Name, l.local)
	default:
		return "", nil, errNoMechanism
	}
	return l.Auth.Start(s)
}
