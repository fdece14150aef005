package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/httpapi"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/test/apitest"
)

// limitedRoute is a route whose requests are limited, and what it answers to
// one that comes through.
type limitedRoute struct {
	name   string
	limit  int64
	period time.Duration
	status int
	ask    func(*apitest.Client) (*apitest.Response, error)
}

// perAddress are the routes that are limited for each address.
var perAddress = []limitedRoute{
	{"sign-in", 30, time.Minute, http.StatusUnauthorized, func(c *apitest.Client) (*apitest.Response, error) {
		return c.TryDo(http.MethodPost, "/auth/sign-in", M{"email": apitest.NewID() + "@example.com", "password": "wrong horse battery"})
	}},
	{"sign-up", 5, time.Hour, http.StatusCreated, func(c *apitest.Client) (*apitest.Response, error) {
		return c.TryDo(http.MethodPost, "/auth/sign-up", M{"email": apitest.NewID() + "@example.com", "password": apitest.Password, "name": "Ada"})
	}},
	{"a forgotten password", 10, time.Hour, http.StatusAccepted, func(c *apitest.Client) (*apitest.Response, error) {
		return c.TryDo(http.MethodPost, "/auth/password/forgot", M{"email": apitest.NewID() + "@example.com"})
	}},
	{"a new password", 10, time.Hour, http.StatusUnprocessableEntity, func(c *apitest.Client) (*apitest.Response, error) {
		return c.TryDo(http.MethodPost, "/auth/password/reset", M{"token": "none", "password": "short"})
	}},
}

var founding = limitedRoute{"founding", 5, 24 * time.Hour, http.StatusCreated, func(c *apitest.Client) (*apitest.Response, error) {
	return c.TryDo(http.MethodPost, "/organizations", M{"name": "Acme"})
}}

// at returns a client of its own with an address.
func at(t *testing.T, s *apitest.Server, address string) *apitest.Client {
	t.Helper()
	c := s.Anonymous(t)
	c.Header.Set("X-Forwarded-For", address)
	return c
}

// through asks once and fails the test unless the request comes through.
func (r limitedRoute) through(t *testing.T, c *apitest.Client) *apitest.Response {
	t.Helper()
	res, err := r.ask(c)
	if err != nil {
		t.Fatal(err)
	}
	return res.Want(r.status)
}

func (r limitedRoute) interval() time.Duration { return r.period / time.Duration(r.limit) }

// useUp asks until it is refused, and checks all that is said about it on the
// way. What the time brings back meanwhile comes through, and nothing else.
func (r limitedRoute) useUp(t *testing.T, client func() *apitest.Client) {
	t.Helper()
	began := time.Now()
	for n := int64(1); ; n++ {
		res, err := r.ask(client())
		if err != nil {
			t.Fatal(err)
		}
		back := int64(time.Since(began) / r.interval())
		wantHeader(t, res, "RateLimit-Limit", strconv.FormatInt(r.limit, 10))
		remaining, reset := number(t, res, "RateLimit-Remaining"), number(t, res, "RateLimit-Reset")
		if least := max(r.limit-n, 0); remaining < least || remaining > least+back {
			t.Errorf("request %d: RateLimit-Remaining = %d, want %d, or up to %d more", n, remaining, least, back)
		}
		if reset < 1 || time.Duration(reset-1)*time.Second > r.period {
			t.Errorf("request %d: RateLimit-Reset = %d, want something within %v", n, reset, r.period)
		}
		if res.StatusCode == http.StatusTooManyRequests && n > r.limit {
			res.WantProblem(http.StatusTooManyRequests, "rate_limited")
			if wait := number(t, res, "Retry-After"); wait < 1 || time.Duration(wait-1)*time.Second > r.interval() || wait > reset {
				t.Errorf("Retry-After = %d, want something within %v", wait, r.interval())
			}
			return
		}
		res.Want(r.status)
		wantHeader(t, res, "Retry-After", "")
		if n > r.limit+back {
			t.Fatalf("%d requests came through, want %d", n, r.limit+back)
		}
	}
}

