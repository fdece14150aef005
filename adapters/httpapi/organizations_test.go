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

// organizationBody is a company as one of its members sees it when nothing has
// changed yet.
func organizationBody(c apitest.Company, membership, role string, permissions []any) M {
	return M{
		"id": c.ID, "name": "Acme", "slug": c.Slug, "description": "", "logo_url": nil, "billing_email": c.Owner.Email(),
		"plan": "free", "owner": M{"id": c.Owner.ID(), "name": "Acme Owner"},
		"membership":   M{"id": membership, "role": role, "permissions": permissions},
		"suspended_at": nil, "limits": freeLimits,
		"usage":      M{"members": 3, "pending_invitations": 0, "workspaces": 3},
		"created_at": start, "updated_at": start,
	}
}

func TestOrganizations_Get(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")

	for _, tc := range []struct {
		name, membership, role string
		who                    *apitest.Client
		permissions            []any
	}{
		{"the owner may do everything", c.OwnerID, "owner", c.Owner, ownerPermissions},
		{"an admin most of it", c.AdminID, "admin", c.Admin, adminPermissions},
		{"a member nothing", c.MemberID, "member", c.Member, []any{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, ref := range []string{c.ID, c.Slug} {
				res := tc.who.On(t).Get("/organizations/" + ref).Want(http.StatusOK)
				wantBody(t, res, organizationBody(c, tc.membership, tc.role, tc.permissions))
				wantHeader(t, res, "ETag", `"1"`)
				wantHeader(t, res, "Cache-Control", "private, no-cache")
			}
		})
	}

	t.Run("a stranger cannot tell it from one that does not exist", func(t *testing.T) {
		t.Parallel()
		stranger := s.SignUp(t, "Eve")
		absent := stripped(stranger.Get("/organizations/"+apitest.NewID()).WantProblem(http.StatusNotFound, "not_found"))
		for _, ref := range []string{c.ID, c.Slug, "no-such-slug", "1", "ACME", "%20", "%00", "' or 1=1", "acme%2f..", strings.Repeat("a", 500)} {
			if got := stripped(stranger.Get("/organizations/" + strings.ReplaceAll(ref, " ", "%20"))); got != absent {
				t.Errorf("%q: %s\nwant %s", ref, got, absent)
			}
		}
	})

	t.Run("nobody is told anything who is not signed in", func(t *testing.T) {
		t.Parallel()
		s.Anonymous(t).Get("/organizations/"+c.ID).WantProblem(http.StatusUnauthorized, "unauthenticated")
		s.Anonymous(t).Get("/organizations").WantProblem(http.StatusUnauthorized, "unauthenticated")
	})
}

func TestOrganizations_List(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	own := c.Member.Post("/organizations", M{"name": "Own"}).Want(http.StatusCreated)

	listed := organizationBody(c, c.MemberID, "member", []any{})
	listed["role"], listed["member_count"] = "member", 3
	mine := own.JSON()
	mine["role"], mine["member_count"] = "owner", 1
	res := c.Member.Get("/organizations").Want(http.StatusOK)
	wantBody(t, res, M{"data": []any{asWanted(mine), listed}, "next_cursor": nil})
	wantHeader(t, res, "Cache-Control", "no-store")
	wantBody(t, s.SignUp(t, "Eve").Get("/organizations").Want(http.StatusOK), M{"data": []any{}, "next_cursor": nil})
}

// asWanted makes an expectation of what another answer said.
func asWanted(v any) any { return v }

