package httpapi_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

func TestSignUp(t *testing.T) {
	t.Parallel()

	t.Run("makes a user and signs them in", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.Unverified)
		c := s.Anonymous(t)
		res := c.Post("/auth/sign-up", M{"email": " Ada@Example.COM ", "password": apitest.Password, "name": " Ada Lovelace "}).
			Want(http.StatusCreated)
		user := M{
			"id": anID, "email": "ada@example.com", "name": "Ada Lovelace", "avatar_url": nil,
			"email_verified": false, "is_operator": false, "created_at": start,
		}
		wantBody(t, res, M{"user": user})
		wantHeader(t, res, "Cache-Control", "no-store")
		wantBody(t, c.Get("/me").Want(http.StatusOK), user)
	})

	t.Run("takes an address once, however it is written", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		known := s.SignUp(t, "Ada")
		for _, email := range []string{known.Email(), strings.ToUpper(known.Email()), " " + known.Email() + "\t"} {
			s.Anonymous(t).Post("/auth/sign-up", M{"email": email, "password": apitest.Password, "name": "Eve"}).
				WantProblem(http.StatusConflict, "email_taken")
		}
	})

	t.Run("tells only a few times whether an address is taken", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		known := s.SignUp(t, "Ada") // the first of five
		body := M{"email": known.Email(), "password": apitest.Password, "name": "Eve"}
		for range 4 {
			s.Anonymous(t).Post("/auth/sign-up", body).WantProblem(http.StatusConflict, "email_taken")
		}
		res := s.Anonymous(t).Post("/auth/sign-up", body).WantProblem(http.StatusTooManyRequests, "rate_limited")
		wantHeader(t, res, "Retry-After", "1")
	})
}

func TestSignUp_Refused(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	for _, tc := range []struct {
		name, field, code string
		change            M
	}{
		{"an address without @", "email", "invalid_email", M{"email": "ada"}},
		{"an address with a display name", "email", "invalid_email", M{"email": "Ada <ada@example.com>"}},
		{"two addresses", "email", "invalid_email", M{"email": "ada@example.com,eve@example.com"}},
		{"an address with a line break", "email", "invalid_email", M{"email": "ada@example.com\r\nBcc: eve@example.com"}},
		{"an address with a KELVIN SIGN, which folds to k", "email", "invalid_email", M{"email": "MI\u212aE@example.com"}},
		{"an address that is too long", "email", "invalid_email", M{"email": strings.Repeat("a", 250) + "@example.com"}},
		{"an empty address", "email", "invalid_email", M{"email": ""}},
		{"a password of 11 characters", "password", "too_short", M{"password": "orchard 42!"}},
		{"a password of 129 characters", "password", "too_long", M{"password": strings.Repeat("orchard lan", 12)[:129]}},
		{"a common password", "password", "too_common", M{"password": "password1234"}},
		{"a password of one character", "password", "too_common", M{"password": strings.Repeat("a", 20)}},
		{"a password made of the own name", "password", "too_common", M{"password": "lovelace1lovelace", "name": "Ada Lovelace"}},
		{"an empty name", "name", "required", M{"name": ""}},
		{"a name of spaces", "name", "required", M{"name": " \t "}},
		{"a name of 65 characters", "name", "too_long", M{"name": strings.Repeat("ä", 65)}},
		{"a name with a direction override", "name", "invalid_characters", M{"name": "Ada \u202ecod.exe"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			body := M{"email": "ada@example.com", "password": apitest.Password, "name": "Ada"}
			maps.Copy(body, tc.change)
			c := s.Anonymous(t)
			wantField(t, c.Post("/auth/sign-up", body), tc.field, tc.code)
			if c.Cookie("rowhouse_session") != "" {
				t.Error("a session was opened all the same")
			}
		})
	}

	t.Run("everything that is wrong is said at once", func(t *testing.T) {
		t.Parallel()
		res := s.Anonymous(t).Post("/auth/sign-up", M{"email": "x", "password": "short", "name": ""})
		wantBody(t, res.Want(http.StatusUnprocessableEntity), M{
			"type": "urn:rowhouse:problem:validation_failed", "title": "Unprocessable Entity", "status": 422,
			"detail": "Some of the input is not valid.", "code": "validation_failed", "request_id": res.Header.Get("X-Request-Id"),
			"errors": []any{
				M{"field": "email", "code": "invalid_email", "message": aSentence},
				M{"field": "password", "code": "too_short", "message": aSentence},
				M{"field": "name", "code": "required", "message": aSentence},
			},
		})
	})

	t.Run("what is missing is named", func(t *testing.T) {
		t.Parallel()
		res := s.Anonymous(t).Post("/auth/sign-up", M{}).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
		for _, field := range []string{"password", "name"} {
			if got := res.FieldCodes()[field]; got != "required" {
				t.Errorf("%s: %q, want required", field, got)
			}
		}
		// An invitation would do instead of the address.
		wantField(t, s.Anonymous(t).Post("/auth/sign-up", M{"password": apitest.Password, "name": "Eve"}), "email", "invalid_email")
	})
}

