package smtp

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// server is what the address of one says.
type server struct {
	host     string
	port     string
	implicit bool // TLS from the first byte on
	starttls gomail.TLSPolicy
	login    func() *login // nil without a user; a func, so that no %+v shows the password
}

// What is wrong with an address. A password with a # or a / in it turns up as
// any part of a URL, so none is repeated.
var (
	errNoURL    = errors.New("it is not of the form smtp://user:password@host:port; special characters of user and password are written as %XX")
	errScheme   = errors.New("the scheme is neither smtp nor smtps")
	errPort     = errors.New("the port is no number from 1 to 65535")
	errUser     = errors.New("a user goes with a password")
	errQuery    = errors.New("all that may follow ? is tls=required, tls=opportunistic or tls=none, with the scheme smtp")
	errUnsealed = errors.New("with tls=none, a password would leave this machine unencrypted")
)

func parseServer(address string) (server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || strings.Contains(address, "#") {
		return server{}, errNoURL
	}
	s := server{host: u.Hostname(), implicit: u.Scheme == "smtps"}
	if u.Scheme != "smtp" && !s.implicit {
		return server{}, errScheme
	}
	if s.login, err = parseLogin(u.User, s.local()); err != nil {
		return server{}, err
	}
	if s.port, err = s.parsePort(u.Port()); err != nil {
		return server{}, err
	}
	s.starttls, err = s.parsePolicy(u.RawQuery)
	return s, err
}

func parseLogin(u *url.Userinfo, local bool) (func() *login, error) {
	if u == nil {
		return nil, nil
	}
	user := u.Username()
	password, _ := u.Password()
	if user == "" || password == "" {
		return nil, errUser
	}
	return func() *login { return &login{user: user, password: password, local: local} }, nil
}

func (s server) parsePort(port string) (string, error) {
	switch n, err := strconv.ParseUint(port, 10, 16); {
	case port == "" && s.implicit:
		return "465", nil
	case port == "" && s.login != nil:
		return "587", nil
	case port == "":
		return "25", nil
	case err != nil || n == 0:
		return "", errPort
	default:
		return port, nil
	}
}

func (s server) parsePolicy(query string) (gomail.TLSPolicy, error) {
	switch {
	case s.implicit && query == "":
		return gomail.NoTLS, nil // it is there already
	case s.implicit:
		return 0, errQuery
	case query == "tls=none" && s.login != nil && !s.local():
		return 0, errUnsealed
	case query == "tls=none":
		return gomail.NoTLS, nil
	case query == "tls=required", query == "" && s.login != nil && !s.local():
		return gomail.TLSMandatory, nil
	case query == "tls=opportunistic", query == "":
		return gomail.TLSOpportunistic, nil
	default:
		return 0, errQuery
	}
}

// local reports whether the server is this machine, so that nobody listens in.
func (s server) local() bool {
	a, err := netip.ParseAddr(s.host)
	return strings.EqualFold(s.host, "localhost") || err == nil && a.IsLoopback()
}
