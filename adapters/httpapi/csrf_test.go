package httpapi_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"rowhouse/bootstrap"
	"rowhouse/test/apitest"
)

func TestCSRF_Origin(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	for _, tc := range []struct {
		name   string
		header http.Header
		passes bool
	}{
		{"neither header: no browser", http.Header{}, true},
		{"our own origin", http.Header{"Origin": {"http://rowhouse.test"}}, true},
		{"our own pages", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"http://rowhouse.test"}}, true},
		{"typed into the address bar", http.Header{"Sec-Fetch-Site": {"none"}}, true},
		{"another site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
		{"another site, which says that it is us", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"http://rowhouse.test"}}, false},
		{"another host of our site", http.Header{"Sec-Fetch-Site": {"same-site"}}, false},
		{"a value that is none", http.Header{"Sec-Fetch-Site": {"SAME-ORIGIN"}}, false},
		{"our own pages, from another origin", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"https://evil.example"}}, false},
		{"another origin", http.Header{"Origin": {"https://evil.example"}}, false},
		{"an opaque origin", http.Header{"Origin": {"null"}}, false},
		{"our host over HTTPS", http.Header{"Origin": {"https://rowhouse.test"}}, false},
		{"our host on another port", http.Header{"Origin": {"http://rowhouse.test:8080"}}, false},
		{"a host that begins like ours", http.Header{"Origin": {"http://rowhouse.test.evil.example"}}, false},
		{"a host that ends like ours", http.Header{"Origin": {"http://evilrowhouse.test"}}, false},
		{"a host below ours", http.Header{"Origin": {"http://a.rowhouse.test"}}, false},
		{"our host as a user name", http.Header{"Origin": {"http://rowhouse.test@evil.example"}}, false},
		{"our host in upper case", http.Header{"Origin": {"http://ROWHOUSE.test"}}, false},
		{"our origin with a path", http.Header{"Origin": {"http://rowhouse.test/"}}, false},
		{"the machine itself", http.Header{"Origin": {"http://localhost"}}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			signIn := M{"email": ada.Email(), "password": apitest.Password}
			for path, body := range map[string]M{ // signed in and public alike
				"/me/password": {"current_password": "x", "new_password": "short"}, "/auth/sign-in": signIn,
				"/auth/sign-up":        {"email": strings.ReplaceAll(tc.name, " ", ".") + "@example.com", "password": apitest.Password, "name": "Eve"},
				"/auth/verify-email":   {"token": "x"},
				"/auth/password/reset": {"token": "x", "password": "short"}, "/auth/password/forgot": {"email": "x@example.com"},
			} {
				c := s.Anonymous(t)
				if path == "/me/password" {
					c = ada.On(t)
				}
				header := jsonHeader()
				maps.Copy(header, tc.header)
				res := c.Send(http.MethodPost, "/api/v1"+path, header, mustJSON(t, body))
				if refused := res.Code() == "csrf_failed"; refused == tc.passes {
					t.Errorf("%s = %d %s, want it to pass: %t", path, res.StatusCode, res.Body, tc.passes)
				}
				if !tc.passes {
					res.WantProblem(http.StatusForbidden, "csrf_failed")
				}
			}
		})
	}
	t.Run("reading is not refused, and tells another site nothing", func(t *testing.T) {
		t.Parallel()
		res := ada.On(t).Send(http.MethodGet, "/api/v1/me", http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}, nil)
		res.Want(http.StatusOK)
		wantHeader(t, res, "Access-Control-Allow-Origin", "")
	})
}

func TestCSRF_OnADevelopersMachine(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithConfig(func(c *bootstrap.Config) { c.PublicURL.Host = "localhost:8000" }))
	for origin, passes := range map[string]bool{
		"http://localhost:8000": true, "http://127.0.0.1:8000": true, "http://[::1]:8000": true,
		"http://localhost:5173": false, "https://localhost:8000": false, "http://rowhouse.test:8000": false,
		"http://127.0.0.1.evil.example:8000": false, "http://user@localhost:8000": false, "null": false, "http://localhost:8000/x": false,
	} {
		header := jsonHeader()
		header.Set("Origin", origin)
		res := s.Anonymous(t).Send(http.MethodPost, "/api/v1/auth/verify-email", header, []byte(`{"token":"x"}`))
		if got := res.Code() != "csrf_failed"; got != passes {
			t.Errorf("%s passes: %t, want %t", origin, got, passes)
		}
	}
}

