package httpapi_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// workspaceBody is a workspace that the owner of a company made, when nothing
// has changed yet.
func workspaceBody(c apitest.Company, id, name, slug, visibility string) M {
	return M{
		"id": id, "organization_id": c.ID, "name": name, "slug": slug, "description": "", "visibility": visibility,
		"is_default": id == c.Default, "member_count": 1, "created_by": M{"id": c.Owner.ID(), "name": "Acme Owner"},
		"created_at": start, "updated_at": start,
	}
}

// roomFor lifts the limit on workspaces.
func roomFor(t *testing.T, s *apitest.Server, c apitest.Company, workspaces domain.Limit) {
	t.Helper()
	s.Change(t, c.ID, func(o *domain.Organization) { o.WorkspaceLimit = workspaces })
}

func TestWorkspaces_List(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	general := workspaceBody(c, c.Default, "General", "general", "open")
	open := workspaceBody(c, c.Open, "Open", "open", "open")
	restricted := workspaceBody(c, c.Restricted, "Restricted", "restricted", "restricted")

	for _, who := range []*apitest.Client{c.Owner, c.Admin} {
		wantBody(t, who.Get(c.Path("/workspaces")).Want(http.StatusOK), M{"data": []any{general, open, restricted}, "next_cursor": nil})
	}
	res := c.Member.Get(c.Path("/workspaces")).Want(http.StatusOK)
	wantBody(t, res, M{"data": []any{general, open}, "next_cursor": nil})
	wantHeader(t, res, "Cache-Control", "no-store")

	c.Owner.Post(c.Path("/workspaces/"+c.Restricted+"/members"), M{"membership_id": c.MemberID}).Want(http.StatusCreated)
	restricted["member_count"] = 2
	wantBody(t, c.Member.Get(c.Path("/workspaces")).Want(http.StatusOK), M{"data": []any{general, open, restricted}, "next_cursor": nil})
}

func TestWorkspaces_Order(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	roomFor(t, s, c, 20)
	for _, name := range []string{"beta", "Alpha", "alpha", "Zeta", "10", "9"} {
		c.Owner.Post(c.Path("/workspaces"), M{"name": name}).Want(http.StatusCreated)
	}
	var names []string
	for _, workspace := range c.Owner.Get(c.Path("/workspaces")).Want(http.StatusOK).Data() {
		names = append(names, workspace["name"].(string))
	}
	if want := []string{"10", "9", "Alpha", "alpha", "beta", "General", "Open", "Restricted", "Zeta"}; !slices.Equal(names, want) {
		t.Errorf("order = %v, want %v", names, want)
	}
}

func TestWorkspaces_Create(t *testing.T) {
	t.Parallel()

	t.Run("makes one with the caller in it", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		roomFor(t, s, c, 20)
		s.Clock.Advance(time.Minute)
		res := c.Admin.Post(c.Path("/workspaces"), M{"name": " Großes Büro ", "description": "Plans", "visibility": "restricted"}).Want(http.StatusCreated)
		id := res.Text("id")
		wantBody(t, res, M{
			"id": anID, "organization_id": c.ID, "name": "Großes Büro", "slug": "grosses-buro", "description": "Plans",
			"visibility": "restricted", "is_default": false, "member_count": 1,
			"created_by": M{"id": c.Admin.ID(), "name": "Acme Admin"},
			"created_at": "2030-05-01T12:01:00Z", "updated_at": "2030-05-01T12:01:00Z",
		})
		wantHeader(t, res, "Location", "/api/v1/organizations/"+c.ID+"/workspaces/"+id)
		wantHeader(t, res, "ETag", `"1"`)
		if got := c.Admin.Send(http.MethodGet, res.Header.Get("Location"), nil, nil).Want(http.StatusOK); string(got.Body) != string(res.Body) {
			t.Errorf("Location answers %s, want %s", got.Body, res.Body)
		}
		c.Member.Get(c.Path("/workspaces/"+id)).WantProblem(http.StatusNotFound, "not_found")
	})

	t.Run("numbers the slug within the organization alone", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")
		roomFor(t, s, c, 20)
		if got := c.Owner.Post(c.Path("/workspaces"), M{"name": "OPEN"}).Want(http.StatusCreated).Text("slug"); got != "open-2" {
			t.Errorf("slug = %q, want open-2", got)
		}
		if got := other.Owner.Get(other.Path("/workspaces/" + other.Open)).Text("slug"); got != "open" {
			t.Errorf("slug elsewhere = %q, want open", got)
		}
	})

	t.Run("stops at the plan's limit", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		res := c.Owner.Post(c.Path("/workspaces"), M{"name": "One too many"}).WantProblem(http.StatusConflict, "workspace_limit_reached")
		wantBody(t, res, M{
			"type": "urn:rowhouse:problem:workspace_limit_reached", "title": "Conflict", "status": 409, "detail": matching{aSentence.Regexp},
			"code": "workspace_limit_reached", "request_id": res.Header.Get("X-Request-Id"), "limit": 3, "used": 3,
		})
		if n := len(c.Owner.Get(c.Path("/workspaces")).Data()); n != 3 {
			t.Errorf("%d workspaces, want 3", n)
		}
		c.Owner.Delete(c.Path("/workspaces/" + c.Open)).Want(http.StatusNoContent)
		c.Owner.Post(c.Path("/workspaces"), M{"name": "Now"}).Want(http.StatusCreated)
	})

	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		for _, tc := range []struct {
			name, field, code string
			body              M
		}{
			{"no name", "name", "required", M{}},
			{"a visibility that is none", "visibility", "unknown_visibility", M{"name": "A", "visibility": "public"}},
			{"a visibility of the wrong type", "visibility", "wrong_type", M{"name": "A", "visibility": true}},
			{"a long description", "description", "too_long", M{"name": "A", "description": strings.Repeat("a", 501)}},
			{"a slug, which is made from the name", "slug", "unknown_field", M{"name": "A", "slug": "abc"}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				wantField(t, c.Owner.On(t).Post(c.Path("/workspaces"), tc.body), tc.field, tc.code)
			})
		}
		c.Member.Post(c.Path("/workspaces"), M{"name": "A"}).WantProblem(http.StatusForbidden, "forbidden")
	})
}

