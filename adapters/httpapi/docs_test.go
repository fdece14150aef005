package httpapi_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rowhouse/test/apitest"
)

// elsewhere finds what leads to another host.
var elsewhere = regexp.MustCompile(`(?i)(?:src|href|action|url)\s*[=(]\s*["']?(?:https?:)?//`)

func TestDocs(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Anonymous(t)

	t.Run("the page and all that it names come from here", func(t *testing.T) {
		t.Parallel()
		res := c.On(t).Send(http.MethodGet, "/docs", nil, nil).Want(http.StatusOK)
		wantHeader(t, res, "Content-Type", "text/html; charset=utf-8")
		page := string(res.Body)
		if elsewhere.MatchString(page) || strings.Contains(page, "<script>") || regexp.MustCompile(`\son\w+=`).MatchString(page) {
			t.Errorf("the page names another host or holds a script:\n%s", page)
		}
		assets := regexp.MustCompile(`(?:src|href)="(/[^"]*)"`).FindAllStringSubmatch(page, -1)
		if len(assets) < 4 {
			t.Fatalf("the page names %v", assets)
		}
		for _, asset := range assets {
			answer := c.On(t).Send(http.MethodGet, asset[1], nil, nil).Want(http.StatusOK)
			if kind := answer.Header.Get("Content-Type"); !map[string]bool{
				"text/css; charset=utf-8": strings.HasSuffix(asset[1], ".css"), "text/javascript; charset=utf-8": strings.HasSuffix(asset[1], ".js"), "application/javascript": strings.HasSuffix(asset[1], ".js"),
				"application/json": strings.HasSuffix(asset[1], ".json"),
			}[kind] {
				t.Errorf("%s is %q", asset[1], kind)
			}
			head := c.On(t).Send(http.MethodHead, asset[1], nil, nil).Want(http.StatusOK)
			if len(head.Body) > 0 {
				t.Errorf("HEAD %s has a body", asset[1])
			}
		}
	})

	t.Run("its policy lets no script of another kind run", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/"} {
			csp := c.On(t).Send(http.MethodGet, path, nil, nil).Want(http.StatusOK).Header.Get("Content-Security-Policy")
			directives := map[string]string{}
			for directive := range strings.SplitSeq(csp, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(directive), " ")
				directives[name] = value
			}
			for name, want := range map[string]string{
				"default-src": "'self'", "script-src": "'self'", "object-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'", "form-action": "'self'", "connect-src": "'self'",
			} {
				if directives[name] != want {
					t.Errorf("%s: %s = %q, want %q", path, name, directives[name], want)
				}
			}
		}
	})

	t.Run("the root says that this binary carries no web app", func(t *testing.T) {
		t.Parallel()
		res := c.On(t).Send(http.MethodGet, "/", nil, nil).Want(http.StatusOK)
		wantHeader(t, res, "Content-Type", "text/html; charset=utf-8")
		page := string(res.Body)
		if !strings.Contains(page, "carries no web app") || !strings.Contains(page, `href="/docs"`) || elsewhere.MatchString(page) || strings.Contains(page, "<script") {
			t.Errorf("the root says %s", page)
		}
		for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			c.On(t).Send(http.MethodGet, link[1], nil, nil).Want(http.StatusOK)
		}
		if head := c.On(t).Send(http.MethodHead, "/", nil, nil).Want(http.StatusOK); len(head.Body) > 0 {
			t.Error("HEAD / has a body")
		}
		c.On(t).Send(http.MethodGet, "/somewhere/else", nil, nil).WantProblem(http.StatusNotFound, "not_found")
		c.On(t).Send(http.MethodPost, "/", nil, nil).WantProblem(http.StatusNotFound, "not_found")
	})
}

func TestDocument(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	res := s.Anonymous(t).Send(http.MethodGet, "/api/v1/openapi.json", nil, nil).Want(http.StatusOK)
	wantHeader(t, res, "Content-Type", "application/json")

	t.Run("is the one of the command", func(t *testing.T) {
		t.Parallel()
		written, err := s.API.Document()
		if err != nil {
			t.Fatal(err)
		}
		var served, want any
		if err := json.Unmarshal(res.Body, &served); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(served, want) {
			t.Error("the served document is another")
		}
	})

	t.Run("has every route and no other", func(t *testing.T) {
		t.Parallel()
		var document struct {
			OpenAPI string                    `json:"openapi"`
			Paths   map[string]map[string]any `json:"paths"`
		}
		if err := json.Unmarshal(res.Body, &document); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(document.OpenAPI, "3.1") {
			t.Errorf("openapi = %q", document.OpenAPI)
		}
		n := 0
		for _, methods := range document.Paths {
			n += len(methods)
		}
		if n != len(s.API.Routes) {
			t.Errorf("%d operations for %d routes", n, len(s.API.Routes))
		}
		for _, route := range s.API.Routes {
			if document.Paths[route.Path][strings.ToLower(route.Method)] == nil {
				t.Errorf("%s %s is missing", route.Method, route.Path)
			}
		}
	})
}

// TestHead asks with HEAD wherever GET answers.
func TestHead(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	session := c.Owner.Get("/me/sessions").Data()[0]["id"].(string)
	ids := strings.NewReplacer("{organization}", c.ID, "{workspace}", c.Open, "{membership}", c.MemberID, "{id}", session, "{slug}", "abc")
	paths := []string{"/", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/livez", "/readyz", "/api/v1/openapi.json"}
	for _, route := range s.API.Routes {
		if route.Method == http.MethodGet {
			paths = append(paths, "/api/v1"+ids.Replace(route.Path))
		}
	}
	for _, path := range paths {
		get := c.Owner.Send(http.MethodGet, path, nil, nil).Want(http.StatusOK)
		head := c.Owner.Send(http.MethodHead, path, nil, nil).Want(http.StatusOK)
		if len(head.Body) > 0 {
			t.Errorf("HEAD %s has a body", path)
		}
		for _, name := range []string{"Content-Type", "Etag", "Cache-Control", "Content-Security-Policy", "Content-Length"} {
			got, want := head.Header.Get(name), get.Header.Get(name)
			if got != want && (name != "Content-Length" || got != "") {
				t.Errorf("HEAD %s: %s = %q, GET has %q", path, name, got, want)
			}
		}
		s.Anonymous(t).Send(http.MethodHead, strings.Replace(path, c.ID, apitest.NewID(), 1), nil, nil)
	}
	c.Owner.Send(http.MethodHead, "/api/v1/auth/sign-in", nil, nil).Want(http.StatusMethodNotAllowed)
	s.Anonymous(t).Send(http.MethodHead, "/api/v1/me", nil, nil).Want(http.StatusUnauthorized)
}
