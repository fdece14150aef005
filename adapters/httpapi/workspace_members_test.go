package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"rowhouse/test/apitest"
)

func TestWorkspaceMembers(t *testing.T) {
	t.Parallel()

	t.Run("adding lets a member see what is restricted, removing no longer", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		members := c.Path("/workspaces/" + c.Restricted + "/members")
		c.Member.Get(members).WantProblem(http.StatusNotFound, "not_found")
		s.Clock.Advance(time.Hour)

		added := M{
			"membership_id": c.MemberID, "role": "member", "added_at": "2030-05-01T13:00:00Z",
			"user": M{"id": c.Member.ID(), "name": "Acme Member", "email": c.Member.Email(), "avatar_url": nil},
		}
		res := c.Admin.Post(members, M{"membership_id": c.MemberID}).Want(http.StatusCreated)
		wantBody(t, res, added)
		wantHeader(t, res, "Cache-Control", "no-store")
		wantBody(t, c.Member.Get(members).Want(http.StatusOK), M{"next_cursor": nil, "data": []any{added, M{
			"membership_id": c.OwnerID, "role": "owner", "added_at": start,
			"user": M{"id": c.Owner.ID(), "name": "Acme Owner", "email": c.Owner.Email(), "avatar_url": nil},
		}}})
		c.Member.Get(c.Path("/workspaces/" + c.Restricted)).Want(http.StatusOK)
		c.Admin.Post(members, M{"membership_id": c.MemberID}).WantProblem(http.StatusConflict, "already_member")

		c.Admin.Delete(members + "/" + c.MemberID).Want(http.StatusNoContent)
		c.Member.Get(members).WantProblem(http.StatusNotFound, "not_found")
		c.Admin.Delete(members+"/"+c.MemberID).WantProblem(http.StatusNotFound, "not_found")
	})

	t.Run("a member takes oneself out, and nobody else", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		members := c.Path("/workspaces/" + c.Open + "/members")
		c.Owner.Post(members, M{"membership_id": c.MemberID}).Want(http.StatusCreated)
		c.Member.Delete(members+"/"+c.OwnerID).WantProblem(http.StatusForbidden, "forbidden")
		c.Member.Post(members, M{"membership_id": c.AdminID}).WantProblem(http.StatusForbidden, "forbidden")
		c.Member.Delete(members + "/" + c.MemberID).Want(http.StatusNoContent)
		c.Member.Delete(members+"/"+c.MemberID).WantProblem(http.StatusNotFound, "not_found")
	})

	t.Run("only members of the organization can be added", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
		members := c.Path("/workspaces/" + c.Open + "/members")
		for _, id := range []string{apitest.NewID(), other.MemberID, c.Member.ID(), "", "1"} {
			wantField(t, c.Owner.Post(members, M{"membership_id": id}), "membership_id", "unknown_member")
		}
		wantField(t, c.Owner.Post(members, M{}), "membership_id", "required")
		if n := len(c.Owner.Get(members).Data()); n != 1 {
			t.Errorf("%d members, want 1", n)
		}
	})

	t.Run("404 comes before 403 and 422", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
		for name, workspace := range map[string]string{"none": apitest.NewID(), "another organization's": other.Open, "no id": "x", "a restricted one": c.Restricted} {
			members := c.Path("/workspaces/" + workspace + "/members")
			for _, res := range []*apitest.Response{
				c.Member.Get(members),
				c.Member.Post(members, M{"membership_id": c.AdminID}),
				c.Member.Post(members, M{"membership_id": 5}),
				c.Member.Delete(members + "/" + c.MemberID),
				c.Member.Delete(members + "/" + c.OwnerID),
			} {
				if res.Code() != "not_found" {
					t.Errorf("%s: %s %s = %d %s", name, res.Request.Method, res.Request.URL.Path, res.StatusCode, res.Body)
				}
			}
		}
	})

	t.Run("who leaves the organization leaves its workspaces", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Owner.Post(c.Path("/workspaces/"+c.Open+"/members"), M{"membership_id": c.MemberID}).Want(http.StatusCreated)
		c.Member.Delete(c.Path("/members/" + c.MemberID)).Want(http.StatusNoContent)
		if n := len(c.Owner.Get(c.Path("/workspaces/" + c.Open + "/members")).Data()); n != 1 {
			t.Errorf("%d members, want 1", n)
		}
		if n := c.Owner.Get(c.Path("/workspaces/" + c.Open)).JSON()["member_count"]; n != 1.0 {
			t.Errorf("%v are counted, want 1", n)
		}
	})
}
