package httpapi_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

func memberBody(id string, who *apitest.Client, name, role string) M {
	return M{
		"id": id, "role": role, "invited_by": nil, "joined_at": start,
		"user": M{"id": who.ID(), "name": name, "email": who.Email(), "avatar_url": nil},
	}
}

func TestMembers_List(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	owner := memberBody(c.OwnerID, c.Owner, "Acme Owner", "owner")
	admin := memberBody(c.AdminID, c.Admin, "Acme Admin", "admin")
	member := memberBody(c.MemberID, c.Member, "Acme Member", "member")

	for _, tc := range []struct {
		name, query string
		want        []any
	}{
		{"all, newest first", "", []any{member, admin, owner}},
		{"of one role", "?role=admin", []any{admin}},
		{"by part of the name, in any case", "?query=mEmB", []any{member}},
		{"by part of the address", "?query=" + url.QueryEscape(c.Owner.Email()), []any{owner}},
		{"by both", "?role=member&query=owner", []any{}},
		{"an empty search finds all", "?query=&role=", []any{member, admin, owner}},
		{"a percent sign is no wildcard", "?query=%25", []any{}},
		{"an underscore is no wildcard", "?query=acme_", []any{}},
		{"a backslash is none", `?query=%5C`, []any{}},
		{"SQL is a text", "?query=" + url.QueryEscape("' OR '1'='1"), []any{}},
		{"200 characters", "?query=" + strings.Repeat("x", 200), []any{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			res := c.Member.On(t).Get(c.Path("/members" + tc.query)).Want(http.StatusOK)
			wantBody(t, res, M{"data": tc.want, "next_cursor": nil})
			wantHeader(t, res, "Cache-Control", "no-store")
		})
	}

	for _, tc := range []struct{ name, query, field, code string }{
		{"a role that is none", "?role=root", "role", "unknown_role"},
		{"a role in upper case", "?role=OWNER", "role", "unknown_role"},
		{"a search of 201 characters", "?query=" + strings.Repeat("x", 201), "query", "too_long"},
		{"NUL", "?query=a%00", "query", "invalid_text"},
		{"bytes that are no text", "?query=%ff%fe", "query", "invalid_text"},
	} {
		t.Run(tc.name+" is refused", func(t *testing.T) {
			t.Parallel()
			wantField(t, c.Member.On(t).Get(c.Path("/members"+tc.query)), tc.field, tc.code)
		})
	}
}

func TestMembers_Get(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
	res := c.Member.Get(c.Path("/members/" + c.AdminID)).Want(http.StatusOK)
	wantBody(t, res, memberBody(c.AdminID, c.Admin, "Acme Admin", "admin"))
	wantHeader(t, res, "ETag", `"1"`)
	wantHeader(t, res, "Cache-Control", "private, no-cache")

	absent := stripped(c.Member.Get(c.Path("/members/"+apitest.NewID())).WantProblem(http.StatusNotFound, "not_found"))
	for name, id := range map[string]string{"another organization's": other.MemberID, "a user's id": c.Admin.ID(), "no id": "1", "me": "me"} {
		if got := stripped(c.Member.Get(c.Path("/members/" + id))); got != absent {
			t.Errorf("%s: %s\nwant %s", name, got, absent)
		}
	}

	t.Run("an inviter is named", func(t *testing.T) {
		t.Parallel()
		eve := s.SignUp(t, "Eve")
		id := domain.MembershipID(apitest.NewID())
		if err := s.Store.Tenant(domain.OrganizationID(c.ID)).Memberships().Add(t.Context(), domain.Membership{
			ID: id, User: domain.UserID(eve.ID()), Role: domain.RoleMember, InvitedBy: domain.UserID(c.Admin.ID()),
			CreatedAt: s.Clock.Now(), UpdatedAt: s.Clock.Now(),
		}); err != nil {
			t.Fatal(err)
		}
		want := memberBody(string(id), eve, "Eve", "member")
		want["invited_by"] = M{"id": c.Admin.ID(), "name": "Acme Admin"}
		wantBody(t, c.Owner.On(t).Get(c.Path("/members/"+string(id))).Want(http.StatusOK), want)
	})
}

