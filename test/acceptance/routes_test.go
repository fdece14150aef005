package acceptance_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rowhouse/test/apitest"
)

const basePath = "/api/v1"

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// Nothing can be reached that is not declared, and nothing is declared that
// cannot be reached or is not in the document.
func TestRouterDeclarationsAndDocumentAreTheSameSet(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	declared, documented, routed := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, page := range s.API.Pages {
		declared[http.MethodGet+" "+page] = true
		documented[http.MethodGet+" "+page] = true // pages are not in the document
	}
	for _, r := range s.API.Routes {
		declared[r.Method+" "+basePath+parameter.ReplaceAllString(r.Path, ":$1")] = true
	}
	for path, item := range document(t, s) {
		for method := range item {
			documented[strings.ToUpper(method)+" "+basePath+parameter.ReplaceAllString(path, ":$1")] = true
		}
	}
	for _, r := range s.API.App.GetRoutes(true) {
		if r.Method == http.MethodHead {
			continue // answered wherever GET is
		}
		routed[r.Method+" "+r.Path] = true
	}
	if !maps.Equal(declared, routed) {
		t.Errorf("declared but not routed: %v\nrouted but not declared: %v", missing(declared, routed), missing(routed, declared))
	}
	if !maps.Equal(declared, documented) {
		t.Errorf("declared but not documented: %v\ndocumented but not declared: %v", missing(declared, documented), missing(documented, declared))
	}
}

// document returns the paths of the OpenAPI document.
func document(t *testing.T, s *apitest.Server) map[string]map[string]any {
	t.Helper()
	raw, err := s.API.Document()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	return document.Paths
}

func missing(from, in map[string]bool) []string {
	var names []string
	for name := range from {
		if !in[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Every route has a sample request below, or the tests of all routes would
// pass it over.
func TestEveryRouteHasASample(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.InMemory) // which has all routes, those of demos too
	ids := map[string]bool{}
	for _, r := range s.API.Routes {
		ids[r.ID] = true
		if _, ok := samples[r.ID]; !ok {
			t.Errorf("%s %s (%s) has no sample", r.Method, r.Path, r.ID)
		}
	}
	for id := range samples {
		if !ids[id] {
			t.Errorf("the sample %s has no route", id)
		}
	}
}

// Methods that an address does not know are refused as such.
func TestEveryAddressRefusesOtherMethods(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	known := map[string][]string{}
	for _, r := range s.API.Routes {
		known[r.Path] = append(known[r.Path], r.Method)
	}
	for path, methods := range known {
		filled := fill(path, c, "00000000-0000-7000-8000-000000000000")
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if slices.Contains(methods, method) || covered(known, path, method) {
				continue
			}
			res := c.Owner.Do(method, filled, nil).WantProblem(http.StatusMethodNotAllowed, "method_not_allowed")
			if allow := strings.Split(res.Header.Get("Allow"), ", "); !containsAll(allow, methods) {
				t.Errorf("%s %s: Allow = %v, want all of %v", method, path, allow, methods)
			}
		}
	}
}

// covered reports whether another path with a parameter takes the method where
// this one is literal.
func covered(known map[string][]string, path, method string) bool {
	for other, methods := range known {
		pattern := "^" + parameter.ReplaceAllString(other, `[^/]+`) + "$"
		if other != path && slices.Contains(methods, method) && regexp.MustCompile(pattern).MatchString(path) {
			return true
		}
	}
	return false
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// fill puts a company's ids into a path, and other for what it has none of.
func fill(path string, c apitest.Company, other string) string {
	return strings.NewReplacer(
		"{organization}", c.ID, "{workspace}", c.Open, "{membership}", c.AdminID, "{slug}", "fresh-slug", "{id}", other,
	).Replace(path)
}
