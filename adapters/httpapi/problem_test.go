package httpapi_test

import (
	"net/http"
	"testing"

	"rowhouse/test/apitest"
)

// TestProblems compares one whole problem of each status.
func TestProblems(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, panicking)
	c := s.Found(t, "Acme")
	anonymous := s.Anonymous(t)
	for _, tc := range []struct {
		status              int
		title, code, detail string
		res                 *apitest.Response
	}{
		{400, "Bad Request", "malformed_body", "The body is not one well-formed JSON object.", c.Owner.Do("POST", "/organizations", []byte("{"))},
		{400, "Bad Request", "invalid_limit", "The limit is a number from 1 to 100.", c.Owner.Get("/organizations?limit=0")},
		{400, "Bad Request", "invalid_cursor", "This cursor is not one of ours, or was made for another list.", c.Owner.Get("/organizations?cursor=x")},
		{401, "Unauthorized", "unauthenticated", "Sign in to continue.", anonymous.Get("/me")},
		{403, "Forbidden", "forbidden", "Your role does not allow this.", c.Member.Patch(c.Path(""), M{"name": "x"})},
		{403, "Forbidden", "csrf_failed", "This request does not come from our own pages, or the page is too old. Reload it.", withCookie(t, s, c.Owner.Cookie("rowhouse_session")).Patch("/me", M{})},
		{404, "Not Found", "not_found", "There is nothing here, or nothing you may see.", anonymous.Get("/nowhere")},
		{405, "Method Not Allowed", "method_not_allowed", "This address does not know this method.", anonymous.Do("PUT", "/me", nil)},
		{409, "Conflict", "slug_taken", "This address is taken.", c.Member.Post("/organizations", M{"name": "x", "slug": c.Slug})},
		{412, "Precondition Failed", "precondition_failed", "This has changed since you read it.", c.Owner.Send("DELETE", "/api/v1"+c.Path("/workspaces/"+c.Open), http.Header{"If-Match": {"x"}}, nil)},
		{413, "Request Entity Too Large", "body_too_large", "The body is too large.", c.Owner.Do("POST", "/organizations", make([]byte, 1<<20+1))},
		{415, "Unsupported Media Type", "unsupported_media_type", "Send a body of the type that the reference names, without a content encoding.", c.Owner.Send("POST", "/api/v1/organizations", nil, []byte("x"))},
		{500, "Internal Server Error", "internal_error", "Something went wrong on our side.", anonymous.Post("/auth/sign-in", M{"email": "ada@example.com", "password": "x"})},
	} {
		t.Run(tc.code, func(t *testing.T) {
			wantBody(t, tc.res.Want(tc.status), M{
				"type": "urn:rowhouse:problem:" + tc.code, "title": tc.title, "status": tc.status, "detail": tc.detail, "code": tc.code,
				"request_id": tc.res.Header.Get("X-Request-Id"),
			})
			wantHeader(t, tc.res, "Content-Type", "application/problem+json")
			wantHeader(t, tc.res, "Cache-Control", "no-store")
		})
	}
}

func TestProblems_Allow(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	wantHeader(t, s.Anonymous(t).Do(http.MethodPut, "/me", nil).Want(http.StatusMethodNotAllowed), "Allow", "GET, HEAD, DELETE, PATCH")
}
