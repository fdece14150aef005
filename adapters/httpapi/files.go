package httpapi

import (
	"github.com/gofiber/fiber/v2"
)

// serveFiles serves logos and avatars. Their names are random and their
// content never changes, so everybody may keep them for good.
func (a *api) serveFiles(app *fiber.App) {
	a.serve(app, "/files/:name", func(c *fiber.Ctx) error {
		blob, err := a.images.Get(c.UserContext(), c.Params("name"))
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, blob.ContentType)
		c.Set(fiber.HeaderContentSecurityPolicy, cspFile)
		c.Set("Cross-Origin-Resource-Policy", "cross-origin") // mails and other sites may show a logo
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		return c.Send(blob.Content)
	})
}
