package httpapi

import (
	"hash/maphash"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	recovery "github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/valyala/fasthttp"

	"rowhouse/core/account"
	"rowhouse/core/billing"
	"rowhouse/core/demo"
	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/invitation"
	"rowhouse/core/membership"
	"rowhouse/core/metering"
	"rowhouse/core/organization"
	"rowhouse/core/ratelimit"
	"rowhouse/core/workspace"
)

const basePath = "/api/v1"

// Config is what an assembly decides about the HTTP API.
type Config struct {
	// PublicURL is where people reach the service: scheme, host and port. No
	// address that we hand out is made from what a request says.
	PublicURL *url.URL
	// TrustedProxies are the addresses and networks (CIDR) of proxies whose
	// X-Forwarded-For tells the client. Empty trusts nobody.
	TrustedProxies []string
	// Key authenticates cursors and CSRF tokens.
	Key domain.SecretKey
	// Version is the release, for the OpenAPI document.
	Version string
	// Now and NewID are the assembly's clock and source of ids.
	Now   func() time.Time
	NewID func() string
	// Requests gets a line of JSON for each request; nil for none.
	Requests io.Writer
	// Checks are what GET /readyz reports.
	Checks []Check
}

// Services are the use cases that the API offers.
type Services struct {
	Accounts      *account.Service
	Organizations *organization.Service
	Workspaces    *workspace.Service
	Members       *membership.Service
	Invitations   *invitation.Service
	Billing       *billing.Service
	Metering      *metering.Service
	Images        *image.Store
	Rates         *ratelimit.Service
	Demo          *demo.Service // nil except in demo mode
}

// API is the HTTP API, ready to be served.
type API struct {
	App    *fiber.App
	Routes []Route       // every route below /api/v1, for tests
	Pages  []string      // every other address: for everybody, and read only
	Docs   *huma.OpenAPI // the document, made from the same types
	drain  func()        // see Drain
}

// Drain makes GET /readyz answer 503 from now on, so that no new requests come
// while the present ones are served to their end.
func (a *API) Drain() { a.drain() }

// api is the API while it is put together, and what its handlers share.
type api struct {
	config  Config
	origin  *url.URL
	log     *slog.Logger
	cookies cookies

	underAPI, elsewhere []fixedHeader
	cacheTagged         fixedHeader

	proxies []netip.Prefix // of TrustedProxies
	huma    huma.API
	routes  []Route
	pages   []string
	hot     map[string]fiber.Handler

	instance string        // of this process, before the number of a request
	requests atomic.Uint64 // counted so far
	buffers  sync.Pool     // of *[]byte
	rendered renderedOrganizations

	accounts      *account.Service
	organizations *organization.Service
	workspaces    *workspace.Service
	members       *membership.Service
	invitations   *invitation.Service
	billing       *billing.Service
	metering      *metering.Service
	images        *image.Store
	rates         *ratelimit.Service
	demo          *demo.Service
}

// setHuma makes huma answer with our problems, and take the names of fields by
// the letter: else "Name" would pass for "name", and both for different keys.
// Huma keeps this in variables of its package, hence once for the process.
//
//nolint:gochecknoglobals // it guards huma's own
var setHuma = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewErrorWithContext = humaError
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return humaError(nil, status, message, errs...)
	}
})

// New puts the API together.
func New(config Config, log *slog.Logger, services Services) *API {
	setHuma()
	a := &api{
		config: config, log: log, cookies: newCookies(config.PublicURL.Scheme == "https"),
		proxies:  parseProxies(config.TrustedProxies),
		origin:   &url.URL{Scheme: config.PublicURL.Scheme, Host: config.PublicURL.Host},
		accounts: services.Accounts, organizations: services.Organizations, workspaces: services.Workspaces,
		members: services.Members, invitations: services.Invitations, billing: services.Billing, metering: services.Metering,
		images: services.Images, rates: services.Rates, demo: services.Demo,
		hot: map[string]fiber.Handler{}, instance: instanceOf(config.NewID()),
		buffers: sync.Pool{New: func() any { return new([]byte) }}, rendered: renderedOrganizations{seed: maphash.MakeSeed()},
	}
	a.underAPI, a.elsewhere = newHeaders(a.cookies.secure)
	a.cacheTagged = newFixedHeaders(fiber.HeaderCacheControl, cacheTagged)[0]
	app := a.newFiber()
	app.Use(a.observe, recovery.New(), checkFrame)
	a.huma = humafiber.NewV2WithGroup(app, headToo{Router: app.Group(basePath), hot: a.hot}, newHumaConfig(config.Version))
	a.registerAuth()
	a.registerMe()
	a.registerOrganizations()
	a.registerWorkspaces()
	a.registerMembers()
	a.registerInvitations()
	a.registerBilling()
	a.registerUsage()
	if a.demo != nil {
		a.registerDemo()
	}
	a.serveDocument(app)
	a.serveDocs(app)
	a.serveFiles(app)
	drain := a.serveHealth(app)
	app.Use(a.serveWeb)
	return &API{App: app, Routes: a.routes, Pages: a.pages, Docs: a.huma.OpenAPI(), drain: drain}
}

