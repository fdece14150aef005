package httpapi

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"rowhouse/core/account"
	"rowhouse/core/domain"
)

// cookies knows the names and attributes of our cookies.
type cookies struct {
	sessionName string
	deviceName  string
	secure      bool
}

const csrfCookie = "csrf_token"

// deviceLifetime is how long a device is known again.
const deviceLifetime = 180 * 24 * time.Hour

// newCookies uses the __Host- prefix over HTTPS, which browsers tie to this
// very host (RFC 6265bis, section 4.1.3).
func newCookies(https bool) cookies {
	if https {
		return cookies{sessionName: "__Host-rowhouse_session", deviceName: "__Host-rowhouse_device", secure: true}
	}
	return cookies{sessionName: "rowhouse_session", deviceName: "rowhouse_device"}
}

func (k cookies) session(c *fiber.Ctx) domain.Token { return domain.Token(c.Cookies(k.sessionName)) }

// client is the device that asks.
func (a *api) client(c *fiber.Ctx) account.Client {
	// The strings outlive the request, so they must not share its buffers.
	return account.Client{
		UserAgent: strings.Clone(c.Get(fiber.HeaderUserAgent)),
		IP:        a.clientIP(c).String(),
		Device:    strings.Clone(c.Cookies(a.cookies.deviceName)),
	}
}

func (k cookies) setSession(c *fiber.Ctx, token domain.Token) {
	k.set(c, k.sessionName, string(token), domain.SessionLifetime, true)
}

func (k cookies) setDevice(c *fiber.Ctx, device string) {
	k.set(c, k.deviceName, device, deviceLifetime, true)
}

func (k cookies) setCSRF(c *fiber.Ctx, token string) {
	k.set(c, csrfCookie, token, domain.SessionLifetime, false)
}

// clearSession ends the session in the browser, too.
func (k cookies) clearSession(c *fiber.Ctx) {
	k.set(c, k.sessionName, "", -time.Second, true)
	k.set(c, csrfCookie, "", -time.Second, false)
}

func (k cookies) set(c *fiber.Ctx, name, value string, lifetime time.Duration, httpOnly bool) {
	c.Cookie(&fiber.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(lifetime.Seconds()),
		Secure: k.secure, HTTPOnly: httpOnly, SameSite: fiber.CookieSameSiteLaxMode,
	})
}