func TestSignUp_LongestPassword(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	var b strings.Builder
	for i := range 64 {
		b.WriteByte(byte('a' + i%26))
		b.WriteByte(byte('A' + i*7%26))
	}
	long := b.String()
	c := s.Anonymous(t)
	c.Post("/auth/sign-up", M{"email": "ada@example.com", "password": long, "name": "Ada"}).Want(http.StatusCreated)
	for _, tc := range []struct {
		name, password string
		status         int
	}{
		{"all 128 characters count", long[:127] + "!", http.StatusUnauthorized},
		{"nothing is cut off", long + "!", http.StatusUnauthorized},
		{"the password itself", long, http.StatusOK},
		{"a password of 100 KiB is just wrong", strings.Repeat("x", 100<<10), http.StatusUnauthorized},
	} {
		if got := s.Anonymous(t).Post("/auth/sign-in", M{"email": "ada@example.com", "password": tc.password}); got.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d", tc.name, got.StatusCode, tc.status)
		}
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")

	t.Run("opens a session", func(t *testing.T) {
		t.Parallel()
		c := s.Anonymous(t)
		res := c.Post("/auth/sign-in", M{"email": strings.ToUpper(ada.Email()), "password": apitest.Password}).Want(http.StatusOK)
		wantBody(t, res, M{"user": M{
			"id": ada.ID(), "email": ada.Email(), "name": "Ada", "avatar_url": nil,
			"email_verified": true, "is_operator": false, "created_at": start,
		}})
		wantHeader(t, res, "Cache-Control", "no-store")
		c.Get("/me").Want(http.StatusOK)
		if c.Cookie("rowhouse_session") == ada.Cookie("rowhouse_session") {
			t.Error("two sign-ins share a session")
		}
	})

	t.Run("does not tell an unknown address from a wrong password", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		var answers []string
		for _, email := range []string{ada.Email(), "nobody@example.com", "no address", "MI\u212aE@example.com", ""} {
			c := s.Anonymous(t)
			res := c.Post("/auth/sign-in", M{"email": email, "password": "wrong horse battery"})
			answers = append(answers, stripped(res.WantProblem(http.StatusUnauthorized, "invalid_credentials")))
		}
		for _, answer := range answers[1:] {
			if answer != answers[0] {
				t.Errorf("answers differ:\n%s\n%s", answer, answers[0])
			}
		}
	})

	t.Run("takes the same work for an unknown address", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		s.Anonymous(t).Post("/auth/sign-in", M{"email": "nobody@example.com", "password": "wrong horse battery"}).
			Want(http.StatusUnauthorized)
		if got := s.Passwords.Verifications.Load(); got != 1 {
			t.Errorf("%d verifications, want 1", got)
		}
	})
}

