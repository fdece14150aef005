package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

func TestMe(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")

	res := ada.Get("/me").Want(http.StatusOK)
	me := M{
		"id": ada.ID(), "email": ada.Email(), "name": "Ada", "avatar_url": nil,
		"email_verified": true, "is_operator": false, "created_at": start,
	}
	wantBody(t, res, me)
	wantHeader(t, res, "Cache-Control", "no-store")
	wantHeader(t, res, "Content-Type", "application/json")

	s.Clock.Advance(time.Hour)
	me["name"] = "Ada Lovelace"
	wantBody(t, ada.Patch("/me", M{"name": "  Ada Lovelace "}).Want(http.StatusOK), me)
	wantBody(t, ada.Patch("/me", M{}).Want(http.StatusOK), me)
	wantBody(t, ada.Get("/me").Want(http.StatusOK), me)
}

// hostileNames are refused wherever something is named.
var hostileNames = []struct{ name, text, code string }{
	{"nothing", "", "required"},
	{"spaces", "   ", "required"},
	{"RIGHT-TO-LEFT OVERRIDE", "Ada\u202egnp.exe", "invalid_characters"},
	{"LEFT-TO-RIGHT MARK", "Ada\u200e", "invalid_characters"},
	{"a directional isolate", "\u2066Ada\u2069", "invalid_characters"},
	{"ZERO WIDTH JOINER", "A\u200dda", "invalid_characters"},
	{"ZERO WIDTH SPACE", "A\u200bda", "invalid_characters"},
	{"BYTE ORDER MARK", "\ufeffAda", "invalid_characters"},
	{"a line break", "Ada\nBcc: eve@example.com", "invalid_characters"},
	{"a carriage return", "Ada\rEve", "invalid_characters"},
	{"a tab", "Ada\tEve", "invalid_characters"},
	{"ESCAPE", "Ada\u001b[2J", "invalid_characters"},
	{"DELETE", "Ada\u007f", "invalid_characters"},
	{"LINE SEPARATOR", "Ada\u2028Eve", "invalid_characters"},
	{"a private character", "Ada\ue000", "invalid_characters"},
	{"a non-character", "Ada\ufffe", "invalid_characters"},
	{"REPLACEMENT CHARACTER", "Ada\ufffd", "invalid_characters"},
	{"BRAILLE BLANK", "\u2800", "invalid_characters"},
	{"HANGUL FILLER", "\u3164", "invalid_characters"},
	{"SOFT HYPHEN", "A\u00adda", "invalid_characters"},
	{"a tag character", "Ada\U000e0041", "invalid_characters"},
	{"piled-up accents", "A\u0301\u0302\u0303\u0304\u0305", "invalid_characters"},
	{"65 characters", strings.Repeat("a", 65), "too_long"},
}

func TestNames_Refused(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	acme := s.Found(t, "Acme")
	for _, tc := range hostileNames {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			owner, body := acme.Owner.On(t), M{"name": tc.text}
			wantField(t, owner.Patch("/me", body), "name", tc.code)
			wantField(t, owner.Post("/organizations", body), "name", tc.code)
			wantField(t, owner.Patch(acme.Path(""), body), "name", tc.code)
			wantField(t, owner.Post(acme.Path("/workspaces"), body), "name", tc.code)
			wantField(t, owner.Patch(acme.Path("/workspaces/"+acme.Open), body), "name", tc.code)
		})
	}
}

