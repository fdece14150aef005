package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"rowhouse/test/apitest"
)

// logged returns the lines of the log, which must be JSON with a request id.
func logged(t *testing.T, s *apitest.Server) []M {
	t.Helper()
	var lines []M
	for text := range strings.Lines(s.Logs.String()) {
		var line M
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if id, _ := line["request_id"].(string); id == "" {
			t.Errorf("no request_id: %s", text)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestLog_Secrets(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.Unverified)
	const canary = "canary-7d2e"
	ada := s.Anonymous(t)
	ada.Header.Set("User-Agent", canary+"-agent")
	ada.Header.Set("X-Forwarded-For", "203.0.113.77")
	ada.Header.Set("Authorization", "Bearer "+canary)
	ada.Header.Set("Referer", "http://rowhouse.test/reset-password?"+canary)
	password := canary + " lantern"
	email := canary + "@example.com"
	secrets := []string{canary, "203.0.113.77", "example.com", "lantern"}
	cookies := func() {
		for _, name := range []string{"rowhouse_session", "rowhouse_device", "csrf_token"} {
			if value := ada.Cookie(name); value != "" {
				secrets = append(secrets, value)
			}
		}
	}

	ada.Post("/auth/sign-up", M{"email": email, "password": password, "name": canary}).Want(http.StatusCreated)
	cookies()
	verify := mailedToken(t, s, email)
	ada.Post("/auth/verify-email", M{"token": verify}).Want(http.StatusNoContent)
	ada.Post("/auth/verify-email", M{"token": verify}).Want(http.StatusUnprocessableEntity)
	ada.Post("/auth/sign-in", M{"email": email, "password": canary + " wrong"}).Want(http.StatusUnauthorized)
	ada.Post("/auth/sign-in", M{"email": email, "password": password}).Want(http.StatusOK)
	cookies()
	ada.Post("/auth/sudo", M{"password": password}).Want(http.StatusNoContent)
	cookies()
	ada.Post("/auth/password/forgot", M{"email": email}).Want(http.StatusAccepted)
	reset := mailedToken(t, s, email)
	secrets = append(secrets, verify, reset)
	organization := ada.Post("/organizations", M{"name": canary, "slug": canary}).Want(http.StatusCreated)
	id := organization.Text("id")
	ada.Send(http.MethodPatch, "/api/v1/organizations/"+canary, http.Header{"If-Match": {`"` + canary + `"`}, "Content-Type": {"application/json"}}, []byte(`{}`)).
		Want(http.StatusPreconditionFailed)
	ada.Get("/organizations/" + canary + "/members?query=" + canary + "&cursor=" + canary).Want(http.StatusBadRequest)
	ada.Get("/slugs/" + canary).Want(http.StatusOK)
	ada.Get("/" + canary + "?token=" + reset).Want(http.StatusNotFound)
	ada.Send(http.MethodGet, "/reset-password?token="+reset, nil, nil)
	ada.Send(http.MethodGet, "/api/v1/me", http.Header{"X-Request-Id": {"sane"}}, nil).Want(http.StatusOK)
	ada.Do(http.MethodPost, "/organizations", []byte(`{"name":"`+canary)).Want(http.StatusBadRequest)
	ada.Post("/me/email", M{"email": "new-" + email}).Want(http.StatusAccepted)
	secrets = append(secrets, mailedToken(t, s, "new-"+email))
	ada.Upload("/me/avatar", []byte(canary)).Want(http.StatusUnprocessableEntity)
	ada.Post("/auth/password/reset", M{"token": reset, "password": canary + " other"}).Want(http.StatusNoContent)

	text := s.Logs.String()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if strings.Contains(text, "@") || strings.Contains(text, "?") {
		t.Error("an address or a query is in the log")
	}
	var complete bool
	for _, line := range logged(t, s) {
		complete = complete || line["organization"] == id && line["user"] != nil && line["status"] == 412.0 && strings.HasSuffix(line["route"].(string), "/organizations/{organization}")
	}
	if !complete {
		t.Errorf("no line names organization, user, route and status:\n%s", text)
	}
}

func TestLog_Lines(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	before := len(logged(t, s))
	c.Member.Send(http.MethodGet, "/api/v1"+c.Path("/workspaces/"+c.Open), http.Header{"X-Request-Id": {"one"}}, nil).Want(http.StatusOK)
	s.Anonymous(t).Send(http.MethodGet, "/api/v1/me", http.Header{"X-Request-Id": {"two"}}, nil).Want(http.StatusUnauthorized)
	s.Anonymous(t).Send(http.MethodGet, "/api/v1/nowhere", http.Header{"X-Request-Id": {"three"}}, nil).Want(http.StatusNotFound)
	lines := logged(t, s)[before:]
	want := []struct {
		id, route          string
		organization, user any
		status             float64
	}{
		{"one", "/organizations/{organization}/workspaces/{workspace}", c.ID, c.Member.ID(), 200},
		{"two", "/me", nil, nil, 401},
		{"three", "", nil, nil, 404},
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d: %v", len(lines), len(want), lines)
	}
	for i, w := range want {
		line := lines[i]
		route, _ := line["route"].(string)
		if line["request_id"] != w.id || !strings.HasSuffix(route, w.route) || line["organization"] != w.organization || line["user"] != w.user ||
			line["status"] != w.status || line["level"] != "INFO" || line["msg"] != "request" || line["duration_ns"] == nil || line["time"] == nil {
			t.Errorf("line = %v, want %+v", line, w)
		}
	}
}

func TestLog_Panic(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, panicking)
	ada := s.SignUp(t, "Ada")
	before := len(logged(t, s))
	res := ada.Post("/auth/sudo", M{"password": "canary-password"}).WantProblem(http.StatusInternalServerError, "internal_error")
	for _, detail := range []string{"panic", "goroutine", ".go:", "canary", "runtime"} {
		if strings.Contains(string(res.Body), detail) {
			t.Errorf("the answer tells %q: %s", detail, res.Body)
		}
	}
	wantSecurityHeaders(t, "a panic", res.Header, false)
	var failures, requests int
	for _, line := range logged(t, s)[before:] {
		if line["request_id"] != res.Header.Get("X-Request-Id") {
			t.Errorf("another request was logged: %v", line)
		}
		switch line["msg"] {
		case "request failed":
			failures++
			if line["level"] != "ERROR" || line["error"] != "canary-panic" || line["user"] != ada.ID() {
				t.Errorf("logged %v", line)
			}
		case "request":
			requests++
			if line["status"] != 500.0 {
				t.Errorf("logged %v", line)
			}
		default:
			t.Errorf("logged %v", line)
		}
	}
	if failures != 1 || requests != 1 {
		t.Errorf("%d failures and %d requests are logged, want 1 and 1", failures, requests)
	}
	if strings.Contains(s.Logs.String(), "canary-password") {
		t.Error("the password is in the log")
	}
	ada.Get("/me").Want(http.StatusOK)
}
