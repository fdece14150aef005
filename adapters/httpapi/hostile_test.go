package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"rowhouse/test/apitest"
)

// quick is how long an answer to nonsense may take on a machine that is busy
// with other tests.
const quick = 3 * time.Second

func nested(depth int, begin, end string) string {
	return strings.Repeat(begin, depth) + "1" + strings.Repeat(end, depth)
}

func fields(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(`"f%d":1`, i)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestHostile_Bodies(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	const asJSON = "application/json"
	cases := []struct {
		name, contentType, body string
		status                  int
		code                    string // of the problem, or of its only field
	}{
		{"no body", asJSON, "", 400, "malformed_body"},
		{"nothing but space", asJSON, " \r\n\t ", 400, "malformed_body"},
		{"no JSON", asJSON, "hello", 400, "malformed_body"},
		{"a body cut short", asJSON, `{"name":"A`, 400, "malformed_body"},
		{"a body cut short after a field", asJSON, `{"name":"A"`, 400, "malformed_body"},
		{"a brace alone", asJSON, `{`, 400, "malformed_body"},
		{"the other brace", asJSON, `}`, 400, "malformed_body"},
		{"brackets that do not match", asJSON, `{"name":["A"}`, 400, "malformed_body"},
		{"something behind it", asJSON, `{"name":"A"} x`, 400, "malformed_body"},
		{"another object behind it", asJSON, `{"name":"A"}{"name":"B"}`, 400, "malformed_body"},
		{"a comma at the end", asJSON, `{"name":"A",}`, 400, "malformed_body"},
		{"a comment", asJSON, `{"name":"A"/* */}`, 400, "malformed_body"},
		{"single quotes", asJSON, `{'name':'A'}`, 400, "malformed_body"},
		{"a key without quotes", asJSON, `{name:"A"}`, 400, "malformed_body"},
		{"a byte order mark", asJSON, "\ufeff" + `{"name":"A"}`, 400, "malformed_body"},
		{"an array", asJSON, `[{"name":"A"}]`, 400, "malformed_body"},
		{"a text", asJSON, `"name"`, 400, "malformed_body"},
		{"a number", asJSON, `1`, 400, "malformed_body"},
		{"null", asJSON, `null`, 400, "malformed_body"},
		{"true", asJSON, `true`, 400, "malformed_body"},
		{"a key twice", asJSON, `{"name":"A","name":"B"}`, 400, "malformed_body"},
		{"a key twice, once escaped", asJSON, `{"name":"A","n\u0061me":"B"}`, 400, "malformed_body"},
		{"a key twice, deep inside", asJSON, `{"name":"A","x":[{"y":{"z":1,"z":2}}]}`, 400, "malformed_body"},
		{"NaN", asJSON, `{"name":NaN}`, 400, "malformed_body"},
		{"Infinity", asJSON, `{"name":-Infinity}`, 400, "malformed_body"},
		{"a hexadecimal number", asJSON, `{"name":0x10}`, 400, "malformed_body"},
		{"a leading zero", asJSON, `{"name":01}`, 400, "malformed_body"},
		{"a bare control character", asJSON, "{\"name\":\"A\x01\"}", 400, "malformed_body"},
		{"10000 levels that never end", asJSON, strings.Repeat(`{"a":`, 10_000), 400, "malformed_body"},
		{"1e309", asJSON, `{"name":1e309}`, 422, "out_of_range"},
		{"an integer of 400 digits", asJSON, `{"name":` + strings.Repeat("9", 400) + `}`, 422, "out_of_range"},
		{"33 levels of objects", asJSON, nested(33, `{"a":`, "}"), 422, "too_deep"},
		{"33 levels of arrays", asJSON, `{"a":` + nested(32, "[", "]") + "}", 422, "too_deep"},
		{"9000 levels", asJSON, nested(9000, `{"a":`, "}"), 422, "too_deep"},
		{"10001 levels", asJSON, nested(10_001, `{"a":`, "}"), 422, "too_deep"},
		{"half a million levels", asJSON, `{"a":` + nested(1<<19-10, "[", "]") + "}", 422, "too_deep"},
		{"a million brackets that never end", asJSON, `{"a":` + strings.Repeat("[", 1<<20-10), 400, "malformed_body"},
		{"101 fields", asJSON, fields(101), 422, "too_many"},
		{"1001 elements", asJSON, `{"a":[` + strings.TrimSuffix(strings.Repeat("1,", 1001), ",") + "]}", 422, "too_many"},
		{"invalid UTF-8", asJSON, "{\"name\":\"A\xff\"}", 422, "invalid_text"},
		{"invalid UTF-8 in a key", asJSON, "{\"na\xc3me\":\"A\"}", 422, "invalid_text"},
		{"overlong UTF-8", asJSON, "{\"name\":\"\xc0\xaf\"}", 422, "invalid_text"},
		{"NUL", asJSON, `{"name":"A\u0000"}`, 422, "invalid_text"},
		{"NUL in a key", asJSON, `{"na\u0000me":"A"}`, 422, "invalid_text"},
		{"half a surrogate pair", asJSON, `{"name":"A\ud800"}`, 422, "invalid_characters"},
		{"an unknown field", asJSON, `{"name":"A","nickname":"B"}`, 422, "unknown_field"},
		{"a field in another case", asJSON, `{"name":"A","Name":"B"}`, 422, "unknown_field"},
		{"a field that means something elsewhere", asJSON, `{"name":"A","__proto__":{"admin":true}}`, 422, "unknown_field"},
		{"an empty key", asJSON, `{"name":"A","":1}`, 422, "unknown_field"},
		{"a number for a text", asJSON, `{"name":5}`, 422, "wrong_type"},
		{"an object for a text", asJSON, `{"name":{"$ne":null}}`, 422, "wrong_type"},
		{"an array for a text", asJSON, `{"name":["A"]}`, 422, "wrong_type"},
		{"null for a text", asJSON, `{"name":null}`, 422, "wrong_type"},
		{"a text of a mebibyte", asJSON, `{"name":"` + strings.Repeat("x", 1<<20-100) + `"}`, 422, "too_long"},
		{"a body of a mebibyte and a byte", asJSON, `{"name":"` + strings.Repeat("x", 1<<20+1-11) + `"}`, 413, "body_too_large"},
		{"a form", "application/x-www-form-urlencoded", "name=A", 415, "unsupported_media_type"},
		{"a multipart form", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA\r\n--x--\r\n", 415, "unsupported_media_type"},
		{"plain text", "text/plain", `{"name":"A"}`, 415, "unsupported_media_type"},
		{"plain text with a hint", "text/plain; application/json", `{"name":"A"}`, 415, "unsupported_media_type"},
		{"XML", "application/xml", `<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>`, 415, "unsupported_media_type"},
		{"CBOR", "application/cbor", "\xa1\x64name\x61A", 415, "unsupported_media_type"},
		{"JSON of another kind", "application/merge-patch+json", `{"name":"A"}`, 415, "unsupported_media_type"},
		{"JSON in UTF-16", "application/json; charset=utf-16", "{\x00}\x00", 415, "unsupported_media_type"},
		{"JSON in Latin-1", "application/json; charset=iso-8859-1", `{"name":"A"}`, 415, "unsupported_media_type"},
		{"JSON by half", "application/jso", `{"name":"A"}`, 415, "unsupported_media_type"},
		{"no content type", "", `{"name":"A"}`, 415, "unsupported_media_type"},
		{"a content type that is none", ";;;", `{"name":"A"}`, 415, "unsupported_media_type"},
	}
	t.Run("each is refused", func(t *testing.T) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				header := http.Header{}
				if tc.contentType != "" {
					header.Set("Content-Type", tc.contentType)
				}
				begin := time.Now()
				res := c.Owner.On(t).Send(http.MethodPost, "/api/v1/organizations", header, []byte(tc.body))
				if took := time.Since(begin); took > quick {
					t.Errorf("took %v", took)
				}
				if tc.status != http.StatusUnprocessableEntity {
					res.WantProblem(tc.status, tc.code)
					return
				}
				res.WantProblem(tc.status, "validation_failed")
				for _, code := range res.FieldCodes() {
					if code != tc.code {
						t.Errorf("fields = %v, want %s", res.FieldCodes(), tc.code)
					}
				}
				if strings.Contains(string(res.Body), "nickname\":") || len(res.Body) > 2000 {
					t.Errorf("the answer repeats the input: %.300s", res.Body)
				}
			})
		}
	})
	if n := len(c.Owner.Get("/organizations").Want(http.StatusOK).Data()); n != 1 {
		t.Errorf("%d organizations, want 1", n)
	}
}