func TestWorkspaces_Get(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c, other := s.Found(t, "Acme"), s.Found(t, "Bolt")

	res := c.Member.Get(c.Path("/workspaces/" + c.Open)).Want(http.StatusOK)
	wantBody(t, res, workspaceBody(c, c.Open, "Open", "open", "open"))
	wantHeader(t, res, "ETag", `"1"`)
	wantHeader(t, res, "Cache-Control", "private, no-cache")
	c.Member.Get("/organizations/" + c.Slug + "/workspaces/" + strings.ToUpper(c.Open)).Want(http.StatusOK)

	absent := stripped(c.Member.Get(c.Path("/workspaces/"+apitest.NewID())).WantProblem(http.StatusNotFound, "not_found"))
	for name, id := range map[string]string{
		"a restricted one that one is not in": c.Restricted, "one of another organization": other.Open,
		"a slug": "open", "no id": "1", "the organization's id": c.ID, "an id cut short": c.Open[:35], "an id in braces": "%7B" + c.Open + "%7D",
	} {
		if got := stripped(c.Member.Get(c.Path("/workspaces/" + id))); got != absent {
			t.Errorf("%s: %s\nwant %s", name, got, absent)
		}
	}
	c.Admin.Get(c.Path("/workspaces/" + c.Restricted)).Want(http.StatusOK)
}

func TestWorkspaces_Update(t *testing.T) {
	t.Parallel()

	t.Run("changes what is given, and the slug stays", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		s.Clock.Advance(time.Hour)
		want := workspaceBody(c, c.Open, "Open", "open", "open")
		want["updated_at"] = "2030-05-01T13:00:00Z"
		for _, step := range []M{{"name": "Studio"}, {"description": "Quiet"}, {"visibility": "restricted"}, {"visibility": "open", "description": ""}} {
			maps.Copy(want, step)
			res := c.Admin.Patch(c.Path("/workspaces/"+c.Open), step).Want(http.StatusOK)
			wantBody(t, res, want)
			wantHeader(t, res, "ETag", c.Owner.Get(c.Path("/workspaces/"+c.Open)).Header.Get("ETag"))
			wantBody(t, c.Owner.Get(c.Path("/workspaces/"+c.Open)), want)
		}
	})

	t.Run("an empty visibility opens nothing", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		wantField(t, c.Owner.Patch(c.Path("/workspaces/"+c.Restricted), M{"visibility": ""}), "visibility", "unknown_visibility")
		c.Member.Get(c.Path("/workspaces/"+c.Restricted)).WantProblem(http.StatusNotFound, "not_found")
	})

	t.Run("the default one stays open", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Owner.Patch(c.Path("/workspaces/"+c.Default), M{"visibility": "restricted"}).WantProblem(http.StatusConflict, "default_workspace")
		c.Owner.Patch(c.Path("/workspaces/"+c.Default), M{"name": "Lobby"}).Want(http.StatusOK)
		c.Member.Get(c.Path("/workspaces/" + c.Default)).Want(http.StatusOK)
	})

	t.Run("a member may not, and does not find what is restricted", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		c.Member.Patch(c.Path("/workspaces/"+c.Open), M{"name": "X"}).WantProblem(http.StatusForbidden, "forbidden")
		c.Member.Patch(c.Path("/workspaces/"+c.Restricted), M{"name": "X"}).WantProblem(http.StatusNotFound, "not_found")
		c.Owner.Patch(c.Path("/workspaces/"+apitest.NewID()), M{"name": "X"}).WantProblem(http.StatusNotFound, "not_found")
	})
}

func TestWorkspaces_Delete(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	c.Owner.Delete(c.Path("/workspaces/"+c.Default)).WantProblem(http.StatusConflict, "default_workspace")
	c.Member.Delete(c.Path("/workspaces/"+c.Open)).WantProblem(http.StatusForbidden, "forbidden")
	c.Member.Delete(c.Path("/workspaces/"+c.Restricted)).WantProblem(http.StatusNotFound, "not_found")
	c.Admin.Delete(c.Path("/workspaces/" + c.Open)).Want(http.StatusNoContent)
	c.Admin.Delete(c.Path("/workspaces/"+c.Open)).WantProblem(http.StatusNotFound, "not_found")
	c.Owner.Get(c.Path("/workspaces/"+c.Open)).WantProblem(http.StatusNotFound, "not_found")
	c.Owner.Get(c.Path("/workspaces/"+c.Open+"/members")).WantProblem(http.StatusNotFound, "not_found")
	if n := c.Owner.Get(c.Path("")).Object("usage")["workspaces"]; n != 2.0 {
		t.Errorf("%v workspaces are counted, want 2", n)
	}
}