func TestOrganizations_Create(t *testing.T) {
	t.Parallel()

	t.Run("founds an organization that the caller owns", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		res := ada.Post("/organizations", M{"name": " Müller & Söhne ", "description": "Wood\r\nand more"}).Want(http.StatusCreated)
		id := res.Text("id")
		wantBody(t, res, M{
			"id": anID, "name": "Müller & Söhne", "slug": "muller-sohne", "description": "Wood\nand more", "logo_url": nil,
			"billing_email": ada.Email(), "plan": "free", "owner": M{"id": ada.ID(), "name": "Ada"},
			"membership":   M{"id": anID, "role": "owner", "permissions": ownerPermissions},
			"suspended_at": nil, "limits": freeLimits,
			"usage":      M{"members": 1, "pending_invitations": 0, "workspaces": 1},
			"created_at": start, "updated_at": start,
		})
		wantHeader(t, res, "Location", "/api/v1/organizations/"+id)
		wantHeader(t, res, "ETag", `"1"`)
		if got := ada.Send(http.MethodGet, res.Header.Get("Location"), nil, nil).Want(http.StatusOK); string(got.Body) != string(res.Body) {
			t.Errorf("Location answers %s, want %s", got.Body, res.Body)
		}
		for _, workspace := range ada.Get("/organizations/" + id + "/workspaces").Want(http.StatusOK).Data() {
			if workspace["is_default"] != true || workspace["name"] != "General" || workspace["visibility"] != "open" {
				t.Errorf("it starts with %v", workspace)
			}
		}
	})

	t.Run("the slug", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		for _, tc := range []struct{ test, name, want string }{
			{"is made from the name", "Acme Inc.", "acme-inc"},
			{"is numbered where it is taken", "ACME inc", "acme-inc-2"},
			{"and again", "Acme, Inc", "acme-inc-3"},
			{"is written in Latin letters", "株式会社", "zhu-shi-hui-she"},
			{"is not a reserved one", "Admin", "admin-2"},
			{"has its length filled up", "X", "x-organization"},
			{"is made up where the name leaves nothing", "🚀🚀", "organization-2"},
		} {
			t.Run(tc.test, func(t *testing.T) {
				if got := ada.On(t).Post("/organizations", M{"name": tc.name}).Want(http.StatusCreated).Text("slug"); got != tc.want {
					t.Errorf("slug of %q = %q, want %q", tc.name, got, tc.want)
				}
			})
		}
	})

	t.Run("a chosen slug is taken as it is, or not at all", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
		if got := ada.Post("/organizations", M{"name": "Acme", "slug": "wood-works"}).Want(http.StatusCreated).Text("slug"); got != "wood-works" {
			t.Errorf("slug = %q", got)
		}
		eve.Post("/organizations", M{"name": "Other", "slug": "wood-works"}).WantProblem(http.StatusConflict, "slug_taken")
		if n := len(eve.Get("/organizations").Data()); n != 0 {
			t.Errorf("%d organizations were founded all the same", n)
		}
	})

	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		ada := s.SignUp(t, "Ada")
		for _, tc := range []struct {
			name, field, code string
			body              M
		}{
			{"no name", "name", "required", M{}},
			{"a number for a name", "name", "wrong_type", M{"name": 5}},
			{"null for a name", "name", "wrong_type", M{"name": nil}},
			{"a long description", "description", "too_long", M{"name": "A", "description": strings.Repeat("ä", 501)}},
			{"a description with an override", "description", "invalid_characters", M{"name": "A", "description": "\u202e"}},
			{"an empty slug", "slug", "invalid_slug", M{"name": "A", "slug": ""}},
			{"a reserved slug", "slug", "reserved", M{"name": "A", "slug": "admin"}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				wantField(t, ada.On(t).Post("/organizations", tc.body), tc.field, tc.code)
			})
		}
		if n := len(ada.Get("/organizations").Data()); n != 0 {
			t.Errorf("%d organizations were founded all the same", n)
		}
	})
}

