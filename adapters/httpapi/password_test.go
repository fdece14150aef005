package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rowhouse/test/apitest"
)

const newPassword = "another lantern 43"

func forgot(t *testing.T, s *apitest.Server, email string) *apitest.Response {
	t.Helper()
	return s.Anonymous(t).Post("/auth/password/forgot", M{"email": email})
}

func TestForgotPassword(t *testing.T) {
	t.Parallel()

	t.Run("does not tell who has an account", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		known, unknown := forgot(t, s, ada.Email()).Want(http.StatusAccepted), forgot(t, s, "nobody@example.com").Want(http.StatusAccepted)
		if stripped(known) != stripped(unknown) {
			t.Errorf("answers differ:\n%s\n%s", stripped(known), stripped(unknown))
		}
		if len(mails(t, s, ada.Email())) != 1 || len(mails(t, s, "")) != 1 {
			t.Errorf("mails: %v", mails(t, s, ""))
		}
	})

	t.Run("mails at most three links an hour and says nothing of it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		var answers []string
		for range 5 {
			answers = append(answers, stripped(forgot(t, s, ada.Email()).Want(http.StatusAccepted)))
			s.Settle(t) // before the next link replaces it
		}
		if answers[4] != answers[0] {
			t.Errorf("the bound shows:\n%s\n%s", answers[4], answers[0])
		}
		if n := len(mails(t, s, ada.Email())); n != 3 {
			t.Errorf("%d mails, want 3", n)
		}
		s.Clock.Advance(time.Hour)
		forgot(t, s, ada.Email())
		if n := len(mails(t, s, ada.Email())); n != 4 {
			t.Errorf("%d mails an hour later, want 4", n)
		}
	})

	t.Run("mails to the stored address only", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		s.Anonymous(t).Post("/auth/sign-up", M{"email": "mike@example.com", "password": apitest.Password, "name": "Mike"}).Want(http.StatusCreated)
		wantField(t, forgot(t, s, "mi\u212ae@example.com"), "email", "invalid_email")
		forgot(t, s, "MIKE@EXAMPLE.COM").Want(http.StatusAccepted)
		if all := mails(t, s, ""); len(all) != 1 || all[0].To != "mike@example.com" {
			t.Errorf("mails: %v", all)
		}
	})

	t.Run("takes the link's address from the configuration, whatever the request says", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		body := `{"email":"` + ada.Email() + `"}`
		for _, host := range []string{"Host: evil.example", "Host: rowhouse.test\r\nX-Forwarded-Host: evil.example", "Host: rowhouse.test\r\nForwarded: host=evil.example"} {
			res, answer := raw(t, s, "POST /api/v1/auth/password/forgot HTTP/1.1\r\n"+host+"\r\nX-Forwarded-Proto: https\r\nContent-Type: application/json\r\nContent-Length: "+
				itoa(len(body))+"\r\n\r\n"+body)
			if res.StatusCode != http.StatusAccepted {
				t.Fatalf("%s: %d %s", host, res.StatusCode, answer)
			}
			mail := mails(t, s, ada.Email())[0]
			if !strings.HasPrefix(mail.Links[0], apitest.PublicURL+"/reset-password#") || strings.Contains(mail.HTML+mail.Text, "evil") {
				t.Errorf("%s leads to %s", host, mail.Links[0])
			}
		}
	})
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	reset := func(t *testing.T, s *apitest.Server, token, password string) *apitest.Response {
		t.Helper()
		return s.Anonymous(t).Post("/auth/password/reset", M{"token": token, "password": password})
	}

	t.Run("sets the password, ends every session and signs nobody in", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
		other := signInAs(t, s, ada, apitest.Password)
		forgot(t, s, ada.Email())
		token := mailedToken(t, s, ada.Email())
		c := s.Anonymous(t)
		c.Post("/auth/password/reset", M{"token": token, "password": newPassword}).Want(http.StatusNoContent)
		if c.Cookie("rowhouse_session") != "" {
			t.Error("somebody was signed in")
		}
		for _, session := range []*apitest.Client{ada, other} {
			session.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		}
		eve.Get("/me").Want(http.StatusOK)
		s.Anonymous(t).Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).
			WantProblem(http.StatusUnauthorized, "invalid_credentials")
		signInAs(t, s, ada, newPassword)
		wantTold(t, s, ada, "Your password was changed")
		wantField(t, reset(t, s, token, "yet another lantern"), "token", "invalid_token")
	})

	t.Run("works for half an hour, with the newest link", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		forgot(t, s, ada.Email())
		first := mailedToken(t, s, ada.Email())
		forgot(t, s, ada.Email())
		second := mailedToken(t, s, ada.Email())
		wantField(t, reset(t, s, first, newPassword), "token", "invalid_token")
		s.Clock.Advance(30 * time.Minute)
		wantField(t, reset(t, s, second, newPassword), "token", "invalid_token")
		forgot(t, s, ada.Email())
		s.Clock.Advance(30*time.Minute - time.Microsecond)
		reset(t, s, mailedToken(t, s, ada.Email()), newPassword).Want(http.StatusNoContent)
	})

	t.Run("a refused password does not use the link up", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Adalovelace")
		forgot(t, s, ada.Email())
		token := mailedToken(t, s, ada.Email())
		wantField(t, reset(t, s, token, "short"), "password", "too_short")
		wantField(t, reset(t, s, token, "adalovelace42"), "password", "too_common")
		ada.Get("/me").Want(http.StatusOK)
		reset(t, s, token, newPassword).Want(http.StatusNoContent)
	})

	t.Run("looking at the link consumes nothing", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		forgot(t, s, ada.Email())
		token := mailedToken(t, s, ada.Email())
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet, http.MethodHead} {
			s.Anonymous(t).Send(method, "/api/v1/auth/password/reset?token="+token, nil, nil).Want(http.StatusMethodNotAllowed)
			s.Anonymous(t).Send(method, "/reset-password?token="+token, nil, nil)
		}
		reset(t, s, token, newPassword).Want(http.StatusNoContent)
	})

	t.Run("proves the address and drops a pending change of it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t, apitest.Unverified)
		ada := s.SignUp(t, "Ada")
		ada.Post("/me/email", M{"email": "new@example.com"}).Want(http.StatusAccepted)
		change := mailedToken(t, s, "new@example.com")
		forgot(t, s, ada.Email())
		reset(t, s, mailedToken(t, s, ada.Email()), newPassword).Want(http.StatusNoContent)
		wantField(t, s.Anonymous(t).Post("/auth/verify-email", M{"token": change}), "token", "invalid_token")
		if me := signInAs(t, s, ada, newPassword).Get("/me").JSON(); me["email_verified"] != true || me["email"] != ada.Email() {
			t.Errorf("me = %v", me)
		}
	})
}
