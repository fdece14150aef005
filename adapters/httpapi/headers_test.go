package httpapi_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"rowhouse/bootstrap"
	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// broken is a ports.Passwords that panics when it verifies.
type broken struct{ *apitest.Passwords }

func (broken) Verify(context.Context, string, domain.PasswordHash) (match, outdated bool, err error) {
	panic("canary-panic")
}

var panicking = apitest.WithPasswords(broken{&apitest.Passwords{}})

// wantSecurityHeaders checks what every answer carries, once.
func wantSecurityHeaders(t *testing.T, where string, header http.Header, https bool) {
	t.Helper()
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": "DENY",
		"Strict-Transport-Security": map[bool]string{true: "max-age=31536000; includeSubDomains"}[https],
		"Server":                    "", "X-Powered-By": "", "Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "",
	}
	for name, value := range want {
		if got := strings.Join(header.Values(name), " | "); got != value {
			t.Errorf("%s: %s = %q, want %q", where, name, got, value)
		}
	}
	if header.Get("X-Request-Id") == "" {
		t.Errorf("%s: no X-Request-Id", where)
	}
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src") || strings.Contains(csp, "script-src 'unsafe") {
		t.Errorf("%s: Content-Security-Policy = %q", where, csp)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, https := range []bool{false, true} {
		name, options := "over HTTP", []apitest.Option{panicking}
		if https {
			name, options = "over HTTPS", append(options, apitest.OverHTTPS)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t, options...)
			c := s.Anonymous(t)
			seen := map[int]bool{}
			try := func(method, path string, header http.Header, body []byte) {
				res := c.Send(method, path, header, body)
				seen[res.StatusCode] = true
				wantSecurityHeaders(t, method+" "+path, res.Header, https)
				if strings.HasPrefix(path, "/api/") {
					wantHeader(t, res, "Cache-Control", "no-store")
					wantHeader(t, res, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
				}
			}
			ids := strings.NewReplacer("{organization}", apitest.NewID(), "{workspace}", apitest.NewID(), "{membership}", apitest.NewID(), "{id}", apitest.NewID(), "{slug}", "abc")
			for _, route := range s.API.Routes {
				try(route.Method, "/api/v1"+ids.Replace(route.Path), nil, nil)
			}
			for _, path := range []string{"/", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/nothing", "/livez", "/readyz", "/nowhere", "/files/x", "/api", "/api/v1/nowhere", "/api/v1/openapi.json"} {
				try(http.MethodGet, path, nil, nil)
				try(http.MethodHead, path, nil, nil)
			}
			try(http.MethodPut, "/api/v1/me", nil, nil)
			try(http.MethodPost, "/livez", nil, nil)
			try(http.MethodPost, "/api/v1/auth/sign-in", http.Header{"Content-Type": {"text/plain"}}, []byte("x"))
			try(http.MethodPost, "/api/v1/auth/sign-in", jsonHeader(), []byte("{}"))
			try(http.MethodPost, "/api/v1/auth/sign-in", jsonHeader(), make([]byte, 1<<20+1))
			try(http.MethodPost, "/api/v1/auth/sign-up", jsonHeader(), []byte(`{"email":"ada@example.com","password":"`+apitest.Password+`","name":"Ada"}`))
			try(http.MethodPost, "/api/v1/auth/sign-in", jsonHeader(), []byte(`{"email":"ada@example.com","password":"`+apitest.Password+`"}`))
			for _, status := range []int{200, 201, 400, 401, 404, 405, 413, 415, 422, 500} {
				if !seen[status] {
					t.Errorf("no answer was a %d", status)
				}
			}
			for name, request := range map[string]string{
				"headers too large":   "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("a", 17<<10) + "\r\n\r\n",
				"a body beyond 2 MiB": "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n",
				"an address too long": "GET /api/v1/me?x=" + strings.Repeat("x", 5000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
				"no request at all":   "NONSENSE\r\n\r\n",
				"an unknown method":   "PROPFIND /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n",
			} {
				res, _ := raw(t, s, request)
				wantSecurityHeaders(t, name, res.Header, https)
			}
		})
	}
}

