package httpapi

import (
	"embed"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
)

//go:embed docs
var docsPages embed.FS

// Document returns the OpenAPI document as JSON.
func (a *API) Document() ([]byte, error) {
	return json.MarshalIndent(a.Docs, "", "  ")
}

// serveDocument serves the OpenAPI document. It is rendered when it is first
// asked for: it costs more than the rest of the start.
func (a *api) serveDocument(app *fiber.App) {
	render := sync.OnceValues(func() ([]byte, error) { return json.Marshal(a.huma.OpenAPI()) })
	a.serve(app, basePath+"/openapi.json", func(c *fiber.Ctx) error {
		document, err := render()
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(document)
	})
}

// serveDocs serves a browsable reference from embedded files: nothing comes
// from another host, and no script stands in the page.
func (a *api) serveDocs(app *fiber.App) {
	page := func(name, contentType string) fiber.Handler {
		return func(c *fiber.Ctx) error {
			content, err := docsPages.ReadFile("docs/" + name)
			if err != nil {
				return err
			}
			c.Set(fiber.HeaderContentSecurityPolicy, cspDocs)
			c.Set(fiber.HeaderContentType, contentType)
			return c.Send(content)
		}
	}
	a.serve(app, "/docs", page("index.html", fiber.MIMETextHTMLCharsetUTF8))
	a.serve(app, "/docs/start.js", page("start.js", fiber.MIMETextJavaScriptCharsetUTF8))
	assets := adaptor.HTTPHandler(http.StripPrefix("/docs/", statigz.FileServer(static.FS)))
	a.serve(app, "/docs/:asset", func(c *fiber.Ctx) error {
		if err := assets(c); err != nil || c.Response().StatusCode() != http.StatusNotFound {
			return err
		}
		c.Response().Reset()
		return fiber.ErrNotFound // in our words and with our headers
	})
}