func TestNames_Taken(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	for given, want := range map[string]string{
		"José":                         "José",
		"Jose\u0301":                   "José",
		"王小明":                          "王小明",
		"Ünï Çødé":                     "Ünï Çødé",
		"  trimmed  ":                  "trimmed",
		"<script>alert(1)</script>":    "<script>alert(1)</script>",
		"'; DROP TABLE users; --":      "'; DROP TABLE users; --",
		"🚀 Rocket":                     "🚀 Rocket",
		strings.Repeat("ä", 64):        strings.Repeat("ä", 64),
		strings.Repeat("a\u0308", 64):  strings.Repeat("ä", 64),
		"{{.Secret}} ${jndi:ldap://x}": "{{.Secret}} ${jndi:ldap://x}",
	} {
		if got := ada.Patch("/me", M{"name": given}).Want(http.StatusOK).Text("name"); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()

	t.Run("ends the other sessions and renews this one", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		other, before := signInAs(t, s, ada, apitest.Password), ada.Cookie("rowhouse_session")
		ada.Post("/me/password", M{"current_password": apitest.Password, "new_password": newPassword}).Want(http.StatusNoContent)
		ada.Get("/me").Want(http.StatusOK)
		ada.Patch("/me", M{"name": "Ada L."}).Want(http.StatusOK)
		other.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		withCookie(t, s, before).Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		s.Anonymous(t).Post("/auth/sign-in", M{"email": ada.Email(), "password": apitest.Password}).
			WantProblem(http.StatusUnauthorized, "invalid_credentials")
		signInAs(t, s, ada, newPassword)
		wantTold(t, s, ada, "Your password was changed")
	})

	t.Run("kills a mailed link to reset it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		forgot(t, s, ada.Email())
		token := mailedToken(t, s, ada.Email())
		ada.Post("/me/password", M{"current_password": apitest.Password, "new_password": newPassword}).Want(http.StatusNoContent)
		wantField(t, s.Anonymous(t).Post("/auth/password/reset", M{"token": token, "password": "yet another lantern"}), "token", "invalid_token")
	})

	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Adalovelace")
		for _, tc := range []struct{ name, current, next, field, code string }{
			{"a short one", apitest.Password, "short", "new_password", "too_short"},
			{"a common one", apitest.Password, "password1234", "new_password", "too_common"},
			{"one made of the name", apitest.Password, "adalovelace42", "new_password", "too_common"},
			{"a long one", apitest.Password, strings.Repeat("xy z", 40), "new_password", "too_long"},
			{"without the present one", "", newPassword, "current_password", "wrong_password"},
			{"with a wrong present one", "wrong horse battery", newPassword, "current_password", "wrong_password"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				wantField(t, ada.On(t).Post("/me/password", M{"current_password": tc.current, "new_password": tc.next}), tc.field, tc.code)
			})
		}
		ada.Get("/me").Want(http.StatusOK)
		signInAs(t, s, ada, apitest.Password)
	})

	t.Run("a stolen session does not get to guess the password", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		wrong := M{"current_password": "wrong horse battery", "new_password": newPassword}
		for range 3 {
			ada.Post("/me/password", wrong).Want(http.StatusUnprocessableEntity)
		}
		for range 2 { // sudo counts with it
			ada.Post("/auth/sudo", M{"password": "wrong horse battery"}).Want(http.StatusUnprocessableEntity)
		}
		res := ada.Post("/me/password", wrong).WantProblem(http.StatusTooManyRequests, "rate_limited")
		wantHeader(t, res, "Retry-After", "1")
	})
}

// busy is a ports.Passwords that cannot take more work, once told so.
type busy struct {
	*apitest.Passwords

	now bool
}

func (b *busy) Verify(ctx context.Context, password string, hash domain.PasswordHash) (match, outdated bool, err error) {
	if b.now {
		return false, false, domain.ErrOverloaded
	}
	return b.Passwords.Verify(ctx, password, hash)
}

func (b *busy) Hash(ctx context.Context, password string) (domain.PasswordHash, error) {
	if b.now {
		return "", domain.ErrOverloaded
	}
	return b.Passwords.Hash(ctx, password)
}

func TestPasswords_Overloaded(t *testing.T) {
	t.Parallel()
	passwords := &busy{Passwords: &apitest.Passwords{}}
	s := apitest.New(t, apitest.WithPasswords(passwords))
	ada := s.SignUp(t, "Ada")
	forgot(t, s, ada.Email())
	token := mailedToken(t, s, ada.Email())
	passwords.now = true
	for path, body := range map[string]M{
		"/auth/sign-in":        {"email": ada.Email(), "password": apitest.Password},
		"/auth/sign-up":        {"email": "eve@example.com", "password": apitest.Password, "name": "Eve"},
		"/auth/password/reset": {"token": token, "password": newPassword},
		"/auth/sudo":           {"password": apitest.Password},
		"/me/password":         {"current_password": apitest.Password, "new_password": newPassword},
	} {
		res := ada.Post(path, body).WantProblem(http.StatusServiceUnavailable, "overloaded")
		wantHeader(t, res, "Retry-After", "1")
	}
	passwords.now = false
	s.Anonymous(t).Post("/auth/password/reset", M{"token": token, "password": newPassword}).Want(http.StatusNoContent)
}