func TestHostile_BodiesThatPass(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	for name, contentType := range map[string]string{
		"a charset": "application/json; charset=utf-8", "a charset in upper case": "Application/JSON; Charset=UTF-8", "a quoted charset": `application/json; charset="utf-8"`,
	} {
		res := ada.Send(http.MethodPatch, "/api/v1/me", http.Header{"Content-Type": {contentType}}, []byte(`{"name":"Ada L."}`))
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.Body)
		}
	}
	// What stays within the bounds is refused for what it is, not for its size.
	for name, body := range map[string]string{
		"32 levels": nested(32, `{"a":`, "}"), "100 fields": fields(100),
		"1000 elements": `{"a":[` + strings.TrimSuffix(strings.Repeat("1,", 1000), ",") + "]}",
	} {
		res := ada.Send(http.MethodPatch, "/api/v1/me", jsonHeader(), []byte(body)).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
		for _, code := range res.FieldCodes() {
			if code != "unknown_field" {
				t.Errorf("%s: %v", name, res.FieldCodes())
			}
		}
	}
	for _, body := range []any{nil, M{}} {
		ada.Do(http.MethodPost, "/auth/verify-email/resend", body).Want(http.StatusAccepted)
		ada.Do(http.MethodDelete, "/me/avatar", body).Want(http.StatusOK)
	}
	wantField(t, ada.Do(http.MethodDelete, "/me/avatar", M{"x": 1}), "x", "unknown_field")
	ada.Do(http.MethodDelete, "/me/avatar", []byte("null")).WantProblem(http.StatusBadRequest, "malformed_body")
	ada.Send(http.MethodDelete, "/api/v1/me/avatar", nil, []byte("x=1")).WantProblem(http.StatusUnsupportedMediaType, "unsupported_media_type")
}