func TestMembers_ChangeRole(t *testing.T) {
	t.Parallel()

	t.Run("promotes and demotes", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		want := memberBody(c.MemberID, c.Member, "Acme Member", "admin")
		res := c.Admin.Patch(c.Path("/members/"+c.MemberID), M{"role": "admin"}).Want(http.StatusOK)
		wantBody(t, res, want)
		wantHeader(t, res, "ETag", c.Owner.Get(c.Path("/members/"+c.MemberID)).Header.Get("ETag"))
		if got := c.Member.Get(c.Path("")).Object("membership")["role"]; got != "admin" {
			t.Errorf("role = %v", got)
		}
		want["role"] = "member"
		wantBody(t, c.Owner.Patch(c.Path("/members/"+c.MemberID), M{"role": "member"}).Want(http.StatusOK), want)
	})

	s := apitest.New(t)
	c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
	cases := []struct {
		name   string
		who    *apitest.Client
		whose  string
		role   any
		status int
		code   string
	}{
		{"a member may not", c.Member, c.AdminID, "member", 403, "forbidden"},
		{"a member may not even to oneself", c.Member, c.MemberID, "admin", 403, "forbidden"},
		{"ownership is not a role to give", c.Owner, c.AdminID, "owner", 422, "use_transfer_ownership"},
		{"an admin cannot make an owner", c.Admin, c.MemberID, "owner", 422, "use_transfer_ownership"},
		{"an admin cannot change the own role", c.Admin, c.AdminID, "member", 409, "own_role"},
		{"the owner neither", c.Owner, c.OwnerID, "member", 409, "own_role"},
		{"the owner's role stays", c.Admin, c.OwnerID, "member", 409, "owner_immutable"},
		{"another organization's member is not found", c.Owner, other.MemberID, "admin", 404, "not_found"},
		{"nobody is not found", c.Owner, apitest.NewID(), "admin", 404, "not_found"},
		{"nobody is not found, whatever the role", c.Owner, apitest.NewID(), "root", 404, "not_found"},
		{"nobody is not found by a member", c.Member, apitest.NewID(), "admin", 404, "not_found"},
		{"no id", c.Owner, "1", "admin", 404, "not_found"},
		{"an unknown role", c.Owner, c.AdminID, "root", 422, "validation_failed"},
		{"an empty role", c.Owner, c.AdminID, "", 422, "validation_failed"},
		{"a role in upper case", c.Owner, c.AdminID, "Admin", 422, "validation_failed"},
		{"no text", c.Owner, c.AdminID, []string{"admin"}, 422, "validation_failed"},
	}
	t.Run("refuses", func(t *testing.T) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				tc.who.On(t).Patch(c.Path("/members/"+tc.whose), M{"role": tc.role}).WantProblem(tc.status, tc.code)
			})
		}
	})
	var roles []string
	for _, member := range c.Owner.Get(c.Path("/members")).Want(http.StatusOK).Data() {
		roles = append(roles, member["role"].(string))
	}
	if want := []string{"member", "admin", "owner"}; !slices.Equal(roles, want) {
		t.Errorf("roles = %v, want %v", roles, want)
	}
}

func TestMembers_Remove(t *testing.T) {
	t.Parallel()

	t.Run("an admin removes, and the seat is free again", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Admin.Delete(c.Path("/members/" + c.MemberID)).Want(http.StatusNoContent)
		c.Admin.Delete(c.Path("/members/"+c.MemberID)).WantProblem(http.StatusNotFound, "not_found")
		if n := c.Owner.Get(c.Path("")).Object("usage")["members"]; n != 2.0 {
			t.Errorf("%v members are counted, want 2", n)
		}
		c.Member.Get(c.Path("")).WantProblem(http.StatusNotFound, "not_found")
		if n := len(c.Member.Get("/organizations").Want(http.StatusOK).Data()); n != 0 {
			t.Errorf("%d organizations are listed", n)
		}
	})

	t.Run("everybody but the owner leaves", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Member.Delete(c.Path("/members/" + c.MemberID)).Want(http.StatusNoContent)
		c.Admin.Delete(c.Path("/members/" + c.AdminID)).Want(http.StatusNoContent)
		c.Owner.Delete(c.Path("/members/"+c.OwnerID)).WantProblem(http.StatusConflict, "owner_immutable")
	})

	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
		c.Admin.Delete(c.Path("/members/"+c.OwnerID)).WantProblem(http.StatusConflict, "owner_immutable")
		c.Member.Delete(c.Path("/members/"+c.AdminID)).WantProblem(http.StatusForbidden, "forbidden")
		c.Member.Delete(c.Path("/members/"+apitest.NewID())).WantProblem(http.StatusNotFound, "not_found")
		c.Owner.Delete(c.Path("/members/"+other.MemberID)).WantProblem(http.StatusNotFound, "not_found")
		c.Owner.Delete(c.Path("/members/x")).WantProblem(http.StatusNotFound, "not_found")
		other.Owner.Delete(c.Path("/members/"+c.MemberID)).WantProblem(http.StatusNotFound, "not_found")
		if n := len(c.Owner.Get(c.Path("/members")).Data()); n != 3 {
			t.Errorf("%d members, want 3", n)
		}
	})
}
