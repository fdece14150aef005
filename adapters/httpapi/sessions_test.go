package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.Anonymous(t)
	ada.Header.Set("User-Agent", "Firefox")
	ada.Post("/auth/sign-up", M{"email": "ada@example.com", "password": apitest.Password, "name": "Ada"}).Want(http.StatusCreated)
	s.Clock.Advance(time.Hour)
	phone := s.Anonymous(t)
	phone.Header.Set("User-Agent", strings.Repeat("é", 200)+"\xff")
	phone.Post("/auth/sign-in", M{"email": "ada@example.com", "password": apitest.Password}).Want(http.StatusOK)
	stranger := s.SignUp(t, "Eve")

	res := ada.Get("/me/sessions").Want(http.StatusOK)
	wantBody(t, res, M{"next_cursor": nil, "data": []any{
		M{
			"id": anID, "user_agent": strings.Repeat("é", 128), "ip": "127.0.0.1",
			"created_at": "2030-05-01T13:00:00Z", "last_seen_at": "2030-05-01T13:00:00Z", "current": false,
		},
		M{
			"id": anID, "user_agent": "Firefox", "ip": "127.0.0.1",
			"created_at": start, "last_seen_at": "2030-05-01T13:00:00Z", "current": true,
		},
	}})
	wantHeader(t, res, "Cache-Control", "no-store")

	theirs := stranger.Get("/me/sessions").Data()[0]["id"].(string)
	mine, gone := res.Data()[0]["id"].(string), apitest.NewID()
	foreign, absent := ada.Delete("/me/sessions/"+theirs), ada.Delete("/me/sessions/"+gone)
	if stripped(foreign.WantProblem(http.StatusNotFound, "not_found")) != stripped(absent) {
		t.Errorf("a stranger's session and none:\n%s\n%s", stripped(foreign), stripped(absent))
	}
	ada.Delete("/me/sessions/1").WantProblem(http.StatusNotFound, "not_found")
	stranger.Get("/me").Want(http.StatusOK)

	ada.Delete("/me/sessions/" + mine).Want(http.StatusNoContent)
	phone.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
	ada.Delete("/me/sessions/"+mine).WantProblem(http.StatusNotFound, "not_found")
	ada.Get("/me").Want(http.StatusOK)
}

func TestSessions_End(t *testing.T) {
	t.Parallel()

	t.Run("a session that is not used ends after a day", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		s.Clock.Advance(24*time.Hour - time.Microsecond)
		ada.Get("/me").Want(http.StatusOK)
		s.Clock.Advance(24 * time.Hour)
		ada.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
	})

	t.Run("one that is used ends after two weeks all the same", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		for range 14 * 2 {
			ada.Get("/me").Want(http.StatusOK)
			s.Clock.Advance(12 * time.Hour)
		}
		ada.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		signInAs(t, s, ada, apitest.Password)
	})

	t.Run("giving the password does not make it live longer", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		for range 14 * 2 {
			ada.Post("/auth/sudo", M{"password": apitest.Password}).Want(http.StatusNoContent)
			s.Clock.Advance(12 * time.Hour)
		}
		ada.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
	})

	t.Run("the twenty-first ends the one that was used least recently", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		first := s.SignUp(t, "Ada")
		s.Clock.Advance(time.Minute)
		second := signInAs(t, s, first, apitest.Password)
		for range domain.MaxSessionsPerUser - 2 {
			s.Clock.Advance(time.Minute)
			signInAs(t, s, first, apitest.Password)
		}
		first.Get("/me").Want(http.StatusOK) // used again: the second is now the oldest
		s.Clock.Advance(time.Minute)
		signInAs(t, s, first, apitest.Password)
		second.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		if n := len(first.Get("/me/sessions").Want(http.StatusOK).Data()); n != domain.MaxSessionsPerUser {
			t.Errorf("%d sessions, want %d", n, domain.MaxSessionsPerUser)
		}
	})
}

func TestSessions_Fixation(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	planted := strings.Repeat("A", 43)
	victim := withCookie(t, s, planted)
	victim.Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).Want(http.StatusOK)
	if victim.Cookie("rowhouse_session") == planted {
		t.Error("sign-in took over the planted cookie")
	}
	withCookie(t, s, planted).Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")

	// Nor does somebody else's session become the victim's.
	eve := s.SignUp(t, "Eve")
	session := eve.Cookie("rowhouse_session")
	tossed := withCookie(t, s, session)
	tossed.Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).Want(http.StatusOK)
	if got := withCookie(t, s, session).Get("/me").Want(http.StatusOK).Text("id"); got != eve.ID() {
		t.Errorf("the planted session is now that of %s", got)
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		revoke func(*testing.T, *apitest.Server, apitest.Company)
		status int
		code   string
	}{
		{"a demoted admin may do no more than a member", func(t *testing.T, _ *apitest.Server, c apitest.Company) {
			c.Owner.On(t).Patch(c.Path("/members/"+c.AdminID), M{"role": "member"}).Want(http.StatusOK)
		}, http.StatusForbidden, "forbidden"},
		{"who was removed finds nothing", func(t *testing.T, _ *apitest.Server, c apitest.Company) {
			c.Owner.On(t).Delete(c.Path("/members/" + c.AdminID)).Want(http.StatusNoContent)
		}, http.StatusNotFound, "not_found"},
		{"who left finds nothing", func(t *testing.T, _ *apitest.Server, c apitest.Company) {
			c.Admin.On(t).Delete(c.Path("/members/" + c.AdminID)).Want(http.StatusNoContent)
		}, http.StatusNotFound, "not_found"},
		{"a suspended organization cannot be changed", func(t *testing.T, s *apitest.Server, c apitest.Company) {
			s.Suspend(t, c.ID)
		}, http.StatusForbidden, "organization_suspended"},
		{"a deleted organization is gone", func(t *testing.T, _ *apitest.Server, c apitest.Company) {
			c.Owner.On(t).Delete(c.Path("?confirm=" + c.Slug)).Want(http.StatusNoContent)
		}, http.StatusNotFound, "not_found"},
		{"a password that was changed elsewhere signs out here", func(t *testing.T, s *apitest.Server, c apitest.Company) {
			signInAs(t, s, c.Admin, apitest.Password).
				Post("/me/password", M{"current_password": apitest.Password, "new_password": newPassword}).Want(http.StatusNoContent)
		}, http.StatusUnauthorized, "unauthenticated"},
		{"a password that was reset signs out here", func(t *testing.T, s *apitest.Server, c apitest.Company) {
			forgot(t, s, c.Admin.Email())
			s.Anonymous(t).Post("/auth/password/reset", M{"token": mailedToken(t, s, c.Admin.Email()), "password": newPassword}).Want(http.StatusNoContent)
		}, http.StatusUnauthorized, "unauthenticated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t)
			c := s.Found(t, "Acme")
			change := func() *apitest.Response { return c.Admin.On(t).Patch(c.Path(""), M{"description": "x"}) }
			change().Want(http.StatusOK)
			tc.revoke(t, s, c)
			change().WantProblem(tc.status, tc.code)
		})
	}
}
