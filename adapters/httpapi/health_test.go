package httpapi_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/httpapi"
	"rowhouse/adapters/system"
	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// bare is the API without use cases behind it: enough for what asks none.
func bare(t *testing.T, log *slog.Logger, checks ...httpapi.Check) *httpapi.API {
	t.Helper()
	return httpapi.New(httpapi.Config{
		PublicURL: &url.URL{Scheme: "http", Host: "rowhouse.test"}, Key: domain.SecretKey("a key for tests that is long enough"),
		Version: "test", Now: system.Clock{}.Now, NewID: system.IDs{}.New, Checks: checks,
	}, log, httpapi.Services{})
}

func ask(t *testing.T, api *httpapi.API, method, path string) (int, string) {
	t.Helper()
	res, err := api.App.Test(httptest.NewRequestWithContext(t.Context(), method, path, nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control = %q, want no-store", path, got)
	}
	return res.StatusCode, string(body)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	up := func(context.Context) error { return nil }
	down := func(context.Context) error {
		return errors.New("dial tcp: canary-host:5432: password canary-secret refused")
	}
	stuck := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for _, tc := range []struct {
		name   string
		checks []httpapi.Check
		status int
		body   string
	}{
		{"with nothing to ask it is ready", nil, 200, `{"status":"ready"}`},
		{"with everything there it is ready", []httpapi.Check{{"postgres", true, up}, {"redis", false, up}}, 200, `{"status":"ready","checks":{"postgres":"ok","redis":"ok"}}`},
		{"without what it needs it is not", []httpapi.Check{{"postgres", true, down}, {"redis", false, up}}, 503, `{"status":"not ready","checks":{"postgres":"down","redis":"ok"}}`},
		{"what it can do without is reported", []httpapi.Check{{"postgres", true, up}, {"redis", false, down}, {"stripe", false, down}}, 200, `{"status":"ready","checks":{"postgres":"ok","redis":"down","stripe":"down"}}`},
		{"who does not answer is down", []httpapi.Check{{"postgres", true, stuck}}, 503, `{"status":"not ready","checks":{"postgres":"down"}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			api := bare(t, slog.New(slog.NewJSONHandler(&log, nil)), tc.checks...)
			begin := time.Now()
			if status, body := ask(t, api, http.MethodGet, "/readyz"); status != tc.status || body != tc.body {
				t.Errorf("readyz = %d %s, want %d %s", status, body, tc.status, tc.body)
			}
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			if status, body := ask(t, api, http.MethodGet, "/livez"); status != http.StatusOK || body != `{"status":"ok"}` {
				t.Errorf("livez = %d %s", status, body)
			}
			if status, body := ask(t, api, http.MethodHead, "/readyz"); status != tc.status || body != "" {
				t.Errorf("HEAD readyz = %d %s", status, body)
			}
			if strings.Contains(log.String(), "canary") {
				t.Errorf("logged %s", log.String())
			}
		})
	}

	t.Run("while it drains it lives, and is not ready", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		s.API.Drain()
		s.API.Drain() // twice does no harm
		res := ada.Send(http.MethodGet, "/readyz", nil, nil).Want(http.StatusServiceUnavailable)
		if got := res.Text("status"); got != "draining" {
			t.Errorf("status = %s, want draining", got)
		}
		ada.Send(http.MethodGet, "/livez", nil, nil).Want(http.StatusOK)
		ada.Get("/me").Want(http.StatusOK) // requests under way, and late ones, are served
	})

	t.Run("neither takes a session or hands out a cookie", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		for _, path := range []string{"/livez", "/readyz"} {
			if res := withCookie(t, s, "garbage").Send(http.MethodGet, path, nil, nil).Want(http.StatusOK); len(res.Cookies()) > 0 {
				t.Errorf("%s sets %v", path, res.Cookies())
			}
			s.Anonymous(t).Send(http.MethodPost, path, nil, nil).WantProblem(http.StatusMethodNotAllowed, "method_not_allowed")
		}
	})
}