func TestChangeEmail(t *testing.T) {
	t.Parallel()
	const moved = "new@example.com"

	t.Run("moves the account once the new address is proven", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		old := ada.Email()
		ada.Post("/me/email", M{"email": "New@Example.com"}).Want(http.StatusAccepted)
		if got := ada.Get("/me").Text("email"); got != old {
			t.Errorf("moved at once, to %s", got)
		}
		told := mails(t, s, old)
		if len(told) != 1 || strings.Contains(strings.Join(told[0].Links, " "), "#") {
			t.Errorf("the present address was told: %v", told)
		}
		s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, moved)}).Want(http.StatusNoContent)
		if got := ada.Get("/me").Text("email"); got != moved {
			t.Errorf("address = %s, want %s", got, moved)
		}
		s.Anonymous(t).Post("/auth/sign-in", M{"email": old, "password": apitest.Password}).WantProblem(http.StatusUnauthorized, "invalid_credentials")
		s.Anonymous(t).Post("/auth/sign-in", M{"email": moved, "password": apitest.Password}).Want(http.StatusOK)
	})

	t.Run("the old address takes it back within 72 hours, and every session ends", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		ada.Post("/me/email", M{"email": moved}).Want(http.StatusAccepted)
		s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, moved)}).Want(http.StatusNoContent)
		back := mailedToken(t, s, ada.Email())
		s.Clock.Advance(72*time.Hour - time.Microsecond)
		s.Anonymous(t).Post("/auth/verify-email", M{"token": back}).Want(http.StatusNoContent)
		ada.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		signInAs(t, s, ada, apitest.Password)
	})

	t.Run("not a moment later", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		ada.Post("/me/email", M{"email": moved}).Want(http.StatusAccepted)
		s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, moved)}).Want(http.StatusNoContent)
		back := mailedToken(t, s, ada.Email())
		s.Clock.Advance(72 * time.Hour)
		wantField(t, s.Anonymous(t).Post("/auth/verify-email", M{"token": back}), "token", "invalid_token")
	})

	t.Run("does not tell who has the new address", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
		free, taken := ada.Post("/me/email", M{"email": moved}), ada.Post("/me/email", M{"email": eve.Email()})
		if stripped(free.Want(http.StatusAccepted)) != stripped(taken) {
			t.Errorf("answers differ:\n%s\n%s", stripped(free), stripped(taken))
		}
		if len(mails(t, s, eve.Email())) != 0 {
			t.Error("a stranger's address got a mail")
		}
	})

	t.Run("fails where somebody was faster", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		ada.Post("/me/email", M{"email": moved}).Want(http.StatusAccepted)
		s.Anonymous(t).Post("/auth/sign-up", M{"email": moved, "password": apitest.Password, "name": "Eve"}).Want(http.StatusCreated)
		s.Anonymous(t).Post("/auth/verify-email", M{"token": mailedToken(t, s, moved)}).WantProblem(http.StatusConflict, "email_taken")
		if got := ada.Get("/me").Text("email"); got != ada.Email() {
			t.Errorf("address = %s", got)
		}
	})

	t.Run("refuses an address that is none, and a fourth one within the hour", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		wantField(t, ada.Post("/me/email", M{"email": "mi\u212ae@example.com"}), "email", "invalid_email")
		for range 3 {
			ada.Post("/me/email", M{"email": moved}).Want(http.StatusAccepted)
		}
		res := ada.Post("/me/email", M{"email": moved}).WantProblem(http.StatusTooManyRequests, "rate_limited")
		wantHeader(t, res, "Retry-After", "3600")
	})
}

func TestDeleteMe(t *testing.T) {
	t.Parallel()

	t.Run("ends the account and everything of it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		acme := s.Found(t, "Acme")
		other, session := signInAs(t, s, acme.Member, apitest.Password), acme.Member.Cookie("rowhouse_session")
		acme.Member.Delete("/me").Want(http.StatusNoContent)
		if acme.Member.Cookie("rowhouse_session") != "" {
			t.Error("the browser keeps the session")
		}
		withCookie(t, s, session).Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		other.Get("/me").WantProblem(http.StatusUnauthorized, "unauthenticated")
		acme.Owner.Get(acme.Path("/members/"+acme.MemberID)).WantProblem(http.StatusNotFound, "not_found")
		s.Anonymous(t).Post("/auth/sign-in", M{"email": acme.Member.Email(), "password": apitest.Password}).
			WantProblem(http.StatusUnauthorized, "invalid_credentials")
	})

	t.Run("is refused to who owns an organization", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		acme := s.Found(t, "Acme")
		acme.Owner.Delete("/me").WantProblem(http.StatusConflict, "owns_organizations")
		acme.Owner.Get(acme.Path("")).Want(http.StatusOK)
	})

	t.Run("asks for the password", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		s.Clock.Advance(domain.SudoWindow)
		ada.Delete("/me").WantProblem(http.StatusForbidden, "sudo_required")
		ada.Get("/me").Want(http.StatusOK)
	})
}
