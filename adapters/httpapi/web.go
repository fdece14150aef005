package httpapi

import (
	_ "embed"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

//go:embed web/unbuilt.html
var unbuiltPage []byte

// serveWeb answers every address that nothing else has claimed. This binary
// carries no web app: the root says so, and where the rest is.
func (a *api) serveWeb(c *fiber.Ctx) error {
	if !safe(c.Method()) || c.Path() != "/" {
		return c.Next() // to Fiber's 404 or 405
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, cspPage+"; style-src 'self' 'unsafe-inline'")
	return c.Status(http.StatusOK).Send(unbuiltPage)
}
