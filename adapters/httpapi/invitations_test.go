package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

const invitationExpiry = "2030-05-08T12:00:00Z"

func invitationBody(email, role, state string, inviter *apitest.Client, name string) M {
	return M{
		"id": anID, "email": email, "role": role, "state": state, "inviter": M{"id": inviter.ID(), "name": name},
		"created_at": start, "last_sent_at": start, "expires_at": invitationExpiry,
	}
}

// invite sends an invitation as the company's admin, and returns its id and
// the token that was mailed.
func invite(t *testing.T, s *apitest.Server, c apitest.Company, email, role string) (id, token string) {
	t.Helper()
	res := c.Admin.On(t).Post(c.Path("/invitations"), M{"email": email, "role": role}).Want(http.StatusCreated)
	return res.Text("id"), mailedToken(t, s, email)
}

func TestInvitations_Create(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	res := c.Admin.Post(c.Path("/invitations"), M{"email": "Grace@Example.com", "role": "admin"}).Want(http.StatusCreated)
	wantBody(t, res, invitationBody("grace@example.com", "admin", "pending", c.Admin, "Acme Admin"))
	token := mailedToken(t, s, "grace@example.com")
	if len(token) != 64 || strings.Contains(string(res.Body), token) || strings.Contains(s.Logs.String(), token) {
		t.Errorf("the token %q is not of 64 characters, or not a secret", token)
	}
	usage := c.Owner.Get(c.Path("")).Want(http.StatusOK).Object("usage")
	if usage["members"] != 3.0 || usage["pending_invitations"] != 1.0 {
		t.Errorf("usage = %v, want 3 members and 1 pending invitation", usage)
	}

	for _, tc := range []struct {
		name   string
		as     *apitest.Client
		body   M
		status int
		code   string
	}{
		{"twice", c.Owner, M{"email": "grace@example.com", "role": "member"}, http.StatusConflict, "already_invited"},
		{"a member", c.Owner, M{"email": strings.ToUpper(c.Member.Email()), "role": "member"}, http.StatusConflict, "already_member"},
		{"by a member", c.Member, M{"email": "linus@example.com", "role": "member"}, http.StatusForbidden, "forbidden"},
		{"with a field too many", c.Owner, M{"email": "linus@example.com", "role": "member", "organization_id": c.ID}, http.StatusUnprocessableEntity, "validation_failed"},
		{"without an address", c.Owner, M{"role": "member"}, http.StatusUnprocessableEntity, "validation_failed"},
	} {
		t.Run(tc.name+" is refused", func(t *testing.T) {
			t.Parallel()
			tc.as.On(t).Post(c.Path("/invitations"), tc.body).WantProblem(tc.status, tc.code)
		})
	}
	for _, role := range []any{"owner", "OWNER", "root", "", nil, []any{"owner"}} {
		c.Owner.Post(c.Path("/invitations"), M{"email": "linus@example.com", "role": role}).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	}
}

func TestInvitations_AtTheLimit(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	invite(t, s, c, "one@example.com", "member")
	_, token := invite(t, s, c, "two@example.com", "member")
	res := c.Admin.Post(c.Path("/invitations"), M{"email": "three@example.com", "role": "member"})
	res.WantProblem(http.StatusConflict, "member_limit_reached")
	if body := res.JSON(); body["limit"] != 5.0 || body["used"] != 5.0 {
		t.Errorf("limit %v, used %v; want 5 of 5", body["limit"], body["used"])
	}
	two := s.SignUpInvited(t, "Two", token)
	two.Post("/invitations/accept", M{"token": token}).Want(http.StatusOK) // the seat was kept
}

func TestInvitations_Batch(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	res := c.Admin.Post(c.Path("/invitations/batch"), M{
		"emails": []string{"one@example.com", "nonsense", "one@example.com", "two@example.com", "three@example.com"}, "role": "member",
	}).Want(http.StatusMultiStatus)
	results, _ := res.JSON()["results"].([]any)
	var got []string
	for _, r := range results {
		result, _ := r.(M)
		line := fmt.Sprint(result["email"])
		if problem, ok := result["problem"].(M); ok {
			line += fmt.Sprintf(" %v %v", problem["status"], problem["code"])
		}
		if made, ok := result["invitation"].(M); ok {
			line += fmt.Sprintf(" %v", made["state"])
		}
		got = append(got, line)
	}
	want := []string{
		"one@example.com pending", "nonsense 422 validation_failed", "one@example.com 409 already_invited",
		"two@example.com pending", "three@example.com 409 member_limit_reached",
	}
	if !slices.Equal(got, want) {
		t.Errorf("results %q\nwant    %q", got, want)
	}
	for _, emails := range []any{[]string{}, make([]string, 51), nil} {
		c.Admin.Post(c.Path("/invitations/batch"), M{"emails": emails, "role": "member"}).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	}
	c.Member.Post(c.Path("/invitations/batch"), M{"emails": []string{"x@example.com"}, "role": "member"}).WantProblem(http.StatusForbidden, "forbidden")
}

