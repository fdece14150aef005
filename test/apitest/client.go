package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// Password is that of every user that tests sign up.
const Password = "orchard lantern 42"

// Client is a browser of its own, with its cookies.
type Client struct {
	tb     testing.TB
	server *Server
	http   *http.Client
	jar    *cookiejar.Jar
	user   map[string]any

	// Header is sent along with every request.
	Header http.Header
	// NoCSRF keeps the client from sending the CSRF token.
	NoCSRF bool
}

// Anonymous returns a client that is not signed in.
func (s *Server) Anonymous(tb testing.TB) *Client {
	tb.Helper()
	jar := must(cookiejar.New(nil))
	return &Client{
		tb: tb, server: s, jar: jar, Header: http.Header{},
		http: &http.Client{
			Transport: s.transport, Jar: jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// SignUp returns a client that is signed in as a new user. The address is made
// from the name and a number.
func (s *Server) SignUp(tb testing.TB, name string) *Client {
	tb.Helper()
	c := s.Anonymous(tb)
	local := strings.ToLower(strings.ReplaceAll(name, " ", "."))
	email := fmt.Sprintf("%s.%d@example.com", local, s.people.Add(1))
	res := c.Post("/auth/sign-up", M{"email": email, "password": Password, "name": name}).Want(http.StatusCreated)
	c.user = res.Object("user")
	return c
}

// SignUpInvited returns a client that is signed in as a new user, who followed
// the link of an invitation.
func (s *Server) SignUpInvited(tb testing.TB, name, invitation string) *Client {
	tb.Helper()
	c := s.Anonymous(tb)
	res := c.Post("/auth/sign-up", M{"password": Password, "name": name, "invitation_token": invitation}).Want(http.StatusCreated)
	c.user = res.Object("user")
	return c
}

// On returns the same client reporting to another test.
func (c *Client) On(tb testing.TB) *Client {
	tb.Helper()
	copied := *c
	copied.tb = tb
	return &copied
}

// ID returns the id of the user who signed up, or "".
func (c *Client) ID() string { return c.field("id") }

// Email returns the address of the user who signed up, or "".
func (c *Client) Email() string { return c.field("email") }

func (c *Client) field(name string) string {
	text, _ := c.user[name].(string)
	return text
}

// M is a JSON object.
type M = map[string]any

// Get asks for a path below /api/v1.
func (c *Client) Get(path string) *Response { c.tb.Helper(); return c.Do(http.MethodGet, path, nil) }

// Post sends a JSON body to a path below /api/v1.
func (c *Client) Post(path string, body any) *Response {
	c.tb.Helper()
	return c.Do(http.MethodPost, path, body)
}

// Patch sends a JSON body to a path below /api/v1.
func (c *Client) Patch(path string, body any) *Response {
	c.tb.Helper()
	return c.Do(http.MethodPatch, path, body)
}

// Delete asks to delete a path below /api/v1.
func (c *Client) Delete(path string) *Response {
	c.tb.Helper()
	return c.Do(http.MethodDelete, path, nil)
}

// Do sends a request to a path below /api/v1. A nil body sends none, a []byte
// goes as it is, anything else as JSON.
func (c *Client) Do(method, path string, body any) *Response {
	c.tb.Helper()
	res, err := c.TryDo(method, path, body)
	if err != nil {
		c.tb.Fatalf("%s %s: %v", method, path, err)
	}
	return res
}

// TryDo is Do for use beside the test's own goroutine: it returns what goes
// wrong.
func (c *Client) TryDo(method, path string, body any) (*Response, error) {
	header := http.Header{}
	var raw []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		raw = b
	default:
		raw = must(json.Marshal(b))
	}
	if raw != nil {
		header.Set("Content-Type", "application/json")
	}
	return c.TrySend(method, basePath+path, header, raw)
}

// Upload sends a file in a multipart form.
func (c *Client) Upload(path string, content []byte) *Response {
	c.tb.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part := must(form.CreateFormFile("file", "picture.png"))
	must(part.Write(content))
	if err := form.Close(); err != nil {
		c.tb.Fatal(err)
	}
	return c.Send(http.MethodPut, basePath+path, http.Header{"Content-Type": {form.FormDataContentType()}}, body.Bytes())
}

// Send sends any request, and holds the answer against the document.
func (c *Client) Send(method, target string, header http.Header, body []byte) *Response {
	c.tb.Helper()
	res, err := c.TrySend(method, target, header, body)
	if err != nil {
		c.tb.Fatalf("%s %s: %v", method, target, err)
	}
	return res
}

// TrySend is Send for use beside the test's own goroutine: it returns what
// goes wrong.
func (c *Client) TrySend(method, target string, header http.Header, body []byte) (*Response, error) {
	req, err := http.NewRequestWithContext(c.tb.Context(), method, PublicURL+target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	maps.Copy(req.Header, c.Header)
	if token := c.Cookie("csrf_token"); token != "" && !c.NoCSRF && req.Header["X-Csrf-Token"] == nil {
		req.Header.Set("X-CSRF-Token", token)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	res := &Response{Response: answer, Body: content, tb: c.tb}
	return res, c.server.contract.check(method, req.URL.EscapedPath(), res)
}

// Cookie returns the value of a cookie that the client holds, or "".
func (c *Client) Cookie(name string) string {
	for _, cookie := range c.jar.Cookies(must(url.Parse(PublicURL))) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// SetCookie puts a cookie into the client's jar.
func (c *Client) SetCookie(name, value string) {
	c.jar.SetCookies(must(url.Parse(PublicURL)), []*http.Cookie{{Name: name, Value: value, Path: "/"}}) //nolint:gosec // a jar keeps no attributes
}

// Response is an answer whose body has been read.
type Response struct {
	*http.Response

	Body []byte
	tb   testing.TB
}

// Want fails the test unless the answer has the status, and returns it.
func (r *Response) Want(status int) *Response {
	r.tb.Helper()
	if r.StatusCode != status {
		r.tb.Fatalf("%s %s = %d %s, want %d", r.Request.Method, r.Request.URL.Path, r.StatusCode, r.Body, status)
	}
	return r
}

// WantProblem fails the test unless the answer is a problem with the status
// and the code, and returns it.
func (r *Response) WantProblem(status int, code string) *Response {
	r.tb.Helper()
	r.Want(status)
	if got := r.Code(); got != code {
		r.tb.Fatalf("%s %s = %d %q, want %q: %s", r.Request.Method, r.Request.URL.Path, r.StatusCode, got, code, r.Body)
	}
	return r
}

// Code returns the code of a problem, or "".
func (r *Response) Code() string {
	var problem struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(r.Body, &problem)
	return problem.Code
}

// FieldCodes returns the code of each field that a problem names.
func (r *Response) FieldCodes() map[string]string {
	var problem struct {
		Errors []struct {
			Field string `json:"field"`
			Code  string `json:"code"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(r.Body, &problem)
	codes := map[string]string{}
	for _, e := range problem.Errors {
		codes[e.Field] = e.Code
	}
	return codes
}

// JSON returns the body as an object.
func (r *Response) JSON() M {
	r.tb.Helper()
	var object M
	if err := json.Unmarshal(r.Body, &object); err != nil {
		r.tb.Fatalf("%s %s: %v: %s", r.Request.Method, r.Request.URL.Path, err, r.Body)
	}
	return object
}

// Object returns a field of the body that is an object.
func (r *Response) Object(field string) M {
	r.tb.Helper()
	object, ok := r.JSON()[field].(M)
	if !ok {
		r.tb.Fatalf("%s is no object in %s", field, r.Body)
	}
	return object
}

// Text returns a field of the body that is a text.
func (r *Response) Text(field string) string {
	r.tb.Helper()
	text, ok := r.JSON()[field].(string)
	if !ok {
		r.tb.Fatalf("%s is no text in %s", field, r.Body)
	}
	return text
}

// Data returns the items of a list.
func (r *Response) Data() []M {
	r.tb.Helper()
	list, ok := r.JSON()["data"].([]any)
	if !ok {
		r.tb.Fatalf("no list in %s", r.Body)
	}
	items := make([]M, len(list))
	for i, item := range list {
		items[i] = item.(M)
	}
	return items
}
