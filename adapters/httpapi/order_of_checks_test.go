package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// TestOrderOfChecks breaks two rules at once and expects the answer of the
// first: 415, 413, 400, 401, csrf, 404, 403, sudo, rate limit, 422, 412, 409.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	stale := signInAs(t, s, c.Owner, apitest.Password)
	s.Clock.Advance(domain.SudoWindow)
	c.Owner.Post("/auth/sudo", M{"password": apitest.Password}).Want(http.StatusNoContent)
	stranger, anonymous := s.SignUp(t, "Eve"), s.Anonymous(t)
	noCSRF := func(c *apitest.Client) *apitest.Client {
		copied := *c
		copied.NoCSRF = true
		return &copied
	}
	throttled := s.SignUp(t, "Throttled")
	for range 5 {
		throttled.Post("/auth/sudo", M{"password": "wrong horse battery"}).Want(http.StatusUnprocessableEntity)
	}
	for range 3 {
		stale.On(t).Post("/auth/verify-email/resend", nil).Want(http.StatusAccepted)
	}
	const text, json = "text/plain", "application/json"
	large := string(bytes.Repeat([]byte(" "), 1<<20+1))
	nowhere := "/organizations/" + apitest.NewID()
	absent := c.Path("/workspaces/" + apitest.NewID())
	deep := nested(33, `{"a":`, "}")

	for _, tc := range []struct {
		name              string
		who               *apitest.Client
		method, path      string
		contentType, body string
		header            http.Header
		status            int
		code              string
	}{
		{"415 before 413", c.Owner, "POST", "/organizations", text, large, nil, 415, "unsupported_media_type"},
		{"415 before 400", c.Owner, "POST", "/organizations", text, "{", nil, 415, "unsupported_media_type"},
		{"415 before 401", anonymous, "POST", "/organizations", text, "{}", nil, 415, "unsupported_media_type"},
		{"415 of an encoding before 400", c.Owner, "POST", "/organizations", json, "{", http.Header{"Content-Encoding": {"gzip"}}, 415, "unsupported_media_type"},
		{"413 before 400", c.Owner, "POST", "/organizations", json, large, nil, 413, "body_too_large"},
		{"413 before 401", anonymous, "POST", "/organizations", json, large, nil, 413, "body_too_large"},
		{"400 before 401", anonymous, "POST", "/organizations", json, "{", nil, 400, "malformed_body"},
		{"400 of a limit before 401", anonymous, "GET", "/organizations?limit=0", "", "", nil, 400, "invalid_limit"},
		{"400 before csrf", noCSRF(c.Owner), "POST", "/organizations", json, "{", nil, 400, "malformed_body"},
		{"401 before csrf", anonymous, "POST", "/organizations", json, "{}", http.Header{"Origin": {"https://evil.example"}}, 401, "unauthenticated"},
		{"401 before 404", anonymous, "PATCH", nowhere, json, "{}", nil, 401, "unauthenticated"},
		{"401 before 404 of what is no id", anonymous, "DELETE", "/me/sessions/x", "", "", nil, 401, "unauthenticated"},
		{"401 before 422", anonymous, "POST", "/organizations", json, deep, nil, 401, "unauthenticated"},
		{"csrf before 404", noCSRF(c.Owner), "PATCH", nowhere, json, `{"name":"A"}`, nil, 403, "csrf_failed"},
		{"csrf before 404 of a workspace", noCSRF(c.Owner), "PATCH", absent, json, `{"name":"A"}`, nil, 403, "csrf_failed"},
		{"csrf before 403", noCSRF(c.Member), "PATCH", c.Path(""), json, `{"name":"A"}`, nil, 403, "csrf_failed"},
		{"csrf before 422", noCSRF(c.Owner), "PATCH", c.Path(""), json, deep, nil, 403, "csrf_failed"},
		{"csrf before 401 of a password", anonymous, "POST", "/auth/sign-in", json, `{"email":"x","password":"x"}`, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, "csrf_failed"},
		{"404 before 403", c.Member, "PATCH", absent, json, `{"name":"A"}`, nil, 404, "not_found"},
		{"404 before 403 of an organization", stranger, "DELETE", c.Path(""), "", "", nil, 404, "not_found"},
		{"404 before 403 of a membership", c.Member, "DELETE", c.Path("/members/" + apitest.NewID()), "", "", nil, 404, "not_found"},
		{"404 before sudo", stale, "DELETE", nowhere, "", "", nil, 404, "not_found"},
		{"404 before 422 of the body's bounds", c.Owner, "PATCH", absent, json, deep, nil, 404, "not_found"},
		{"404 before 422 of an unknown field", c.Owner, "PATCH", absent, json, `{"bogus":1}`, nil, 404, "not_found"},
		{"404 before 422 of a value", c.Owner, "PATCH", absent, json, `{"name":""}`, nil, 404, "not_found"},
		{"404 before 422 of a role", c.Owner, "PATCH", c.Path("/members/" + apitest.NewID()), json, `{"role":"owner"}`, nil, 404, "not_found"},
		{"404 before 422 of a body that is not asked for", c.Owner, "DELETE", absent, json, `{"x":1}`, nil, 404, "not_found"},
		{"404 before 412", c.Owner, "DELETE", absent, "", "", http.Header{"If-Match": {"x"}}, 404, "not_found"},
		{"403 before sudo", c.Admin, "DELETE", c.Path(""), "", "", nil, 403, "forbidden"},
		{"403 before 422", c.Member, "PATCH", c.Path(""), json, `{"bogus":1}`, nil, 403, "forbidden"},
		{"403 before 422 of the body's bounds", c.Member, "PATCH", c.Path(""), json, deep, nil, 403, "forbidden"},
		{"403 of a field before 422", c.Admin, "PATCH", c.Path(""), json, `{"billing_email":"x","name":""}`, nil, 403, "forbidden"},
		{"403 before 412", c.Member, "PATCH", c.Path(""), json, `{"name":"A"}`, http.Header{"If-Match": {"x"}}, 403, "forbidden"},
		{"sudo before 422", stale, "DELETE", c.Path("?confirm=wrong"), "", "", nil, 403, "sudo_required"},
		{"sudo before 422 of a body", stale, "POST", c.Path("/transfer-ownership"), json, `{"bogus":1}`, nil, 403, "sudo_required"},
		{"sudo before 409", stale, "DELETE", "/me", "", "", nil, 403, "sudo_required"},
		{"422 before 412", c.Owner, "PATCH", c.Path(""), json, `{"name":""}`, http.Header{"If-Match": {"x"}}, 422, "validation_failed"},
		{"422 before 412 of a workspace", c.Owner, "PATCH", c.Path("/workspaces/" + c.Open), json, `{"name":""}`, http.Header{"If-Match": {"x"}}, 422, "validation_failed"},
		{"422 before 412 of a membership", c.Owner, "PATCH", c.Path("/members/" + c.MemberID), json, `{"role":"owner"}`, http.Header{"If-Match": {"x"}}, 422, "use_transfer_ownership"},
		{"422 of a confirmation before 412", c.Owner, "DELETE", c.Path("?confirm=wrong"), "", "", http.Header{"If-Match": {"x"}}, 422, "confirmation_mismatch"},
		{"422 before 409", c.Owner, "POST", "/organizations", json, `{"name":"","slug":"` + c.Slug + `"}`, nil, 422, "validation_failed"},
		{"422 before 409 of a limit", c.Owner, "POST", c.Path("/workspaces"), json, `{"name":""}`, nil, 422, "validation_failed"},
		{"422 before 409 of one's own role", c.Owner, "PATCH", c.Path("/members/" + c.OwnerID), json, `{"role":"root"}`, nil, 422, "validation_failed"},
		{"412 before 409", c.Owner, "DELETE", c.Path("/workspaces/" + c.Default), "", "", http.Header{"If-Match": {"x"}}, 412, "precondition_failed"},
		{"412 before 409 of a visibility", c.Owner, "PATCH", c.Path("/workspaces/" + c.Default), json, `{"visibility":"restricted"}`, http.Header{"If-Match": {"x"}}, 412, "precondition_failed"},
		{"412 before 409 of a role", c.Admin, "PATCH", c.Path("/members/" + c.OwnerID), json, `{"role":"member"}`, http.Header{"If-Match": {"x"}}, 412, "precondition_failed"},
		{"412 before 409 of the owner", c.Owner, "DELETE", c.Path("/members/" + c.OwnerID), "", "", http.Header{"If-Match": {"x"}}, 412, "precondition_failed"},
		{"412 before 409 of a slug", c.Owner, "PATCH", c.Path(""), json, `{"slug":"` + c.Slug + `"}`, http.Header{"If-Match": {"x"}}, 412, "precondition_failed"},
		{"429 before 422 of a password", throttled, "POST", "/auth/sudo", json, `{"password":"wrong"}`, nil, 429, "rate_limited"},
		{"405 before 401", anonymous, "PUT", "/me", "", "", nil, 405, "method_not_allowed"},
		{"405 before 415", anonymous, "PUT", "/me", text, "x", nil, 405, "method_not_allowed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			header := tc.header.Clone()
			if header == nil {
				header = http.Header{}
			}
			if tc.contentType != "" {
				header.Set("Content-Type", tc.contentType)
			}
			var body []byte
			if tc.body != "" {
				body = []byte(tc.body)
			}
			path, query, _ := strings.Cut(tc.path, "?")
			if query != "" {
				path += "?" + query
			}
			tc.who.On(t).Send(tc.method, "/api/v1"+path, header, body).WantProblem(tc.status, tc.code)
		})
	}
}