// refused asks as often and fails the test if more come through than the time
// has brought back meanwhile.
func (r limitedRoute) refused(t *testing.T, times int, client func() *apitest.Client) {
	t.Helper()
	began, through := time.Now(), int64(0)
	for range times {
		res, err := r.ask(client())
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusTooManyRequests {
			through++
		}
	}
	back := int64(0)
	if r.interval() < time.Minute { // a part of an interval may have gone by before
		back = 1 + int64(time.Since(began)/r.interval())
	}
	if through > back {
		t.Errorf("%d of %d requests came through, want at most %d", through, times, back)
	}
}

func number(t *testing.T, res *apitest.Response, header string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(res.Header.Get(header), 10, 64)
	if err != nil {
		t.Fatalf("%s %s: %s = %q, want a number", res.Request.Method, res.Request.URL.Path, header, res.Header.Values(header))
	}
	return n
}

// places are where requests are counted: where the assembly does, and where it
// does once Redis is gone.
var places = map[string][]apitest.Option{
	"as usual":      {apitest.LimitingRates, apitest.BehindProxy},
	"without Redis": {apitest.LimitingRates, apitest.BehindProxy, apitest.WithoutRedis},
}

func TestRateLimits_OfAnAddress(t *testing.T) {
	t.Parallel()
	for place, options := range places {
		for _, route := range perAddress {
			t.Run(route.name+" "+place, func(t *testing.T) {
				t.Parallel()
				s := apitest.New(t, options...)
				for _, tc := range []struct{ used, same, other string }{
					{"203.0.113.7", "::ffff:203.0.113.7", "203.0.113.8"},
					{"2001:db8:1:2::1", "2001:db8:1:2:dead:beef:0:1", "2001:db8:1:3::1"},
				} {
					used := func() *apitest.Client { return at(t, s, tc.used) }
					route.useUp(t, used)
					route.refused(t, 3, used)
					route.refused(t, 1, func() *apitest.Client { return at(t, s, tc.same) })
					route.through(t, at(t, s, tc.other))
				}
			})
		}
	}
}

func TestRateLimits_OfAUser(t *testing.T) {
	t.Parallel()
	for place, options := range places {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t, options...)
			signUp := func(address string) *apitest.Client {
				c := at(t, s, address)
				c.Post("/auth/sign-up", M{"email": apitest.NewID() + "@example.com", "password": apitest.Password, "name": "Ada"}).Want(http.StatusCreated)
				return c
			}
			ada, grace := signUp("203.0.113.7"), signUp("203.0.113.7")
			founding.useUp(t, func() *apitest.Client { return ada })
			ada.Header.Set("X-Forwarded-For", "203.0.113.8")
			founding.refused(t, 1, func() *apitest.Client { return ada })
			founding.through(t, grace)
			if list := ada.Get("/organizations").Want(http.StatusOK).Data(); len(list) != 5 {
				t.Errorf("Ada has %d organizations, want 5", len(list))
			}
		})
	}
}

// What makes us send mail, and what uses it, is counted together.
func TestRateLimits_OfRecoveryTogether(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.LimitingRates, apitest.BehindProxy, apitest.Unverified)
	ada := at(t, s, "203.0.113.7")
	ada.Post("/auth/sign-up", M{"email": "ada@example.com", "password": apitest.Password, "name": "Ada"}).Want(http.StatusCreated)
	for range 3 {
		ada.Post("/auth/verify-email/resend", nil).Want(http.StatusAccepted)
		ada.Post("/auth/password/forgot", M{"email": "nobody@example.com"}).Want(http.StatusAccepted)
		ada.Post("/auth/password/reset", M{"token": "none", "password": "short"}).Want(http.StatusUnprocessableEntity)
	}
	ada.Post("/auth/password/forgot", M{"email": "nobody@example.com"}).Want(http.StatusAccepted)
	for _, path := range []string{"/auth/verify-email/resend", "/auth/password/forgot", "/auth/password/reset"} {
		var body any
		if path != "/auth/verify-email/resend" {
			body = M{"email": "ada@example.com"}
		}
		ada.Post(path, body).WantProblem(http.StatusTooManyRequests, "rate_limited")
	}
}