func TestCSRF_Token(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
	other := signInAs(t, s, ada, apitest.Password)
	stranger := s.Anonymous(t)
	stranger.Get("/plans").Want(http.StatusOK)
	good := ada.Cookie("csrf_token")
	nonce, mac, _ := strings.Cut(good, ".")
	session, _, _ := strings.Cut(good, ".")
	_, theirs, _ := strings.Cut(eve.Cookie("csrf_token"), ".")

	cases := []struct{ name, cookie, header string }{
		{"no header", good, ""},
		{"no cookie", "", good},
		{"neither", "", ""},
		{"another header", good, other.Cookie("csrf_token")},
		{"that of another session of the same user", other.Cookie("csrf_token"), other.Cookie("csrf_token")},
		{"that of another user", eve.Cookie("csrf_token"), eve.Cookie("csrf_token")},
		{"one from before sign-in", stranger.Cookie("csrf_token"), stranger.Cookie("csrf_token")},
		{"one that is made up", "x", "x"},
		{"a nonce without its MAC", nonce, nonce},
		{"a nonce with an empty MAC", nonce + ".", nonce + "."},
		{"a MAC without its nonce", "." + mac, "." + mac},
		{"another nonce", "x" + nonce + "." + mac, "x" + nonce + "." + mac},
		{"a MAC that is no base64", nonce + ".###", nonce + ".###"},
		{"that of another session under this one's id", session + "." + theirs, session + "." + theirs},
		{"good with something behind", good + "A", good + "A"},
	}
	t.Run("each", func(t *testing.T) {
		for _, tc := range cases {
			t.Run(tc.name+" is refused", func(t *testing.T) {
				t.Parallel()
				c := withCookie(t, s, ada.Cookie("rowhouse_session"))
				c.NoCSRF = true
				if tc.cookie != "" {
					c.SetCookie("csrf_token", tc.cookie)
				}
				header := jsonHeader()
				if tc.header != "" {
					header.Set("X-CSRF-Token", tc.header)
				}
				for _, request := range []struct{ method, path, body string }{
					{http.MethodPatch, "/me", `{"name":"Hacked"}`},
					{http.MethodPost, "/auth/sign-out", `{}`},
					{http.MethodDelete, "/me", ``},
					{http.MethodPost, "/organizations", `{"name":"Hacked"}`},
					{http.MethodPost, "/auth/sudo", `{"password":"` + apitest.Password + `"}`},
					{http.MethodDelete, "/organizations/" + apitest.NewID(), ``},
				} {
					c.Send(request.method, "/api/v1"+request.path, header, []byte(request.body)).WantProblem(http.StatusForbidden, "csrf_failed")
				}
			})
		}
	})
	if name := ada.Get("/me").Want(http.StatusOK).Text("name"); name != "Ada" {
		t.Errorf("name = %q", name)
	}
}

func TestCSRF_Renewal(t *testing.T) {
	t.Parallel()

	t.Run("any GET sets it, for nobody and for a session", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		for _, path := range []string{"/me", "/plans", "/organizations", "/organizations/" + apitest.NewID(), "/slugs/abc"} {
			c := withCookie(t, s, ada.Cookie("rowhouse_session"))
			c.Get(path)
			c.Patch("/me", M{"name": "Ada L."}).Want(http.StatusOK)
		}
		c := s.Anonymous(t)
		c.Get("/plans").Want(http.StatusOK)
		if c.Cookie("csrf_token") == "" {
			t.Error("GET set no token")
		}
	})

	t.Run("a good one is kept, a bad one replaced", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		before := ada.Cookie("csrf_token")
		if res := ada.Get("/me").Want(http.StatusOK); len(res.Cookies()) > 0 || ada.Cookie("csrf_token") != before {
			t.Errorf("a GET set %v", res.Cookies())
		}
		ada.SetCookie("csrf_token", "planted")
		ada.Get("/me").Want(http.StatusOK)
		ada.Patch("/me", M{"name": "Ada L."}).Want(http.StatusOK)
	})

	t.Run("one that another key made is replaced when it is refused", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		ada.SetCookie("csrf_token", ada.Cookie("csrf_token")[:60]+"AAAA")
		ada.Get("/me").Want(http.StatusOK)
		ada.Patch("/me", M{"name": "Ada L."}).WantProblem(http.StatusForbidden, "csrf_failed")
		ada.Patch("/me", M{"name": "Ada L."}).Want(http.StatusOK)
	})

	t.Run("sign-in renews it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		c := s.Anonymous(t)
		c.Get("/plans")
		before := c.Cookie("csrf_token")
		c.Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).Want(http.StatusOK)
		if c.Cookie("csrf_token") == before || c.Cookie("csrf_token") == ada.Cookie("csrf_token") {
			t.Error("the token is an old one")
		}
		c.Patch("/me", M{"name": "Ada L."}).Want(http.StatusOK)
	})

	t.Run("sudo and a change of password keep it good", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		ada.Post("/auth/sudo", M{"password": apitest.Password}).Want(http.StatusNoContent)
		ada.Post("/me/password", M{"current_password": apitest.Password, "new_password": newPassword}).Want(http.StatusNoContent)
		ada.Patch("/me", M{"name": "Ada L."}).Want(http.StatusOK)
	})
}