// TestHostile_Compressed runs alone, since it measures memory.
func TestHostile_Compressed(t *testing.T) {
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 64 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var parallel sync.WaitGroup
	for range 10 {
		parallel.Go(func() {
			for _, encoding := range []string{"gzip", "deflate", "br", "identity", "gzip, gzip", "x"} {
				header := jsonHeader()
				header.Set("Content-Encoding", encoding)
				res, err := ada.TrySend(http.MethodPatch, "/api/v1/me", header, bomb.Bytes())
				if err != nil || res.Code() != "unsupported_media_type" {
					t.Errorf("%s: %v, %v", encoding, res, err)
				}
			}
		})
	}
	parallel.Wait()
	runtime.ReadMemStats(&after)
	// 60 bodies of 64 KiB, sent and read; unpacked they would be 3.75 GiB.
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 256<<20 {
		t.Errorf("%d MiB were allocated", grown>>20)
	}
}

func TestHostile_MassAssignment(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	forbidden := M{
		"id": apitest.NewID(), "organization_id": apitest.NewID(), "organization": "x", "role": "owner", "owner_id": c.Member.ID(), "owner_user_id": c.Member.ID(),
		"owner": M{"id": c.Member.ID()}, "plan": "enterprise", "status": "active", "stripe_customer_id": "cus_x", "stripe_subscription_id": "sub_x",
		"email_verified": true, "email_verified_at": start, "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z", "is_operator": true,
		"is_default": true, "version": 99, "member_limit": 1000, "suspended_at": nil, "password_hash": "x", "user_id": c.Member.ID(), "permissions": []string{"organization:delete"},
	}
	routes := map[string]struct {
		who  *apitest.Client
		body M
	}{
		"/auth/sign-up":                 {nil, M{"email": "eve@example.com", "password": apitest.Password, "name": "Eve"}},
		"/auth/sign-in":                 {nil, M{"email": c.Member.Email(), "password": apitest.Password}},
		"/auth/sudo":                    {c.Owner, M{"password": apitest.Password}},
		"/auth/verify-email":            {nil, M{"token": "x"}},
		"/auth/password/forgot":         {nil, M{"email": c.Member.Email()}},
		"/auth/password/reset":          {nil, M{"token": "x", "password": newPassword}},
		"/me":                           {c.Owner, M{"name": "New"}},
		"/me/password":                  {c.Owner, M{"current_password": apitest.Password, "new_password": newPassword}},
		"/me/email":                     {c.Owner, M{"email": "new@example.com"}},
		"/organizations":                {c.Owner, M{"name": "New"}},
		"/organizations/{organization}": {c.Owner, M{"name": "New"}},
		"/organizations/{organization}/transfer-ownership":             {c.Owner, M{"membership_id": c.AdminID}},
		"/organizations/{organization}/workspaces":                     {c.Owner, M{"name": "New"}},
		"/organizations/{organization}/workspaces/{workspace}":         {c.Owner, M{"name": "New"}},
		"/organizations/{organization}/workspaces/{workspace}/members": {c.Owner, M{"membership_id": c.MemberID}},
		"/organizations/{organization}/members/{membership}":           {c.Owner, M{"role": "admin"}},
		"/organizations/{organization}/invitations":                    {c.Owner, M{"email": "new@example.com", "role": "member"}},
		"/organizations/{organization}/invitations/batch":              {c.Owner, M{"emails": []string{"new@example.com"}, "role": "member"}},
		"/invitations/preview":                                         {nil, M{"token": "x"}},
		"/invitations/decline":                                         {nil, M{"token": "x"}},
		"/invitations/accept":                                          {c.Owner, M{"token": "x"}},
		"/demo/clock":                                                  {nil, M{"advance_days": 1}},
	}
	roomFor(t, s, c, 100)
	everything := func() string {
		var b strings.Builder
		for _, path := range []string{"/me", "/organizations", c.Path(""), c.Path("/members"), c.Path("/invitations"), c.Path("/workspaces"), c.Path("/subscription"), c.Path("/workspaces/" + c.Open + "/members")} {
			b.Write(c.Owner.Get(path).Want(http.StatusOK).Body)
		}
		return b.String() + string(c.Member.Get("/me").Want(http.StatusOK).Body)
	}
	before := everything()
	ids := strings.NewReplacer("{organization}", c.ID, "{workspace}", c.Open, "{membership}", c.MemberID)
	for _, route := range s.API.Routes {
		if route.Body != "json" {
			continue
		}
		tc, known := routes[route.Path]
		if !known {
			t.Errorf("%s %s: say what it takes", route.Method, route.Path)
			continue
		}
		for field, value := range forbidden {
			if _, allowed := tc.body[field]; allowed {
				continue
			}
			body := M{field: value}
			maps.Copy(body, tc.body)
			who := tc.who
			if who == nil {
				who = s.Anonymous(t)
			}
			res := who.Do(route.Method, ids.Replace(route.Path), body).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
			if res.FieldCodes()[field] != "unknown_field" {
				t.Errorf("%s %s with %s: %v", route.Method, route.Path, field, res.FieldCodes())
			}
		}
	}
	if after := everything(); after != before {
		t.Errorf("something changed:\n%s\n%s", after, before)
	}
	s.Anonymous(t).Post("/auth/sign-in", M{"email": "eve@example.com", "password": apitest.Password}).Want(http.StatusUnauthorized)
}

