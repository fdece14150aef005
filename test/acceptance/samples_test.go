package acceptance_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// M is a JSON object.
type M = apitest.M

// sample is a request to a route that succeeds for whoever may make it.
type sample struct {
	// prepare makes room for the request to succeed.
	prepare func(testing.TB, *apitest.Server, apitest.Company)
	// path fills in what is not the company's organization, Open workspace or
	// Admin. Nil needs nothing else.
	path func(testing.TB, apitest.Company, *apitest.Client) string
	body func(testing.TB, apitest.Company, *apitest.Client) any
	// query is appended to the path.
	query func(apitest.Company) string
	// picture is uploaded instead of a body.
	picture bool
	// want is the status, where a sample alone cannot succeed.
	want int
}

func fixed(body M) func(testing.TB, apitest.Company, *apitest.Client) any {
	return func(testing.TB, apitest.Company, *apitest.Client) any { return body }
}

// samples has a request for every route, by its id.
var samples = map[string]sample{
	"signUp": {body: func(testing.TB, apitest.Company, *apitest.Client) any {
		return M{"email": apitest.NewID() + "@example.com", "password": apitest.Password, "name": "New"}
	}},
	"signIn": {body: func(_ testing.TB, c apitest.Company, _ *apitest.Client) any {
		return M{"email": c.Owner.Email(), "password": apitest.Password}
	}},
	"signOut":            {},
	"sudo":               {body: fixed(M{"password": apitest.Password})},
	"verifyEmail":        {body: fixed(M{"token": "none of ours"}), want: http.StatusUnprocessableEntity},
	"resendVerification": {},
	"forgotPassword":     {body: fixed(M{"email": "nobody@example.com"})},
	"resetPassword":      {body: fixed(M{"token": "none of ours", "password": "another lantern 43"}), want: http.StatusUnprocessableEntity},

	"getMe":          {},
	"updateMe":       {body: fixed(M{"name": "Renamed"})},
	"deleteMe":       {},
	"changePassword": {body: fixed(M{"current_password": apitest.Password, "new_password": "another lantern 43"})},
	"changeEmail":    {body: fixed(M{"email": "elsewhere@example.com"})},
	"setAvatar":      {picture: true},
	"removeAvatar":   {},
	"listSessions":   {},
	"endSession": {path: func(tb testing.TB, _ apitest.Company, who *apitest.Client) string {
		tb.Helper()
		res := who.Get("/me/sessions")
		if res.StatusCode != http.StatusOK {
			return "/me/sessions/" + apitest.NewID() // somebody without sessions
		}
		return "/me/sessions/" + res.Data()[0]["id"].(string)
	}},

	"listOrganizations":  {},
	"createOrganization": {body: fixed(M{"name": "Another"})},
	"getOrganization":    {},
	"updateOrganization": {body: fixed(M{"description": "Changed"})},
	"deleteOrganization": {query: func(c apitest.Company) string { return "?confirm=" + c.Slug }},
	"transferOwnership": {body: func(_ testing.TB, c apitest.Company, _ *apitest.Client) any {
		return M{"membership_id": c.AdminID}
	}},
	"setLogo":    {picture: true},
	"removeLogo": {},
	"checkSlug":  {},

	"listWorkspaces": {},
	"createWorkspace": {
		prepare: func(tb testing.TB, s *apitest.Server, c apitest.Company) {
			tb.Helper()
			s.Change(tb, c.ID, func(o *domain.Organization) { o.WorkspaceLimit = domain.Unlimited })
		},
		body: fixed(M{"name": "Another"}),
	},
	"getWorkspace":         {},
	"updateWorkspace":      {body: fixed(M{"description": "Changed"})},
	"deleteWorkspace":      {},
	"listWorkspaceMembers": {},
	"addWorkspaceMember": {body: func(_ testing.TB, c apitest.Company, _ *apitest.Client) any {
		return M{"membership_id": c.MemberID}
	}},
	"removeWorkspaceMember": {path: func(_ testing.TB, c apitest.Company, _ *apitest.Client) string {
		return c.Path("/workspaces/" + c.Open + "/members/" + c.OwnerID)
	}},

	"listMembers": {},
	"getMember":   {},
	"changeRole": {
		path: func(_ testing.TB, c apitest.Company, _ *apitest.Client) string {
			return c.Path("/members/" + c.MemberID)
		},
		body: fixed(M{"role": "admin"}),
	},
	"removeMember": {},

	"listInvitations": {},
	"createInvitation": {body: func(testing.TB, apitest.Company, *apitest.Client) any {
		return M{"email": apitest.NewID() + "@example.com", "role": "member"}
	}},
	"createInvitations": {body: func(testing.TB, apitest.Company, *apitest.Client) any {
		return M{"emails": []string{apitest.NewID() + "@example.com"}, "role": "member"}
	}},
	"resendInvitation":    {prepare: inviteAMinuteAgo, path: pendingInvitation("/resend")},
	"revokeInvitation":    {prepare: inviteAMinuteAgo, path: pendingInvitation("")},
	"previewInvitation":   {body: fixed(M{"token": "none of ours"}), want: http.StatusNotFound},
	"declineInvitation":   {body: fixed(M{"token": "none of ours"}), want: http.StatusNotFound},
	"acceptInvitation":    {body: fixed(M{"token": "none of ours"}), want: http.StatusNotFound},
	"listMyInvitations":   {},
	"acceptMyInvitation":  {want: http.StatusNotFound},
	"declineMyInvitation": {want: http.StatusNotFound},

	"listPlans":       {},
	"getSubscription": {},
	"getUsage":        {},
	"listDemoMails":   {},
	// It would let the sessions of the others run out.
	"advanceDemoClock": {body: fixed(M{"advance_days": 0}), want: http.StatusUnprocessableEntity},
}

// inviteAMinuteAgo sends an invitation, and waits until it can be sent again.
func inviteAMinuteAgo(tb testing.TB, s *apitest.Server, c apitest.Company) {
	tb.Helper()
	c.Owner.Post(c.Path("/invitations"), M{"email": apitest.NewID() + "@example.com", "role": "member"}).Want(http.StatusCreated)
	s.Clock.Advance(domain.InvitationResendGap)
}

// pendingInvitation is the path of the company's invitation, or of none.
func pendingInvitation(below string) func(testing.TB, apitest.Company, *apitest.Client) string {
	return func(_ testing.TB, c apitest.Company, _ *apitest.Client) string {
		id := apitest.NewID()
		if found := c.Admin.Get(c.Path("/invitations")); found.StatusCode == http.StatusOK && len(found.Data()) > 0 {
			id = found.Data()[0]["id"].(string)
		}
		return c.Path("/invitations/" + id + below)
	}
}

// picture is a small PNG.
var picture = func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 2, 2))); err != nil {
		panic(err)
	}
	return b.Bytes()
}()
