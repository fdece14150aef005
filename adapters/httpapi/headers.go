package httpapi

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// The policies of what a page may load. Answers of the API load nothing.
const (
	cspPage = "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; connect-src 'self'; img-src 'self' data:"
	cspDocs = cspPage + "; style-src 'self' 'unsafe-inline'" // Swagger UI sets styles on elements
	cspNone = "default-src 'none'; frame-ancestors 'none'"
	cspFile = "sandbox; default-src 'none'"
)

// setHeaders protects every answer, errors included. Routes may say otherwise
// later on.
func (a *api) setHeaders(c *fiber.Ctx) {
	h := &c.Response().Header
	h.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	h.Set(fiber.HeaderReferrerPolicy, "strict-origin-when-cross-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set(fiber.HeaderXFrameOptions, "DENY")
	if a.cookies.secure {
		h.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000; includeSubDomains")
	}
	if underAPI(c) {
		h.Set(fiber.HeaderContentSecurityPolicy, cspNone)
		h.Set(fiber.HeaderCacheControl, "no-store")
	} else {
		h.Set(fiber.HeaderContentSecurityPolicy, cspPage)
	}
	if r := requestOf(c); r.id != "" {
		h.Set(fiber.HeaderXRequestID, r.id)
	}
}

// underAPI reports whether the answer is for programs, not for people.
func underAPI(c *fiber.Ctx) bool {
	path := c.Path()
	return path == "/api" || strings.HasPrefix(path, "/api/")
}
