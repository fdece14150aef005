package apitest

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rowhouse/adapters/httpapi"
)

const (
	basePath    = "/api/v1"
	documentURL = "https://rowhouse.test/openapi.json"
)

// contract is the OpenAPI document, ready to be held against answers.
type contract struct {
	document map[string]any
	compiler *jsonschema.Compiler
	routes   []httpapi.Route

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema
}

func newContract(tb testing.TB, api *httpapi.API) *contract {
	tb.Helper()
	raw, err := api.Document()
	if err != nil {
		tb.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		tb.Fatal(err)
	}
	c := &contract{
		document: document.(map[string]any), compiler: jsonschema.NewCompiler(), routes: api.Routes,
		schemas: map[string]*jsonschema.Schema{},
	}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource(documentURL, document); err != nil {
		tb.Fatal(err)
	}
	return c
}

// check says what an answer breaks of the document. Addresses that the
// document does not know must answer with a problem.
func (c *contract) check(method, path string, res *Response) error {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	route, known := c.route(method, path)
	if !known || res.StatusCode == http.StatusMethodNotAllowed {
		if strings.HasPrefix(path, basePath) && path != basePath+"/openapi.json" && res.Request.Method != http.MethodHead {
			return c.validate("/components/schemas/Problem", res)
		}
		return nil
	}
	pointer := "/paths/" + escape(route.Path) + "/" + strings.ToLower(route.Method) + "/responses/" + strconv.Itoa(res.StatusCode)
	response, ok := c.at(pointer)
	if !ok {
		return fmt.Errorf("%s %s answers %d, which the document does not mention: %s", route.Method, route.Path, res.StatusCode, res.Body)
	}
	content, hasBody := response["content"].(map[string]any)
	if !hasBody {
		if len(res.Body) > 0 {
			return fmt.Errorf("%s %s answers %d with a body, which the document does not mention: %s", route.Method, route.Path, res.StatusCode, res.Body)
		}
		return nil
	}
	if res.Request.Method == http.MethodHead {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || content[mediaType] == nil {
		return fmt.Errorf("%s %s answers %d as %q, the document says otherwise", route.Method, route.Path, res.StatusCode, res.Header.Get("Content-Type"))
	}
	return c.validate(pointer+"/content/"+escape(mediaType)+"/schema", res)
}

func (c *contract) validate(pointer string, res *Response) error {
	schema, err := c.schema(pointer)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(res.Body))
	if err != nil {
		return fmt.Errorf("answer is not JSON: %w: %s", err, res.Body)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("answer does not fit the document at %s: %w\n%s", pointer, err, res.Body)
	}
	return nil
}

func (c *contract) schema(pointer string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.schemas[pointer]; s != nil {
		return s, nil
	}
	s, err := c.compiler.Compile(documentURL + "#" + pointer)
	if err != nil {
		return nil, fmt.Errorf("schema at %s: %w", pointer, err)
	}
	c.schemas[pointer] = s
	return s, nil
}

// route finds the declaration of what was asked for.
func (c *contract) route(method, path string) (httpapi.Route, bool) {
	path, ok := strings.CutPrefix(path, basePath)
	if !ok {
		return httpapi.Route{}, false
	}
	segments := strings.Split(path, "/")
	var best httpapi.Route
	params := -1
	for _, r := range c.routes {
		if r.Method != method {
			continue
		}
		if n, ok := matches(strings.Split(r.Path, "/"), segments); ok && (params < 0 || n < params) {
			best, params = r, n
		}
	}
	return best, params >= 0
}

// matches counts the parameters that it takes to make a path of a pattern.
func matches(pattern, path []string) (params int, ok bool) {
	if len(pattern) != len(path) {
		return 0, false
	}
	for i, segment := range pattern {
		switch {
		case strings.HasPrefix(segment, "{"):
			params++
		case segment != path[i]:
			return 0, false
		}
	}
	return params, !slices.Contains(path[1:], "")
}

// at follows a JSON pointer (RFC 6901) into the document.
func (c *contract) at(pointer string) (map[string]any, bool) {
	node := c.document
	for part := range strings.SplitSeq(pointer[1:], "/") {
		next, ok := node[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)].(map[string]any)
		if !ok {
			return nil, false
		}
		node = next
	}
	return node, true
}

// escape writes a key as part of a JSON pointer.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