func TestOrganizations_Update(t *testing.T) {
	t.Parallel()

	t.Run("changes what is given and nothing else", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		want := organizationBody(c, c.OwnerID, "owner", ownerPermissions)
		s.Clock.Advance(time.Hour)
		want["updated_at"] = "2030-05-01T13:00:00Z"
		for _, step := range []M{
			{"name": "Acme Ltd"},
			{"description": "Wood"},
			{"slug": "acme-ltd"},
			{"billing_email": "billing@example.com"},
			{"name": "A", "description": ""},
		} {
			maps.Copy(want, step)
			res := c.Owner.Patch(c.Path(""), step).Want(http.StatusOK)
			wantBody(t, res, want)
			got := c.Owner.Get(c.Path("")).Want(http.StatusOK)
			wantBody(t, got, want)
			wantHeader(t, res, "ETag", got.Header.Get("ETag"))
			wantHeader(t, res, "Cache-Control", "private, no-cache")
		}
	})

	t.Run("the billing address is the owner's alone", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Admin.Patch(c.Path(""), M{"name": "Taken over", "billing_email": "eve@example.com"}).WantProblem(http.StatusForbidden, "forbidden")
		wantBody(t, c.Owner.Get(c.Path("")), organizationBody(c, c.OwnerID, "owner", ownerPermissions))
		c.Admin.Patch(c.Path(""), M{"name": "Acme"}).Want(http.StatusOK)
	})

	t.Run("the old slug keeps leading here and nobody else gets it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Admin.Patch(c.Path(""), M{"slug": "acme-ltd"}).Want(http.StatusOK)
		if got := c.Member.Get("/organizations/" + c.Slug).Want(http.StatusOK).Text("id"); got != c.ID {
			t.Errorf("the old slug leads to %s", got)
		}
		eve := s.SignUp(t, "Eve")
		eve.Post("/organizations", M{"name": "Trap", "slug": c.Slug}).WantProblem(http.StatusConflict, "slug_taken")
		s.Clock.Advance(domain.SlugReservation - time.Microsecond)
		eve = s.SignUp(t, "Eve")
		eve.Post("/organizations", M{"name": "Trap", "slug": c.Slug}).WantProblem(http.StatusConflict, "slug_taken")
		s.Clock.Advance(time.Microsecond)
		eve.Post("/organizations", M{"name": "Trap", "slug": c.Slug}).Want(http.StatusCreated)
	})

	t.Run("a slug of another organization is taken", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
		c.Owner.Patch(c.Path(""), M{"slug": other.Slug}).WantProblem(http.StatusConflict, "slug_taken")
		wantBody(t, c.Owner.Get(c.Path("")), organizationBody(c, c.OwnerID, "owner", ownerPermissions))
	})

	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		for _, tc := range []struct {
			name, field, code string
			body              M
		}{
			{"an address that is none", "billing_email", "invalid_email", M{"billing_email": "x"}},
			{"a reserved slug", "slug", "reserved", M{"slug": "api"}},
			{"an empty slug", "slug", "invalid_slug", M{"slug": ""}},
			{"a long description", "description", "too_long", M{"description": strings.Repeat("a", 501)}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				wantField(t, c.Owner.On(t).Patch(c.Path(""), tc.body), tc.field, tc.code)
			})
		}
		wantBody(t, c.Owner.Get(c.Path("")), organizationBody(c, c.OwnerID, "owner", ownerPermissions))
	})
}

func TestOrganizations_Delete(t *testing.T) {
	t.Parallel()

	t.Run("takes everything with it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
		logo := c.Owner.Upload(c.Path("/logo"), picture(t, 8, 8)).Want(http.StatusOK).Text("logo_url")
		res := c.Owner.Delete(c.Path("?confirm=" + c.Slug)).Want(http.StatusNoContent)
		if len(res.Body) > 0 {
			t.Errorf("body %q", res.Body)
		}
		for _, path := range []string{"", "/workspaces", "/workspaces/" + c.Open, "/members", "/members/" + c.AdminID, "/usage", "/subscription"} {
			c.Admin.Get(c.Path(path)).WantProblem(http.StatusNotFound, "not_found")
		}
		c.Owner.Send(http.MethodGet, strings.TrimPrefix(logo, apitest.PublicURL), nil, nil).WantProblem(http.StatusNotFound, "not_found")
		other.Owner.Get(other.Path("")).Want(http.StatusOK)
		if n := len(other.Owner.Get(other.Path("/members")).Data()); n != 3 {
			t.Errorf("another organization has %d members left", n)
		}
		s.SignUp(t, "Eve").Post("/organizations", M{"name": "Trap", "slug": c.Slug}).WantProblem(http.StatusConflict, "slug_taken")
	})

	t.Run("asks for the slug", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		for _, query := range []string{"", "?confirm=", "?confirm=ACME", "?confirm=" + c.ID, "?confirm=acm", "?confirm=%00", "?Confirm=acme"} {
			res := c.Owner.Delete(c.Path(query)).WantProblem(http.StatusUnprocessableEntity, "confirmation_mismatch")
			if got := res.FieldCodes()["confirm"]; got != "confirmation_mismatch" {
				t.Errorf("%s: fields = %v", query, res.FieldCodes())
			}
		}
		c.Owner.Get(c.Path("")).Want(http.StatusOK)
	})

	t.Run("is the owner's, with a fresh password", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Admin.Delete(c.Path("?confirm="+c.Slug)).WantProblem(http.StatusForbidden, "forbidden")
		c.Member.Delete(c.Path("?confirm="+c.Slug)).WantProblem(http.StatusForbidden, "forbidden")
		s.Clock.Advance(domain.SudoWindow)
		c.Owner.Delete(c.Path("?confirm="+c.Slug)).WantProblem(http.StatusForbidden, "sudo_required")
		signInAs(t, s, c.Owner, apitest.Password) // elsewhere: does not count here
		c.Owner.Delete(c.Path("?confirm="+c.Slug)).WantProblem(http.StatusForbidden, "sudo_required")
		c.Owner.Post("/auth/sudo", M{"password": apitest.Password}).Want(http.StatusNoContent)
		c.Owner.Delete(c.Path("?confirm=" + c.Slug)).Want(http.StatusNoContent)
	})
}

