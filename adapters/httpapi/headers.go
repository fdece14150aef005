package httpapi

import (
	"net/http"
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

// fixedHeader is a header whose name is in the form of the wire already:
// normalising the names of a dozen headers takes longer than finding the answer.
type fixedHeader struct{ name, value []byte }

func newFixedHeaders(pairs ...string) []fixedHeader {
	var headers []fixedHeader
	for i := 0; i+1 < len(pairs); i += 2 {
		headers = append(headers, fixedHeader{[]byte(http.CanonicalHeaderKey(pairs[i])), []byte(pairs[i+1])})
	}
	return headers
}

// everywhere protects every answer, errors included.
func everywhere(https bool) []fixedHeader {
	headers := newFixedHeaders(
		fiber.HeaderXContentTypeOptions, "nosniff",
		fiber.HeaderReferrerPolicy, "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy", "same-origin",
		fiber.HeaderXFrameOptions, "DENY",
	)
	if https {
		headers = append(headers, newFixedHeaders(fiber.HeaderStrictTransportSecurity, "max-age=31536000; includeSubDomains")...)
	}
	return headers
}

// newHeaders returns what answers carry, below /api and elsewhere. Routes may
// say otherwise later on.
func newHeaders(https bool) (underAPI, elsewhere []fixedHeader) {
	return append(everywhere(https), newFixedHeaders(fiber.HeaderContentSecurityPolicy, cspNone, fiber.HeaderCacheControl, "no-store")...),
		append(everywhere(https), newFixedHeaders(fiber.HeaderContentSecurityPolicy, cspPage)...)
}

func (a *api) setHeaders(c *fiber.Ctx, r *request) {
	headers := a.elsewhere
	if underAPI(c) {
		headers = a.underAPI
	}
	h := &c.Response().Header
	for _, fixed := range headers {
		h.SetCanonical(fixed.name, fixed.value)
	}
	if r.id != "" {
		h.Set(fiber.HeaderXRequestID, r.id)
	}
}

// underAPI reports whether the answer is for programs, not for people.
func underAPI(c *fiber.Ctx) bool {
	path := c.Path()
	return path == "/api" || strings.HasPrefix(path, "/api/")
}