func TestSignIn_Throttle(t *testing.T) {
	t.Parallel()
	// fail tries a wrong password from a device that nobody knows.
	fail := func(t *testing.T, s *apitest.Server, email string) *apitest.Response {
		t.Helper()
		return s.Anonymous(t).Post("/auth/sign-in", M{"email": email, "password": "wrong horse battery"})
	}

	for _, known := range []bool{true, false} {
		name := map[bool]string{true: "after five failures a known address waits", false: "an unknown one no less"}[known]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t)
			email := "nobody@example.com"
			if known {
				email = s.SignUp(t, "Ada").Email()
			}
			for range 5 {
				fail(t, s, email).WantProblem(http.StatusUnauthorized, "invalid_credentials")
			}
			before := s.Passwords.Verifications.Load()
			wantHeader(t, fail(t, s, email).WantProblem(http.StatusTooManyRequests, "rate_limited"), "Retry-After", "1")
			if s.Passwords.Verifications.Load() != before {
				t.Error("the password was looked at all the same")
			}
			s.Clock.Advance(time.Second)
			fail(t, s, email).WantProblem(http.StatusUnauthorized, "invalid_credentials")
			wantHeader(t, fail(t, s, email).WantProblem(http.StatusTooManyRequests, "rate_limited"), "Retry-After", "2")
			s.Clock.Advance(15 * time.Minute)
			fail(t, s, email).WantProblem(http.StatusUnauthorized, "invalid_credentials")
		})
	}

	t.Run("the right password does not get past the wait", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		for range 5 {
			fail(t, s, ada.Email()).Want(http.StatusUnauthorized)
		}
		s.Anonymous(t).Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).
			WantProblem(http.StatusTooManyRequests, "rate_limited")
	})

	t.Run("another account, and a device that is known, do not wait", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
		for range 6 {
			fail(t, s, ada.Email())
		}
		signInAs(t, s, eve, apitest.Password)
		ada.Post("/auth/sign-out", nil).Want(http.StatusNoContent)
		ada.Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).Want(http.StatusOK)
	})

	t.Run("a device is known for its own user only, and its cookie cannot be made up", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
		for range 5 {
			fail(t, s, ada.Email()).Want(http.StatusUnauthorized)
		}
		for _, device := range []string{eve.Cookie("rowhouse_device"), "x.y", ".", ada.Cookie("rowhouse_device") + "x"} {
			c := s.Anonymous(t)
			c.SetCookie("rowhouse_device", device)
			c.Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).
				WantProblem(http.StatusTooManyRequests, "rate_limited")
		}
	})

	t.Run("a known device that fails waits too", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		for range 5 {
			ada.Post("/auth/sign-in", M{"email": ada.Email(), "password": "wrong horse battery"}).Want(http.StatusUnauthorized)
		}
		ada.Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).
			WantProblem(http.StatusTooManyRequests, "rate_limited")
		signInAs(t, s, ada, apitest.Password) // but not the account
	})
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	elsewhere := signInAs(t, s, ada, apitest.Password)
	session := ada.Cookie("rowhouse_session")

	res := ada.Post("/auth/sign-out", nil).Want(http.StatusNoContent)
	wantHeader(t, res, "Clear-Site-Data", `"cache", "storage"`)
	wantHeader(t, res, "Cache-Control", "no-store")
	if len(res.Body) > 0 {
		t.Errorf("body %q", res.Body)
	}
	for _, name := range []string{"rowhouse_session", "csrf_token"} {
		if ada.Cookie(name) != "" {
			t.Errorf("the browser keeps %s", name)
		}
	}
	ada.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
	withCookie(t, s, session).Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
	elsewhere.Get("/me").Want(http.StatusOK)
	s.Anonymous(t).Post("/auth/sign-out", nil).WantProblem(http.StatusUnauthorized, "unauthenticated")
}

func TestSudo(t *testing.T) {
	t.Parallel()

	t.Run("opens the sudo actions for ten minutes, in this session alone", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		other := signInAs(t, s, ada, apitest.Password)
		ask := func(c *apitest.Client) *apitest.Response { return c.Post("/me/email", M{"email": "new@example.com"}) }

		s.Clock.Advance(domain.SudoWindow)
		ask(ada).WantProblem(http.StatusForbidden, "sudo_required")
		ada.Post("/auth/sudo", M{"password": apitest.Password}).Want(http.StatusNoContent)
		ask(ada).Want(http.StatusAccepted)
		ask(other).WantProblem(http.StatusForbidden, "sudo_required")
		s.Clock.Advance(domain.SudoWindow - time.Microsecond)
		ask(ada).Want(http.StatusAccepted)
		s.Clock.Advance(time.Microsecond)
		ask(ada).WantProblem(http.StatusForbidden, "sudo_required")
	})

	t.Run("gives the session a new cookie and keeps the CSRF token", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		session, csrf := ada.Cookie("rowhouse_session"), ada.Cookie("csrf_token")
		ada.Post("/auth/sudo", M{"password": apitest.Password}).Want(http.StatusNoContent)
		if ada.Cookie("rowhouse_session") == session {
			t.Error("the session kept its token")
		}
		withCookie(t, s, session).Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		if ada.Cookie("csrf_token") != csrf {
			t.Error("the CSRF token changed")
		}
		ada.Patch("/me", M{"name": "Ada L."}).Want(http.StatusOK)
	})

	t.Run("a wrong password opens nothing, and five are enough", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		s.Clock.Advance(domain.SudoWindow)
		for range 5 {
			wantField(t, ada.Post("/auth/sudo", M{"password": "wrong horse battery"}), "password", "wrong_password")
		}
		ada.Post("/me/email", M{"email": "new@example.com"}).WantProblem(http.StatusForbidden, "sudo_required")
		res := ada.Post("/auth/sudo", M{"password": apitest.Password}).WantProblem(http.StatusTooManyRequests, "rate_limited")
		wantHeader(t, res, "Retry-After", "1")
		signInAs(t, s, ada, apitest.Password)
	})

	t.Run("sign-in, sign-up and a change of password count", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		ada.Post("/me/email", M{"email": "a@example.com"}).Want(http.StatusAccepted)
		s.Clock.Advance(time.Hour)
		signInAs(t, s, ada, apitest.Password).Post("/me/email", M{"email": "b@example.com"}).Want(http.StatusAccepted)
		ada.Post("/me/password", M{"current_password": apitest.Password, "new_password": "another lantern 43"}).Want(http.StatusNoContent)
		ada.Post("/me/email", M{"email": "c@example.com"}).Want(http.StatusAccepted)
	})
}