func TestInvitations_ListByState(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
	id, _ := invite(t, s, c, "one@example.com", "member")
	invite(t, s, c, "two@example.com", "admin")
	c.Owner.Delete(c.Path("/invitations/" + id)).Want(http.StatusNoContent)
	one := invitationBody("one@example.com", "member", "revoked", c.Admin, "Acme Admin")
	two := invitationBody("two@example.com", "admin", "pending", c.Admin, "Acme Admin")
	for query, want := range map[string][]any{"": {two}, "?state=pending": {two}, "?state=revoked": {one}, "?state=accepted": {}} {
		wantBody(t, c.Admin.Get(c.Path("/invitations"+query)).Want(http.StatusOK), M{"data": want, "next_cursor": nil})
	}
	wantField(t, c.Admin.Get(c.Path("/invitations?state=open")), "state", "unknown_state")
	c.Member.Get(c.Path("/invitations")).WantProblem(http.StatusForbidden, "forbidden")
	other.Owner.Get(c.Path("/invitations")).WantProblem(http.StatusNotFound, "not_found")
	wantBody(t, other.Owner.Get(other.Path("/invitations?state=revoked")).Want(http.StatusOK), M{"data": []any{}, "next_cursor": nil})

	s.Suspend(t, c.ID)
	c.Owner.Get(c.Path("/invitations")).Want(http.StatusOK) // can be read, not changed
	c.Owner.Post(c.Path("/invitations"), M{"email": "x@example.com", "role": "member"}).WantProblem(http.StatusForbidden, "organization_suspended")

	s.Clock.Advance(7 * 24 * time.Hour)
	again := s.Found(t, "Later")
	if got := len(again.Owner.Get(again.Path("/invitations?state=expired")).Want(http.StatusOK).Data()); got != 0 {
		t.Errorf("another organization has %d that have run out", got)
	}
}

func TestInvitations_ResendAndRevoke(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
	id, first := invite(t, s, c, "grace@example.com", "member")
	resend, one := c.Path("/invitations/"+id+"/resend"), c.Path("/invitations/"+id)
	res := c.Owner.Post(resend, nil).WantProblem(http.StatusTooManyRequests, "rate_limited")
	wantHeader(t, res, "Retry-After", "60")
	s.Clock.Advance(time.Minute)
	res = c.Owner.Post(resend, nil).Want(http.StatusOK)
	if res.Text("last_sent_at") != "2030-05-01T12:01:00Z" || res.Text("expires_at") != "2030-05-08T12:01:00Z" {
		t.Errorf("resent: %s", res.Body)
	}
	second := mailedToken(t, s, "grace@example.com")
	anonymous := s.Anonymous(t)
	anonymous.Post("/invitations/preview", M{"token": first}).WantProblem(http.StatusNotFound, "not_found")
	anonymous.Post("/invitations/preview", M{"token": second}).Want(http.StatusOK)

	for _, who := range []*apitest.Client{other.Owner, other.Member} {
		who.Post(resend, nil).WantProblem(http.StatusNotFound, "not_found")
		who.Delete(one).WantProblem(http.StatusNotFound, "not_found")
	}
	c.Member.Post(resend, nil).WantProblem(http.StatusForbidden, "forbidden")
	c.Member.Delete(one).WantProblem(http.StatusForbidden, "forbidden")
	c.Member.Delete(c.Path("/invitations/"+apitest.NewID())).WantProblem(http.StatusNotFound, "not_found")
	other.Owner.Delete(other.Path("/invitations/"+id)).WantProblem(http.StatusNotFound, "not_found")
	c.Admin.Delete(one).Want(http.StatusNoContent)
	c.Admin.Delete(one).Want(http.StatusNoContent)
	c.Admin.Post(resend, nil).WantProblem(http.StatusGone, "invitation_revoked")
	anonymous.Post("/invitations/preview", M{"token": second}).WantProblem(http.StatusGone, "invitation_revoked")
}