// However many come at once, no more come through than one after the other.
func TestRateLimits_AtOnce(t *testing.T) {
	t.Parallel()
	for place, options := range places {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t, options...)
			signUp := perAddress[1]
			var through, refused atomic.Int64
			var wg sync.WaitGroup
			for range 60 {
				c := at(t, s, "203.0.113.7")
				wg.Go(func() {
					res, err := signUp.ask(c)
					switch {
					case err != nil:
						t.Error(err)
					case res.StatusCode == signUp.status:
						through.Add(1)
					case res.StatusCode == http.StatusTooManyRequests:
						refused.Add(1)
					}
				})
			}
			wg.Wait()
			if through.Load() != 5 || refused.Load() != 55 {
				t.Errorf("%d came through and %d were refused, want 5 and 55", through.Load(), refused.Load())
			}
		})
	}
}

func TestRateLimits_CannotBeEscapedByAHeader(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.LimitingRates)
	forgot, n := perAddress[2], 0
	spoofing := func() *apitest.Client {
		n++
		address := fmt.Sprintf("198.51.%d.%d", n/250, n%250)
		c := at(t, s, address)
		for _, name := range []string{"X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Forwarded-Host"} {
			c.Header.Set(name, address)
		}
		c.Header.Set("Forwarded", "for="+address)
		return c
	}
	forgot.useUp(t, spoofing)
	forgot.refused(t, 1000, spoofing)

	t.Run("behind a proxy neither", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.LimitingRates, apitest.BehindProxy)
		n := 0
		spoofing := func() *apitest.Client {
			n++
			return at(t, s, fmt.Sprintf("198.51.100.%d, 203.0.113.7", n))
		}
		forgot.useUp(t, spoofing)
		forgot.refused(t, 100, spoofing)
	})
}

func TestRateLimits_Off(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	for _, route := range append([]limitedRoute{founding}, perAddress...) {
		for range route.limit + 3 {
			client := s.Anonymous(t)
			if route.name == founding.name {
				client = ada
			}
			res := route.through(t, client)
			for _, name := range []string{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} {
				wantHeader(t, res, name, "")
			}
		}
	}
}

// The rate comes after what tells who is calling and before what is in the
// body. What was refused before does not count.
func TestRateLimits_Order(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.LimitingRates, apitest.BehindProxy)
	ada := s.SignUp(t, "Ada")
	noCSRF := *ada
	noCSRF.NoCSRF = true
	early := func(t *testing.T) {
		t.Helper()
		const path = "/api/v1/organizations"
		text := http.Header{"Content-Type": {"text/plain"}}
		for _, res := range []*apitest.Response{
			ada.Send(http.MethodPost, path, text, []byte("{}")).WantProblem(http.StatusUnsupportedMediaType, "unsupported_media_type"),
			ada.Send(http.MethodPost, path, jsonHeader(), []byte("{")).WantProblem(http.StatusBadRequest, "malformed_body"),
			s.Anonymous(t).Send(http.MethodPost, path, jsonHeader(), []byte(`{"name":"A"}`)).WantProblem(http.StatusUnauthorized, "unauthenticated"),
			noCSRF.Send(http.MethodPost, path, jsonHeader(), []byte(`{"name":"A"}`)).WantProblem(http.StatusForbidden, "csrf_failed"),
		} {
			wantHeader(t, res, "RateLimit-Remaining", "")
		}
	}
	for range 3 {
		early(t)
	}
	for _, body := range []string{`{"name":""}`, `{"bogus":1}`, nested(33, `{"a":`, "}")} {
		res := ada.Send(http.MethodPost, "/api/v1/organizations", jsonHeader(), []byte(body)).Want(http.StatusUnprocessableEntity)
		wantHeader(t, res, "RateLimit-Limit", "5") // such requests count
	}
	taken := ada.Post("/organizations", M{"name": "Acme", "slug": "acme"}).Want(http.StatusCreated)
	wantHeader(t, taken, "RateLimit-Remaining", "1")
	wantHeader(t, ada.Post("/organizations", M{"name": "Acme", "slug": "acme"}).Want(http.StatusConflict), "RateLimit-Remaining", "0")
	for _, body := range []string{`{"name":""}`, `{"bogus":1}`, nested(33, `{"a":`, "}"), `{"name":"A","slug":"acme"}`} {
		ada.Send(http.MethodPost, "/api/v1/organizations", jsonHeader(), []byte(body)).WantProblem(http.StatusTooManyRequests, "rate_limited")
	}
	early(t)
}

