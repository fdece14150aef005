package httpapi

import (
	"encoding/base64"
	"net"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
)

const (
	csrfPurpose = "csrf"
	csrfHeader  = "X-CSRF-Token"
)

// newCSRFToken returns a token that is bound to a session, or to none: the
// session's id, a random number, and the MAC of both (OWASP, signed
// double-submit cookie).
func (a *api) newCSRFToken(session domain.SessionID) string {
	nonce := a.config.NewID()
	mac := a.config.Key.MAC(csrfPurpose, string(session), nonce)
	return string(session) + "." + nonce + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// claimsSession reports whether the token says that it belongs to the session:
// enough to leave it with the browser, not to accept it.
func claimsSession(token string, session domain.SessionID) bool {
	rest, ok := strings.CutPrefix(token, string(session))
	return ok && strings.HasPrefix(rest, ".")
}

// validCSRFToken reports whether the token is one for this session.
func (a *api) validCSRFToken(token string, session domain.SessionID) bool {
	if !claimsSession(token, session) {
		return false
	}
	nonce, encoded, ok := strings.Cut(token[len(session)+1:], ".")
	mac, err := base64.RawURLEncoding.DecodeString(encoded)
	return ok && err == nil && a.config.Key.Verify(mac, csrfPurpose, string(session), nonce)
}

// checkOrigin refuses unsafe requests that another site made the browser send,
// and those with a session cookie that lack the token only our pages can read.
// Safe requests get the token, if they do not hold one of their session.
func (a *api) checkOrigin(c *fiber.Ctx, r *request, route *Route) error {
	session := r.caller.Session.ID
	token := c.Cookies(csrfCookie)
	if safe(route.Method) {
		if !claimsSession(token, session) {
			a.cookies.setCSRF(c, a.newCSRFToken(session))
		}
		return nil
	}
	if a.foreign(c.Get("Sec-Fetch-Site"), c.Get(fiber.HeaderOrigin)) {
		return errCSRFFailed
	}
	if route.Access == AccessPublic {
		return nil
	}
	if !a.validCSRFToken(token, session) {
		// One that only claims the session, as after a change of our key, no
		// GET replaces.
		a.cookies.setCSRF(c, a.newCSRFToken(session))
		return errCSRFFailed
	}
	if c.Get(csrfHeader) != token {
		return errCSRFFailed
	}
	return nil
}

// foreign reports whether either header says that the request comes from
// another site. Both are missing where the caller is no browser.
func (a *api) foreign(site, origin string) bool {
	switch site {
	case "", "same-origin", "none":
	default:
		return true
	}
	return origin != "" && !a.ownOrigin(origin)
}

// ownOrigin reports whether origin is our public address. On a developer's
// machine the names of the machine itself stand for each other.
func (a *api) ownOrigin(origin string) bool {
	if origin == a.origin.String() {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == a.origin.Scheme && u.Port() == a.origin.Port() &&
		u.Path == "" && u.User == nil && u.RawQuery == "" && loopback(u.Hostname()) && loopback(a.origin.Hostname())
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