func TestVerifyEmail(t *testing.T) {
	t.Parallel()
	verified := func(c *apitest.Client) bool { return c.Get("/me").Want(http.StatusOK).JSON()["email_verified"].(bool) }

	t.Run("a link proves the address once", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.Unverified)
		ada := s.SignUp(t, "Ada")
		token := mailedToken(t, s, ada.Email())
		c := s.Anonymous(t)
		c.Post("/auth/verify-email", M{"token": token}).Want(http.StatusNoContent)
		if !verified(ada) {
			t.Error("the address is not proven")
		}
		if c.Cookie("rowhouse_session") != "" {
			t.Error("the link signed somebody in")
		}
		wantField(t, c.Post("/auth/verify-email", M{"token": token}), "token", "invalid_token")
	})

	t.Run("opening the link consumes nothing: only POST does", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.Unverified)
		ada := s.SignUp(t, "Ada")
		token := mailedToken(t, s, ada.Email())
		scanner := s.Anonymous(t)
		for range 3 {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				for _, path := range []string{"/verify-email", "/verify-email?token=" + token, "/api/v1/auth/verify-email", "/api/v1/auth/verify-email?token=" + token} {
					scanner.Send(method, path, nil, nil)
				}
			}
		}
		if verified(ada) {
			t.Fatal("looking at the link proved the address")
		}
		s.Anonymous(t).Post("/auth/verify-email", M{"token": token}).Want(http.StatusNoContent)
	})

	t.Run("a link lives for a day", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.Unverified)
		ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
		s.Clock.Advance(24*time.Hour - time.Microsecond)
		s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, ada.Email())}).Want(http.StatusNoContent)
		s.Clock.Advance(time.Microsecond)
		wantField(t, s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, eve.Email())}), "token", "invalid_token")
	})

	for _, tc := range []struct{ name, token string }{
		{"an empty token", ""}, {"an unknown token", strings.Repeat("a", 43)}, {"a token of 100 KiB", strings.Repeat("a", 100<<10)},
	} {
		t.Run(tc.name+" is refused", func(t *testing.T) {
			t.Parallel()
			wantField(t, apitest.New(t).Anonymous(t).Post("/auth/verify-email", M{"token": tc.token}), "token", "invalid_token")
		})
	}

	t.Run("a link for one purpose serves no other", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.Unverified)
		ada := s.SignUp(t, "Ada")
		verify := mailedToken(t, s, ada.Email())
		wantField(t, s.Anonymous(t).Post("/auth/password/reset", M{"token": verify, "password": "another lantern 43"}), "token", "invalid_token")
		s.Anonymous(t).Post("/auth/password/forgot", M{"email": ada.Email()}).Want(http.StatusAccepted)
		wantField(t, s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, ada.Email())}), "token", "invalid_token")
		s.Anonymous(t).Post("/auth/verify-email", M{"token": verify}).Want(http.StatusNoContent)
	})

	t.Run("a new link replaces the one before, three times an hour", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.Unverified)
		ada := s.SignUp(t, "Ada")
		first := mailedToken(t, s, ada.Email())
		for range 3 {
			ada.Post("/auth/verify-email/resend", nil).Want(http.StatusAccepted)
			s.Settle(t) // before the next link replaces it
		}
		wantHeader(t, ada.Post("/auth/verify-email/resend", M{}).WantProblem(http.StatusTooManyRequests, "rate_limited"), "Retry-After", "3600")
		if n := len(mails(t, s, ada.Email())); n != 4 {
			t.Errorf("%d mails, want 4", n)
		}
		wantField(t, s.Anonymous(t).Post("/auth/verify-email", M{"token": first}), "token", "invalid_token")
		s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, ada.Email())}).Want(http.StatusNoContent)
		ada.Post("/auth/verify-email/resend", nil).Want(http.StatusAccepted)
		if n := len(mails(t, s, ada.Email())); n != 4 {
			t.Error("a proven address got another link")
		}
	})

	t.Run("only its own user asks for another link", func(t *testing.T) {
		t.Parallel()
		apitest.New(t).Anonymous(t).Post("/auth/verify-email/resend", nil).WantProblem(http.StatusUnauthorized, "unauthenticated")
	})
}