func TestInvitations_Preview(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	grace := s.SignUp(t, "Grace")
	_, token := invite(t, s, c, grace.Email(), "admin")
	masked := domain.Email(grace.Email()).Masked()
	preview := func(email string, state string) M {
		return M{
			"organization": M{"name": "Acme", "slug": "acme", "logo_url": nil}, "inviter": M{"name": "Acme Admin"},
			"email": email, "has_account": true, "role": "admin", "state": state, "expires_at": invitationExpiry,
		}
	}
	for _, tc := range []struct {
		name, email string
		who         *apitest.Client
	}{
		{"nobody", masked, s.Anonymous(t)}, {"somebody else", masked, c.Member}, {"the invited person", grace.Email(), grace},
	} {
		wantBody(t, tc.who.Post("/invitations/preview", M{"token": token}).Want(http.StatusOK), preview(tc.email, "pending"))
	}
	for _, unknown := range []string{"", "x", token[1:], strings.ToUpper(token), strings.Repeat("0", 64)} {
		s.Anonymous(t).Post("/invitations/preview", M{"token": unknown}).WantProblem(http.StatusNotFound, "not_found")
	}
	s.Clock.Advance(7 * 24 * time.Hour)
	res := s.Anonymous(t).Post("/invitations/preview", M{"token": token})
	res.WantProblem(http.StatusGone, "invitation_expired")
	if diff := differ("invitation", any(res.Object("invitation")), preview(masked, "expired")); diff != "" {
		t.Error(diff)
	}
}

func TestInvitations_Accept(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	grace := s.SignUp(t, "Grace")
	_, token := invite(t, s, c, grace.Email(), "admin")
	accept := M{"token": token}
	s.Anonymous(t).Post("/invitations/accept", accept).WantProblem(http.StatusUnauthorized, "unauthenticated")
	c.Member.Post("/invitations/accept", accept).WantProblem(http.StatusForbidden, "invitation_email_mismatch")
	c.Owner.Post("/invitations/accept", accept).WantProblem(http.StatusForbidden, "invitation_email_mismatch")

	res := grace.Post("/invitations/accept", accept).Want(http.StatusOK)
	if res.JSON()["already_member"] != false || res.Object("membership")["role"] != "admin" || res.Object("organization")["id"] != c.ID {
		t.Errorf("accepted: %s", res.Body)
	}
	if res = grace.Post("/invitations/accept", accept).Want(http.StatusOK); res.JSON()["already_member"] != true {
		t.Errorf("accepted again: %s", res.Body)
	}
	var found bool
	for _, m := range grace.Get(c.Path("/members")).Want(http.StatusOK).Data() {
		user, _ := m["user"].(M)
		inviter, _ := m["invited_by"].(M)
		found = found || user["email"] == grace.Email() && inviter["id"] == c.Admin.ID()
	}
	if !found {
		t.Error("who accepted is not among the members, invited by the admin")
	}
	s.Anonymous(t).Post("/invitations/decline", accept).WantProblem(http.StatusGone, "invitation_accepted")
	s.Anonymous(t).Post("/invitations/preview", accept).WantProblem(http.StatusGone, "invitation_accepted")
}

func TestInvitations_Decline(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	_, token := invite(t, s, c, "grace@example.com", "member")
	decline := M{"token": token}
	s.Anonymous(t).Post("/invitations/decline", decline).Want(http.StatusNoContent)
	s.Anonymous(t).Post("/invitations/decline", decline).Want(http.StatusNoContent)
	s.Anonymous(t).Post("/invitations/decline", M{"token": "x"}).WantProblem(http.StatusNotFound, "not_found")
	s.Anonymous(t).Post("/invitations/preview", decline).WantProblem(http.StatusGone, "invitation_declined")
	s.SignUp(t, "Linus").Post("/invitations/accept", decline).WantProblem(http.StatusForbidden, "invitation_email_mismatch")
	if data := c.Owner.Get(c.Path("/invitations?state=declined")).Want(http.StatusOK).Data(); len(data) != 1 {
		t.Errorf("%d declined, want 1", len(data))
	}
}