func TestHostile_Requests(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	get := func(path string) string { return rawAs(ada, "GET "+path) + "\r\n" }
	const signIn = "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: rowhouse.test\r\nConnection: close\r\n"

	for _, tc := range []struct {
		name, request string
		status        int
		code          string // "" for an answer that is no problem
	}{
		{"the address itself", get("/api/v1/me"), 200, ""},
		{"a slash at the end", get("/api/v1/me/"), 200, ""},
		{"a slash twice in front", get("//api/v1/me"), 404, "not_found"},
		{"a slash twice inside", get("/api//v1/me"), 404, "not_found"},
		{"a dot", get("/api/v1/./me"), 404, "not_found"},
		{"a step up", get("/api/v1/x/../me"), 404, "not_found"},
		{"an encoded step up", get("/api/v1/%2e%2e/v1/me"), 404, "not_found"},
		{"an encoded slash", get("/api/v1%2fme"), 404, "not_found"},
		{"an encoded letter", get("/api/v1/%6de"), 404, "not_found"},
		{"a backslash", get(`/api\v1\me`), 404, "not_found"},
		{"NUL", get("/api/v1/me%00"), 404, "not_found"},
		{"a half escape", get("/api/v1/me%"), 404, "not_found"},
		{"a semicolon", get("/api/v1/me;x=1"), 404, "not_found"},
		{"upper case", get("/API/V1/ME"), 404, "not_found"},
		{"upper case at the end", get("/api/v1/Me"), 404, "not_found"},
		{"bytes that are no text", get("/api/v1/organizations/\xff\xfe"), 404, "not_found"},
		{"an address with a host", get("http://evil.example/api/v1/me"), 200, ""},
		{"a step up below the docs", get("/docs/..%2f..%2fgo.mod"), 404, "not_found"},
		{"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found"},
		{"an address of 4 KiB", get("/api/v1/me?x=" + strings.Repeat("x", 4096-len("/api/v1/me?x="))), 200, ""},
		{"a byte more", get("/api/v1/me?x=" + strings.Repeat("x", 4097-len("/api/v1/me?x="))), 414, "uri_too_long"},
		{"headers of 17 KiB", "GET /api/v1/plans HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 17<<10) + "\r\n\r\n", 431, "headers_too_large"},
		{"a thousand headers", "GET /api/v1/plans HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Header-Header: a\r\n", 1000) + "\r\n", 431, "headers_too_large"},
		{"a cookie of 17 KiB", "GET /api/v1/plans HTTP/1.1\r\nHost: x\r\nCookie: a=" + strings.Repeat("a", 17<<10) + "\r\n\r\n", 431, "headers_too_large"},
		{"a body that is announced as 3 MiB", signIn + "Content-Type: application/json\r\nContent-Length: 3145728\r\n\r\n", 413, "body_too_large"},
		{"a negative length", signIn + "Content-Length: -5\r\n\r\n", 400, "malformed_request"},
		{"a length that is no number", signIn + "Content-Length: five\r\n\r\n", 400, "malformed_request"},
		{"chunks beyond the limit", signIn + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n300000\r\n", 413, "body_too_large"},
		{"a chunk whose size is none", signIn + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "malformed_request"},
		{"no request", "NONSENSE\r\n\r\n", 400, "malformed_request"},
		{"HTTP/1.1 without a host", "GET /api/v1/plans HTTP/1.1\r\n\r\n", 400, "malformed_request"},
		{"HTTP/1.0", "GET /api/v1/plans HTTP/1.0\r\n\r\n", 200, ""},
		{"HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404, "not_found"},
		{"a header without a colon", "GET /api/v1/plans HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n", 400, "malformed_request"},
		{"a header with a carriage return", "GET /api/v1/plans HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\rSet-Cookie: x=y\r\n\r\n", 400, "malformed_request"},
		{"TRACE", rawAs(ada, "TRACE /api/v1/me") + "\r\n", 405, "method_not_allowed"},
		{"CONNECT", rawAs(ada, "CONNECT /api/v1/me") + "\r\n", 405, "method_not_allowed"},
		{"OPTIONS", rawAs(ada, "OPTIONS /api/v1/me") + "\r\n", 405, "method_not_allowed"},
		{"PUT", rawAs(ada, "PUT /api/v1/me") + "\r\n", 405, "method_not_allowed"},
		{"PROPFIND", rawAs(ada, "PROPFIND /api/v1/me") + "\r\n", 405, "method_not_allowed"},
		{"a method in lower case", rawAs(ada, "get /api/v1/me") + "\r\n", 405, "method_not_allowed"},
		{"a method that nobody knows", rawAs(ada, "HACK /api/v1/me") + "\r\n", 405, "method_not_allowed"},
		{"a method that nobody knows, nowhere", "HACK /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found"},
		{"a cookie that is garbage", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: ;;=;rowhouse_session;=x;\"\r\n\r\n", 401, "unauthenticated"},
		{"an empty session", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: rowhouse_session=\r\n\r\n", 401, "unauthenticated"},
		{"a session of 10 KiB", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: rowhouse_session=" + strings.Repeat("a", 10<<10) + "\r\n\r\n", 401, "unauthenticated"},
		{"a session of bytes that are no text", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: rowhouse_session=\xff\xfe\r\n\r\n", 401, "unauthenticated"},
		{"a good session behind a bad one", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: rowhouse_session=bad; rowhouse_session=" + ada.Cookie("rowhouse_session") + "\r\n\r\n", 401, "unauthenticated"},
		{"the token as a bearer", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + ada.Cookie("rowhouse_session") + "\r\n\r\n", 401, "unauthenticated"},
		{"the token in the address", "GET /api/v1/me?rowhouse_session=" + ada.Cookie("rowhouse_session") + " HTTP/1.1\r\nHost: x\r\n\r\n", 401, "unauthenticated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			res, body := raw(t, s, tc.request)
			if took := time.Since(begin); took > quick {
				t.Errorf("took %v", took)
			}
			var problem struct {
				Code   string `json:"code"`
				Status int    `json:"status"`
				ID     string `json:"request_id"`
			}
			if tc.code != "" {
				if err := json.Unmarshal([]byte(body), &problem); err != nil {
					t.Fatalf("%d %s", res.StatusCode, body)
				}
				if problem.Status != res.StatusCode || problem.ID == "" || problem.ID != res.Header.Get("X-Request-Id") {
					t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
				}
				if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
					t.Errorf("Content-Type = %q", got)
				}
			}
			if res.StatusCode != tc.status || problem.Code != tc.code {
				t.Errorf("%d %.300s, want %d %s", res.StatusCode, body, tc.status, tc.code)
			}
			if res.Header.Get("Set-Cookie") != "" && strings.Contains(res.Header.Get("Set-Cookie"), "x=y") {
				t.Error("a header was smuggled in")
			}
		})
	}
}

func TestHostile_MethodOverride(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		ada.Send(http.MethodGet, "/api/v1/me?_method=DELETE", http.Header{name: {"DELETE"}}, nil).Want(http.StatusOK)
		ada.Send(http.MethodPost, "/api/v1/me", http.Header{name: {"PATCH"}, "Content-Type": {"application/json"}}, []byte(`{"name":"X"}`)).
			WantProblem(http.StatusMethodNotAllowed, "method_not_allowed")
	}
	if name := ada.Get("/me").Want(http.StatusOK).Text("name"); name != "Ada" {
		t.Errorf("name = %q", name)
	}
}

func TestHostile_Host(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	address := ada.Upload("/me/avatar", picture(t, 4, 4)).Want(http.StatusOK).Text("avatar_url")
	for _, header := range []string{
		"Host: evil.example", "Host: rowhouse.test:1234", "Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https",
		"Host: rowhouse.test\r\nX-Forwarded-Host: evil.example", "Host: rowhouse.test\r\nForwarded: host=evil.example;proto=https",
		"Host: rowhouse.test\r\nX-Original-Url: /api/v1/plans\r\nX-Rewrite-Url: /api/v1/plans",
	} {
		res, body := raw(t, s, "GET /api/v1/me HTTP/1.1\r\n"+header+"\r\nConnection: close\r\nCookie: rowhouse_session="+ada.Cookie("rowhouse_session")+"\r\n\r\n")
		if res.StatusCode != http.StatusOK || !strings.Contains(body, address) || strings.Contains(body+fmt.Sprint(res.Header), "evil") {
			t.Errorf("%q: %d %v %s", header, res.StatusCode, res.Header, body)
		}
	}
}

// TestHostile_NoEcho sends what must not come back, or be found in an error.
func TestHostile_NoEcho(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	const canary = "canary-4f1c"
	for _, res := range []*apitest.Response{
		ada.Post("/me/password", M{"current_password": canary + " wrong", "new_password": canary}),
		ada.Post("/me/password", M{"current_password": M{canary: 1}, "new_password": []string{canary}}),
		ada.Post("/auth/sign-in", M{"email": canary, "password": canary}),
		ada.Post("/auth/verify-email", M{"token": canary}),
		ada.Post("/organizations", M{"name": canary + "\u202e", "slug": canary + "!", "description": 5}),
		ada.Get("/organizations/" + canary),
		ada.Get("/organizations?cursor=" + canary),
		ada.Get("/organizations?limit=" + canary),
		ada.Get("/" + canary),
		ada.Do(http.MethodPost, "/organizations", []byte(canary)),
	} {
		if res.StatusCode < 400 || res.StatusCode >= 500 || strings.Contains(string(res.Body)+fmt.Sprint(res.Header), canary) {
			t.Errorf("%s %s = %d %v %s", res.Request.Method, res.Request.URL.Path, res.StatusCode, res.Header, res.Body)
		}
	}
}