// instanceOf cuts an id down to what tells processes apart.
func instanceOf(id string) string { return id[strings.LastIndexByte(id, '-')+1:] + "-" }

// newFiber returns a server with the bounds that Fiber leaves open.
func (a *api) newFiber() *fiber.App {
	app := fiber.New(fiber.Config{
		Immutable:               true, // else strings change after the request: they share its buffers
		CaseSensitive:           true, // one address for each thing: setHeaders looks at how it begins
		DisableStartupMessage:   true,
		ErrorHandler:            a.handleError,
		BodyLimit:               maxBody,
		ReadBufferSize:          maxHeaders,
		ReadTimeout:             10 * time.Second,
		WriteTimeout:            30 * time.Second,
		IdleTimeout:             60 * time.Second,
		EnableTrustedProxyCheck: true, // with nobody to trust: client_ip.go alone believes a proxy

		// Else a broken form is refused before any of our code runs.
		DisablePreParseMultipartForm: true,
	})
	refuseUnknownMethods(app)
	return app
}

// refuseUnknownMethods lets a method that Fiber does not know pass for TRACE,
// which it knows and no route has: Fiber would answer it by itself, without
// our headers.
func refuseUnknownMethods(app *fiber.App) {
	serve := app.Server().Handler
	app.Server().Handler = func(ctx *fasthttp.RequestCtx) {
		if !slices.Contains(fiber.DefaultMethods, string(ctx.Method())) {
			ctx.Request.Header.SetMethod(fiber.MethodTrace)
		}
		serve(ctx)
	}
}

func newHumaConfig(version string) huma.Config {
	config := huma.DefaultConfig("Rowhouse", version)
	config.CreateHooks = nil // no $schema links in answers
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.Servers = []*huma.Server{{URL: basePath}}
	config.Info.Description = "Organizations, members, workspaces and plans. Every error is a problem (RFC 9457) with a stable `code`."
	for _, tag := range []string{"Sign-in", "Account", "Organizations", "Members", "Invitations", "Workspaces", "Billing", "Usage", "Demo"} {
		config.Tags = append(config.Tags, &huma.Tag{Name: tag})
	}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.Headers = newRateHeaders()
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: newCookies(false).sessionName, Description: "Set by sign-in. Over HTTPS its name begins with __Host-."},
		"csrf":    {Type: "apiKey", In: "header", Name: csrfHeader, Description: "Equal to the cookie csrf_token, which any GET sets."},
	}
	return config
}

// headToo answers HEAD wherever there is GET (RFC 9110, section 9.3.2).
type headToo struct {
	fiber.Router
	hot map[string]fiber.Handler // instead of huma's, by method and path; see hot.go
}

func (r headToo) Add(method, path string, handlers ...fiber.Handler) fiber.Router {
	if hot := r.hot[method+" "+path]; hot != nil {
		handlers = []fiber.Handler{hot}
	}
	if method == http.MethodGet {
		r.Router.Add(http.MethodHead, path, handlers...)
	}
	return r.Router.Add(method, path, handlers...)
}

// serve adds an address that is not part of the API: for everybody, and read
// only.
func (a *api) serve(app *fiber.App, path string, handle fiber.Handler) {
	a.pages = append(a.pages, path)
	app.Get(path, handle) // and HEAD
}

// pathIDs lists the parameters of a path that hold ids.
func pathIDs(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "organization" || name == "slug" })
}

// fileURL is the public address of a stored picture; nil without one.
func (a *api) fileURL(key domain.BlobKey) *string {
	if key == "" {
		return nil
	}
	address := a.origin.String() + "/files/" + key.FileName()
	return &address
}

// none is the input or output of a route that has none.
type none struct{}

func noContent(err error) (*none, error) {
	if err != nil {
		return nil, err
	}
	return nil, nil //nolint:nilnil // huma answers with the bare status
}