func TestHeaders_NoStoreForWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	for path, want := range map[string]string{
		"/me": "no-store", "/me/sessions": "no-store", "/organizations": "no-store", "/slugs/abc": "no-store", "/plans": "no-store",
		c.Path("/members"): "no-store", c.Path("/workspaces"): "no-store", c.Path("/usage"): "no-store", c.Path("/subscription"): "no-store",
		c.Path(""): "private, no-cache", c.Path("/members/" + c.OwnerID): "private, no-cache", c.Path("/workspaces/" + c.Open): "private, no-cache",
		c.Path("/workspaces/x"): "no-store", "/nowhere": "no-store",
	} {
		wantHeader(t, c.Owner.Get(path), "Cache-Control", want)
	}
}

func TestHeaders_RefusalsOfTaggedRoutes(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	res := c.Owner.Patch(c.Path("/workspaces/"+apitest.NewID()), M{"name": 5}).WantProblem(http.StatusNotFound, "not_found")
	wantHeader(t, res, "Cache-Control", "no-store")
	wantHeader(t, res, "ETag", "")
}

func TestCORS(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	for _, origin := range []string{
		"https://evil.example", "null", "http://rowhouse.test.evil.example", "http://evilrowhouse.test", "https://rowhouse.test",
		"http://rowhouse.test:8080", "http://localhost:3000", "file://", "*", "http://rowhouse.test", "chrome-extension://abc",
	} {
		for _, request := range []struct {
			method, path string
			header       http.Header
		}{
			{http.MethodGet, "/api/v1/me", http.Header{}},
			{http.MethodGet, "/api/v1/plans", http.Header{}},
			{http.MethodGet, "/docs", http.Header{}},
			{http.MethodGet, "/api/v1/openapi.json", http.Header{}},
			{http.MethodOptions, "/api/v1/me", http.Header{"Access-Control-Request-Method": {"PATCH"}, "Access-Control-Request-Headers": {"x-csrf-token"}}},
		} {
			request.header.Set("Origin", origin)
			res := ada.Send(request.method, request.path, request.header, nil)
			for name := range res.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s for %s: %s = %q", request.method, request.path, origin, name, res.Header.Get(name))
				}
			}
			if request.method == http.MethodOptions && res.StatusCode < 400 {
				t.Errorf("a preflight from %s passes: %d", origin, res.StatusCode)
			}
		}
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, prefix string
		options      []apitest.Option
		secure       bool
	}{
		{"over HTTP", "", nil, false},
		{"over HTTPS", "__Host-", []apitest.Option{apitest.OverHTTPS}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t, tc.options...)
			res := s.Anonymous(t).Post("/auth/sign-up", M{"email": "ada@example.com", "password": apitest.Password, "name": "Ada"}).Want(http.StatusCreated)
			cookies := map[string]*http.Cookie{}
			for _, cookie := range res.Cookies() {
				cookies[cookie.Name] = cookie
			}
			for name, want := range map[string]struct {
				httpOnly bool
				days     int
			}{
				tc.prefix + "rowhouse_session": {true, 14}, tc.prefix + "rowhouse_device": {true, 180}, "csrf_token": {false, 14},
			} {
				c := cookies[name]
				if c == nil {
					t.Fatalf("no cookie %s in %v", name, res.Header.Values("Set-Cookie"))
				}
				if c.HttpOnly != want.httpOnly || c.Secure != tc.secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != want.days*86400 {
					t.Errorf("%s", c.Raw)
				}
			}
			if len(cookies) != 3 {
				t.Errorf("%d cookies: %v", len(cookies), res.Header.Values("Set-Cookie"))
			}
			session := tc.prefix + "rowhouse_session"
			if n := len(cookies[session].Value); n != 43 {
				t.Errorf("the token has %d characters, want 43 (256 bits)", n)
			}

			// Over HTTPS only the cookie that is tied to the host counts.
			me := func(name string) *apitest.Response {
				c := s.Anonymous(t)
				c.Header.Set("Cookie", name+"="+cookies[session].Value)
				return c.Get("/me")
			}
			me(session).Want(http.StatusOK)
			if tc.secure {
				me("rowhouse_session").WantProblem(http.StatusUnauthorized, "unauthenticated")
				out := s.Anonymous(t)
				out.Header.Set("Cookie", session+"="+cookies[session].Value+"; csrf_token="+cookies["csrf_token"].Value)
				out.Header.Set("X-CSRF-Token", cookies["csrf_token"].Value)
				for _, c := range out.Post("/auth/sign-out", nil).Want(http.StatusNoContent).Cookies() {
					if c.MaxAge >= 0 && c.Expires.IsZero() || c.Value != "" || !c.Secure || c.Path != "/" {
						t.Errorf("cleared by %s", c.Raw)
					}
				}
				me(session).WantProblem(http.StatusUnauthorized, "unauthenticated")
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	for _, given := range []string{"abc", "A-b_c.9", strings.Repeat("x", 64)} {
		res := s.Anonymous(t).Send(http.MethodGet, "/api/v1/me", http.Header{"X-Request-Id": {given}}, nil)
		wantHeader(t, res, "X-Request-Id", given)
		if got := res.JSON()["request_id"]; got != given {
			t.Errorf("request_id = %v, want %s", got, given)
		}
	}
	seen := map[string]bool{}
	for _, given := range []string{"", "a b", `a"b`, "<script>", strings.Repeat("x", 65), "a/b", "a%0d%0aSet-Cookie:x", "é", "{}", "a;b"} {
		res := s.Anonymous(t).Send(http.MethodGet, "/api/v1/me", http.Header{"X-Request-Id": {given}}, nil)
		if got := res.Header.Get("X-Request-Id"); !regexp.MustCompile(`^[\w.-]{8,64}$`).MatchString(got) || seen[got] || res.JSON()["request_id"] != got {
			t.Errorf("%q became %q in the header, %v in the body", given, got, res.JSON()["request_id"])
		} else {
			seen[got] = true
		}
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	sessionIP := func(t *testing.T, s *apitest.Server, forwarded ...string) any {
		t.Helper()
		c := s.Anonymous(t)
		c.Header["X-Forwarded-For"] = forwarded
		c.Header["X-Real-Ip"] = []string{"9.9.9.9"}
		email := apitest.NewID() + "@example.com"
		c.Post("/auth/sign-up", M{"email": email, "password": apitest.Password, "name": "Ada"}).Want(http.StatusCreated)
		return c.Get("/me/sessions").Want(http.StatusOK).Data()[0]["ip"]
	}
	direct := apitest.New(t)
	behind := apitest.New(t, apitest.WithConfig(func(c *bootstrap.Config) {
		c.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8", "fd00::/8"}
	}))
	for _, tc := range []struct {
		name      string
		server    *apitest.Server
		forwarded []string
		want      string
	}{
		{"without a proxy nobody is believed", direct, []string{"6.6.6.6"}, "127.0.0.1"},
		{"a proxy is believed", behind, []string{"6.6.6.6"}, "6.6.6.6"},
		{"but not what came to it", behind, []string{"1.1.1.1, 6.6.6.6"}, "6.6.6.6"},
		{"nor in a header of its own", behind, []string{"1.1.1.1", "6.6.6.6"}, "6.6.6.6"},
		{"further proxies of ours are skipped", behind, []string{"1.1.1.1, 6.6.6.6 , 10.1.2.3,10.0.0.9"}, "6.6.6.6"},
		{"a hop that is no address ends the search", behind, []string{"1.1.1.1, evil, 10.1.2.3"}, "10.1.2.3"},
		{"IPv6", behind, []string{"2001:db8::1, fd00::5"}, "2001:db8::1"},
		{"IPv4 in IPv6", behind, []string{"::ffff:6.6.6.6"}, "6.6.6.6"},
		{"nothing", behind, nil, "127.0.0.1"},
		{"garbage", behind, []string{"<script>"}, "127.0.0.1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := sessionIP(t, tc.server, tc.forwarded...); got != tc.want {
				t.Errorf("ip = %v, want %s", got, tc.want)
			}
		})
	}
}

// TestImmutable pins that strings which Fiber hands out stay what they were:
// without Immutable later requests overwrite them.
func TestImmutable(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	type kept struct{ param, query, header, cookie, path string }
	var all []kept
	s.API.App.Get("/keep/:param", func(c *fiber.Ctx) error {
		all = append(all, kept{c.Params("param"), c.Query("q"), c.Get("X-Test"), c.Cookies("test"), c.Path()})
		return c.SendStatus(http.StatusNoContent)
	})
	conn := s.Anonymous(t) // one connection after the other request: the same buffers
	for i := range 50 {
		text := strings.Repeat(string(rune('A'+i%26)), 20)
		conn.Send(http.MethodGet, "/keep/"+text+"?q="+text, http.Header{"X-Test": {text}, "Cookie": {"test=" + text}}, nil).Want(http.StatusNoContent)
	}
	for i, got := range all {
		text := strings.Repeat(string(rune('A'+i%26)), 20)
		if want := (kept{text, text, text, text, "/keep/" + text}); got != want {
			t.Fatalf("kept of request %d: %+v, want %+v", i, got, want)
		}
	}
}