// The product's clock has nothing to do with rates.
func TestRateLimits_GoByRealTime(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.LimitingRates, apitest.BehindProxy)
	signUp, ada := perAddress[1], func() *apitest.Client { return at(t, s, "203.0.113.7") }
	signUp.useUp(t, ada)
	s.Clock.Advance(400 * 24 * time.Hour)
	signUp.refused(t, 2, ada)
}

// deaf is a limiter that cannot count.
type deaf struct{ ports.RateLimiter }

func (deaf) Allow(context.Context, string, domain.Rate) (domain.RateDecision, error) {
	return domain.RateDecision{}, domain.ErrUnavailable
}

func TestRateLimits_RefuseAllWhereNobodyCounts(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.LimitingRates, apitest.WithRateLimiter(func(ports.RateLimiter) ports.RateLimiter { return deaf{} }))
	for _, route := range perAddress {
		res, err := route.ask(s.Anonymous(t))
		if err != nil {
			t.Fatal(err)
		}
		res.WantProblem(http.StatusServiceUnavailable, "unavailable")
		wantHeader(t, res, "Retry-After", "2")
		wantHeader(t, res, "RateLimit-Limit", "")
	}
	if n := s.Passwords.Verifications.Load(); n > 0 {
		t.Errorf("%d passwords were looked at", n)
	}
	s.Anonymous(t).Get("/plans").Want(http.StatusOK)
}

// TestRoutesWithARate names every route that has one: whether a new one needs
// it must be decided.
func TestRoutesWithARate(t *testing.T) {
	t.Parallel()
	want := map[string]domain.RateClass{
		"signUp": domain.RateSignUp, "signIn": domain.RateSignIn, "resendVerification": domain.RateRecovery,
		"forgotPassword": domain.RateRecovery, "resetPassword": domain.RateRecovery, "createOrganization": domain.RateOrganizationCreation,
		"createInvitation": domain.RateInvitation, "createInvitations": domain.RateInvitation, "resendInvitation": domain.RateInvitation,
		"previewInvitation": domain.RateInvitationPreview, "declineInvitation": domain.RateInvitationPreview,
	}
	s := apitest.New(t, apitest.InMemory)
	described := describedHeaders(t, s.API)
	for _, route := range s.API.Routes {
		if route.Rate != want[route.ID] {
			t.Errorf("%s has the rate %q, want %q", route.ID, route.Rate, want[route.ID])
		}
		if route.Rate != "" && !slices.Contains(domain.RateClasses, route.Rate) {
			t.Errorf("%s has the rate %q, which is none", route.ID, route.Rate)
		}
		for _, status := range []int{route.Status, http.StatusUnprocessableEntity, http.StatusTooManyRequests} {
			wantHeaders := ""
			switch {
			case route.Rate == "":
			case status == http.StatusTooManyRequests:
				wantHeaders = "RateLimit-Limit RateLimit-Remaining RateLimit-Reset Retry-After"
			default:
				wantHeaders = "RateLimit-Limit RateLimit-Remaining RateLimit-Reset"
			}
			if got := described(route, status); got != wantHeaders {
				t.Errorf("%s, %d: the document has the headers %q, want %q", route.ID, status, got, wantHeaders)
			}
		}
	}
}

// describedHeaders returns which of the headers that go with a rate the
// document has for an answer of a route.
func describedHeaders(t *testing.T, api *httpapi.API) func(route httpapi.Route, status int) string {
	t.Helper()
	raw, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Headers map[string]any `json:"headers"`
		} `json:"components"`
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Headers map[string]struct {
					Ref string `json:"$ref"`
				} `json:"headers"`
			} `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	return func(route httpapi.Route, status int) string {
		var names []string
		for name, header := range document.Paths[route.Path][strings.ToLower(route.Method)].Responses[strconv.Itoa(status)].Headers {
			if header.Ref == "#/components/headers/"+name && document.Components.Headers[name] != nil {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
}