func TestOrganizations_TransferOwnership(t *testing.T) {
	t.Parallel()

	t.Run("makes the other the owner and the caller an admin", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		res := c.Owner.Post(c.Path("/transfer-ownership"), M{"membership_id": c.MemberID}).Want(http.StatusOK)
		want := organizationBody(c, c.OwnerID, "admin", adminPermissions)
		want["owner"] = M{"id": c.Member.ID(), "name": "Acme Member"}
		want["billing_email"] = c.Member.Email()
		wantBody(t, res, want)
		wantHeader(t, res, "ETag", c.Owner.Get(c.Path("")).Header.Get("ETag"))
		c.Owner.Patch(c.Path(""), M{"billing_email": "x@example.com"}).WantProblem(http.StatusForbidden, "forbidden")
		c.Member.Patch(c.Path(""), M{"billing_email": "x@example.com"}).Want(http.StatusOK)
		c.Owner.Post(c.Path("/transfer-ownership"), M{"membership_id": c.OwnerID}).WantProblem(http.StatusForbidden, "forbidden")
	})

	t.Run("refuses who is no member, and who owns it already", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
		for _, id := range []string{apitest.NewID(), other.MemberID, "", "1", c.Member.ID()} {
			wantField(t, c.Owner.Post(c.Path("/transfer-ownership"), M{"membership_id": id}), "membership_id", "unknown_member")
		}
		c.Owner.Post(c.Path("/transfer-ownership"), M{"membership_id": c.OwnerID}).WantProblem(http.StatusConflict, "already_owner")
		wantBody(t, c.Owner.Get(c.Path("")), organizationBody(c, c.OwnerID, "owner", ownerPermissions))
	})

	t.Run("is the owner's, with a fresh password", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Admin.Post(c.Path("/transfer-ownership"), M{"membership_id": c.AdminID}).WantProblem(http.StatusForbidden, "forbidden")
		s.Clock.Advance(domain.SudoWindow)
		c.Owner.Post(c.Path("/transfer-ownership"), M{"membership_id": c.AdminID}).WantProblem(http.StatusForbidden, "sudo_required")
	})
}

func TestOrganizations_Suspended(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	s.Suspend(t, c.ID)
	if got := c.Owner.Get(c.Path("")).Want(http.StatusOK).JSON()["suspended_at"]; got != start {
		t.Errorf("suspended_at = %v, want %s", got, start)
	}
	for _, path := range []string{"/workspaces", "/workspaces/" + c.Open, "/workspaces/" + c.Open + "/members", "/members", "/members/" + c.AdminID, "/subscription", "/usage"} {
		c.Member.Get(c.Path(path)).Want(http.StatusOK)
	}
	for _, tc := range []struct {
		name, method, path string
		body               any
	}{
		{"to change it", http.MethodPatch, "", M{"name": "X"}},
		{"to delete it", http.MethodDelete, "?confirm=" + c.Slug, nil},
		{"to hand it over", http.MethodPost, "/transfer-ownership", M{"membership_id": c.AdminID}},
		{"to remove its logo", http.MethodDelete, "/logo", nil},
		{"to make a workspace", http.MethodPost, "/workspaces", M{"name": "X"}},
		{"to change a workspace", http.MethodPatch, "/workspaces/" + c.Open, M{"name": "X"}},
		{"to delete a workspace", http.MethodDelete, "/workspaces/" + c.Open, nil},
		{"to add to a workspace", http.MethodPost, "/workspaces/" + c.Open + "/members", M{"membership_id": c.MemberID}},
		{"to take out of a workspace", http.MethodDelete, "/workspaces/" + c.Open + "/members/" + c.OwnerID, nil},
		{"to change a role", http.MethodPatch, "/members/" + c.MemberID, M{"role": "admin"}},
		{"to remove a member", http.MethodDelete, "/members/" + c.MemberID, nil},
	} {
		t.Run("does not let the owner "+strings.TrimPrefix(tc.name, "to "), func(t *testing.T) {
			t.Parallel()
			c.Owner.On(t).Do(tc.method, c.Path(tc.path), tc.body).WantProblem(http.StatusForbidden, "organization_suspended")
		})
	}
	t.Run("does not let the owner set a logo", func(t *testing.T) {
		t.Parallel()
		c.Owner.On(t).Upload(c.Path("/logo"), picture(t, 8, 8)).WantProblem(http.StatusForbidden, "organization_suspended")
	})
}
