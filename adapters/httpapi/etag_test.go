package httpapi_test

import (
	"net/http"
	"testing"

	"rowhouse/test/apitest"
)

func TestETag(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		path   func(apitest.Company) string
		change M
		remove func(apitest.Company) string
	}{
		{
			"an organization", func(c apitest.Company) string { return c.Path("") },
			M{"description": "x"},
			func(c apitest.Company) string { return c.Path("?confirm=" + c.Slug) },
		},
		{"a workspace", func(c apitest.Company) string { return c.Path("/workspaces/" + c.Open) }, M{"description": "x"}, nil},
		{"a membership", func(c apitest.Company) string { return c.Path("/members/" + c.MemberID) }, M{"role": "admin"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t)
			c := s.Found(t, "Acme")
			path := tc.path(c)
			removal := path
			if tc.remove != nil {
				removal = tc.remove(c)
			}
			do := func(method, path string, body any, match ...string) *apitest.Response {
				header, raw := http.Header{}, []byte(nil)
				if body != nil {
					header, raw = jsonHeader(), mustJSON(t, body)
				}
				if match != nil {
					header["If-Match"] = match
				}
				return c.Owner.Send(method, "/api/v1"+path, header, raw)
			}
			old := c.Owner.Get(path).Want(http.StatusOK).Header.Get("ETag")
			changed := do(http.MethodPatch, path, tc.change, old).Want(http.StatusOK)
			present := changed.Header.Get("ETag")
			if present == old || present == "" {
				t.Fatalf("ETag = %q after a change, %q before", present, old)
			}
			wantHeader(t, c.Owner.Get(path), "ETag", present)

			before := string(c.Owner.Get(path).Body)
			for _, match := range []string{
				old, `"0"`, `"-1"`, `"99999999999999999999"`, present[1 : len(present)-1], `W/` + present, `""`, `"`, `x`, `"x"`, `,`,
				`"1;DROP TABLE"`, `'2'`, `"` + present[1:len(present)-1] + ` "`, old + `, "77"`, "\xff", present + `x`,
			} {
				for _, res := range []*apitest.Response{do(http.MethodPatch, path, tc.change, match), do(http.MethodDelete, removal, nil, match)} {
					res.WantProblem(http.StatusPreconditionFailed, "precondition_failed")
					wantHeader(t, res, "ETag", "")
					wantHeader(t, res, "Cache-Control", "no-store")
				}
			}
			if do(http.MethodPatch, path, tc.change, " ").StatusCode == http.StatusPreconditionFailed {
				t.Error("an empty If-Match refuses")
			}
			if got := string(c.Owner.Get(path).Body); tc.name != "an organization" && tc.name != "a workspace" && got != before {
				t.Errorf("a refused change changed %s to %s", before, got)
			}

			// It is for If-Match alone.
			present = c.Owner.Get(path).Header.Get("ETag")
			for _, name := range []string{"If-None-Match", "If-Modified-Since", "Range"} {
				res := c.Owner.Send(http.MethodGet, "/api/v1"+path, http.Header{name: {present}}, nil).Want(http.StatusOK)
				if len(res.Body) == 0 {
					t.Errorf("%s was looked at", name)
				}
			}

			do(http.MethodPatch, path, tc.change, `"77", `+present).Want(http.StatusOK)
			do(http.MethodPatch, path, tc.change, "*").Want(http.StatusOK)
			do(http.MethodPatch, path, tc.change).Want(http.StatusOK)
			present = c.Owner.Get(path).Header.Get("ETag")
			do(http.MethodDelete, removal, nil, present).Want(http.StatusNoContent)
		})
	}
}

func TestETag_OfAMembershipFollowsItsOwnRow(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	member := c.Owner.Get(c.Path("/members/" + c.MemberID)).Header.Get("ETag")
	c.Owner.Patch(c.Path(""), M{"name": "New"}).Want(http.StatusOK)
	c.Member.Patch("/me", M{"name": "New"}).Want(http.StatusOK)
	wantHeader(t, c.Owner.Get(c.Path("/members/"+c.MemberID)), "ETag", member)
	c.Owner.Post(c.Path("/transfer-ownership"), M{"membership_id": c.MemberID}).Want(http.StatusOK)
	if got := c.Owner.Get(c.Path("/members/" + c.MemberID)).Header.Get("ETag"); got == member {
		t.Error("a new role did not change the ETag")
	}
}