func TestInvitations_Mine(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
	grace := s.SignUp(t, "Grace")
	first, _ := invite(t, s, c, grace.Email(), "member")
	second, _ := invite(t, s, other, grace.Email(), "admin")
	body := func(company apitest.Company, name, slug, role string) M {
		b := invitationBody(grace.Email(), role, "pending", company.Admin, name+" Admin")
		b["organization"] = M{"id": company.ID, "name": name, "slug": slug, "logo_url": nil}
		return b
	}
	wantBody(t, grace.Get("/me/invitations").Want(http.StatusOK), M{
		"data": []any{body(other, "Bolt", "bolt", "admin"), body(c, "Acme", "acme", "member")}, "next_cursor": nil,
	})
	page := grace.Get("/me/invitations?limit=1").Want(http.StatusOK)
	rest := grace.Get("/me/invitations?limit=1&cursor=" + page.Text("next_cursor")).Want(http.StatusOK)
	if page.Data()[0]["id"] != second || rest.Data()[0]["id"] != first {
		t.Errorf("pages of one: %s %s", page.Body, rest.Body)
	}
	wantBody(t, c.Member.Get("/me/invitations").Want(http.StatusOK), M{"data": []any{}, "next_cursor": nil})

	c.Member.Post("/me/invitations/"+first+"/accept", nil).WantProblem(http.StatusNotFound, "not_found")
	c.Member.Post("/me/invitations/"+first+"/decline", nil).WantProblem(http.StatusNotFound, "not_found")
	grace.Post("/me/invitations/nonsense/accept", nil).WantProblem(http.StatusNotFound, "not_found")
	grace.Post("/me/invitations/"+first+"/accept", nil).Want(http.StatusOK)
	grace.Post("/me/invitations/"+second+"/decline", nil).Want(http.StatusNoContent)
	wantBody(t, grace.Get("/me/invitations").Want(http.StatusOK), M{"data": []any{}, "next_cursor": nil})
	grace.Get(c.Path("")).Want(http.StatusOK)
	grace.Get(other.Path("")).WantProblem(http.StatusNotFound, "not_found")
}

func TestInvitations_SignUpFromTheLink(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.Unverified)
	c := s.Found(t, "Acme")
	for _, who := range []*apitest.Client{c.Owner, c.Admin} {
		s.ChangeUser(t, who, func(u *domain.User) { u.EmailVerifiedAt = s.Clock.Now() })
	}
	_, token := invite(t, s, c, "grace@example.com", "member")
	sent := len(mails(t, s, "grace@example.com"))
	signUp := func(extra M) *apitest.Response {
		body := M{"name": "Grace", "password": "correct horse battery staple", "invitation_token": token}
		maps.Copy(body, extra)
		return s.Anonymous(t).Post("/auth/sign-up", body)
	}
	signUp(M{"email": "linus@example.com"}).WantProblem(http.StatusForbidden, "invitation_email_mismatch")
	signUp(M{"invitation_token": strings.Repeat("0", 64)}).WantProblem(http.StatusNotFound, "not_found")
	signUp(M{"password": "short"}).WantProblem(http.StatusUnprocessableEntity, "validation_failed")

	grace := s.Anonymous(t)
	res := grace.Post("/auth/sign-up", M{"name": "Grace", "password": "correct horse battery staple", "invitation_token": token}).Want(http.StatusCreated)
	user := res.Object("user")
	if user["email"] != "grace@example.com" || user["email_verified"] != true {
		t.Errorf("signed up as %v, want the invited address, proven", user)
	}
	if got := len(mails(t, s, "grace@example.com")); got != sent {
		t.Errorf("%d more mails: there is nothing to prove", got-sent)
	}
	grace.Post("/invitations/accept", M{"token": token}).Want(http.StatusOK)
	signUp(nil).WantProblem(http.StatusGone, "invitation_accepted")
}

func TestInvitations_AnUnprovenAddress(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.Unverified)
	c := s.Found(t, "Acme")
	c.Owner.Post(c.Path("/invitations"), M{"email": "grace@example.com", "role": "member"}).WantProblem(http.StatusForbidden, "email_not_verified")
	c.Owner.Post(c.Path("/invitations/batch"), M{"emails": []string{"grace@example.com"}, "role": "member"}).WantProblem(http.StatusForbidden, "email_not_verified")
	s.ChangeUser(t, c.Admin, func(u *domain.User) { u.EmailVerifiedAt = s.Clock.Now() })
	squatter := s.SignUp(t, "Squatter") // with an address that is not theirs
	id, token := invite(t, s, c, squatter.Email(), "member")
	wantBody(t, squatter.Get("/me/invitations").Want(http.StatusOK), M{"data": []any{}, "next_cursor": nil})
	squatter.Post("/invitations/accept", M{"token": token}).WantProblem(http.StatusForbidden, "email_not_verified")
	squatter.Post("/me/invitations/"+id+"/accept", nil).WantProblem(http.StatusForbidden, "email_not_verified")
}
