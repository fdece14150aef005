package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// walk reads a whole list, page by page, and returns the ids.
func walk(t *testing.T, c *apitest.Client, path string, limit int, id string) []string {
	t.Helper()
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	var ids []string
	cursor := ""
	for range 100 {
		page := c.Get(path + join + "limit=" + itoa(limit) + cursor).Want(http.StatusOK)
		items := page.Data()
		if len(items) > limit {
			t.Fatalf("a page of %d, want at most %d", len(items), limit)
		}
		for _, item := range items {
			ids = append(ids, item[id].(string))
		}
		next, more := page.JSON()["next_cursor"].(string)
		if !more {
			return ids
		}
		if len(items) != limit {
			t.Fatalf("a page of %d with another behind it", len(items))
		}
		cursor = "&cursor=" + next
	}
	t.Fatal("the list does not end")
	return nil
}

// crowd is a company with 7 workspaces, 7 members and 7 people in a workspace;
// its owner has 7 organizations and 7 sessions.
func crowd(t *testing.T, s *apitest.Server) apitest.Company {
	t.Helper()
	c := s.Found(t, "Acme")
	s.Change(t, c.ID, func(o *domain.Organization) { o.MemberLimit, o.WorkspaceLimit = 100, 100 })
	for i := range 6 {
		s.Clock.Advance(time.Second)
		c.Owner.Post("/organizations", M{"name": fmt.Sprint("Other ", i)}).Want(http.StatusCreated)
		signInAs(t, s, c.Owner, apitest.Password)
		if i < 4 {
			c.Owner.Post(c.Path("/workspaces"), M{"name": []string{"open", "Same", "Same", "same"}[i]}).Want(http.StatusCreated)
			s.Join(t, c.ID, s.SignUp(t, "Crowd"), domain.RoleMember)
		}
	}
	for _, member := range c.Owner.Get(c.Path("/members")).Want(http.StatusOK).Data() {
		if member["id"] != c.OwnerID {
			c.Owner.Post(c.Path("/workspaces/"+c.Open+"/members"), M{"membership_id": member["id"]}).Want(http.StatusCreated)
		}
	}
	return c
}

func lists(c apitest.Company) map[string]string {
	return map[string]string{
		"/organizations": "id", "/me/sessions": "id", c.Path("/members"): "id", c.Path("/members?query=example.com"): "id",
		c.Path("/workspaces"): "id", c.Path("/workspaces/" + c.Open + "/members"): "membership_id",
	}
}

func TestPaging_Walk(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := crowd(t, s)
	for path, id := range lists(c) {
		t.Run(path[strings.LastIndex(path, "/"):], func(t *testing.T) {
			t.Parallel()
			owner := c.Owner.On(t)
			whole := walk(t, owner, path, 100, id)
			if len(whole) != 7 {
				t.Fatalf("%d items, want 7", len(whole))
			}
			if id != "id" || path == "/organizations" || strings.Contains(path, "members") {
				if newest := slices.Sorted(slices.Values(whole)); !slices.Equal(whole, reversed(newest)) {
					t.Errorf("%v is not newest first", whole)
				}
			}
			for limit := 1; limit <= 8; limit++ {
				if got := walk(t, owner, path, limit, id); !slices.Equal(got, whole) {
					t.Errorf("by %d: %v, want %v", limit, got, whole)
				}
			}
			if first := owner.Get(path).Want(http.StatusOK); len(first.Data()) != 7 {
				t.Error("without a limit the list is shorter")
			}
		})
	}
}

func reversed(s []string) []string {
	slices.Reverse(s)
	return s
}

func TestPaging_DefaultLimit(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	for i := range 101 {
		ada.Post("/organizations", M{"name": "Org", "slug": fmt.Sprintf("org-%03d", i)}).Want(http.StatusCreated)
	}
	for query, want := range map[string]int{"": 50, "?limit=50": 50, "?limit=100": 100, "?limit=1": 1} {
		res := ada.Get("/organizations" + query).Want(http.StatusOK)
		if len(res.Data()) != want {
			t.Errorf("%q: %d items, want %d", query, len(res.Data()), want)
		}
		if diff := differ("next_cursor", res.JSON()["next_cursor"], aCursor); diff != "" {
			t.Error(diff)
		}
	}
	if got := walk(t, ada, "/organizations", 50, "id"); len(got) != 101 {
		t.Errorf("%d organizations, want 101", len(got))
	}
}

func TestPaging_WhileTheListChanges(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := crowd(t, s)
	page := c.Owner.Get(c.Path("/members?limit=3")).Want(http.StatusOK)
	cursor := page.Text("next_cursor")
	last := page.Data()[2]["id"].(string)
	c.Owner.Delete(c.Path("/members/" + last)).Want(http.StatusNoContent) // the one that the cursor names
	s.Join(t, c.ID, s.SignUp(t, "Late"), domain.RoleMember)               // comes before what was seen
	rest := c.Owner.Get(c.Path("/members?limit=100&cursor=" + cursor)).Want(http.StatusOK).Data()
	if len(rest) != 4 {
		t.Errorf("%d members are left, want 4", len(rest))
	}
}

func TestPaging_Limits(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	for path := range lists(c) {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		for _, limit := range []string{"-1", "0", "101", "1e9", "", "1.5", "abc", "+5", "%205", "0x10", "99999999999999999999", "9223372036854775808", "50%00", "1%3Bdrop", "%EF%BC%95"} {
			c.Owner.Get(path+join+"limit="+limit).WantProblem(http.StatusBadRequest, "invalid_limit")
		}
		s.Anonymous(t).Get(path+join+"limit=0").WantProblem(http.StatusBadRequest, "invalid_limit")
	}
}

func TestPaging_Cursors(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := crowd(t, s)
	refused := func(t *testing.T, who *apitest.Client, path, cursor string) string {
		t.Helper()
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		return stripped(who.On(t).Get(path+join+"cursor="+url.QueryEscape(cursor)).WantProblem(http.StatusBadRequest, "invalid_cursor"))
	}
	members := c.Path("/members")
	cursor := c.Owner.Get(members + "?limit=2").Want(http.StatusOK).Text("next_cursor")
	want := refused(t, c.Owner, members, "x")

	other := s.Found(t, "Bolt")
	s.Join(t, other.ID, c.Owner, domain.RoleMember)
	for _, tc := range []struct {
		name, path, cursor string
		who                *apitest.Client
	}{
		{"of another user of the same organization", members, cursor, c.Admin},
		{"on another organization's list", other.Path("/members"), cursor, c.Owner},
		{"on another list", c.Path("/workspaces"), cursor, c.Owner},
		{"on a list of one's own", "/organizations", cursor, c.Owner},
		{"of one list of one's own on another", "/me/sessions", c.Owner.Get("/organizations?limit=2").Text("next_cursor"), c.Owner},
		{"with a filter that it was not made for", members + "?role=member", cursor, c.Owner},
		{"with a search that it was not made for", members + "?query=a", cursor, c.Owner},
		{"without the filter that it was made for", members, c.Owner.Get(members + "?role=member&limit=2").Text("next_cursor"), c.Owner},
		{"with filter and search exchanged", members + "?query=member", c.Owner.Get(members + "?role=member&limit=2").Text("next_cursor"), c.Owner},
		{"of another workspace's list", c.Path("/workspaces/" + c.Default + "/members"), c.Owner.Get(c.Path("/workspaces/" + c.Open + "/members?limit=2")).Text("next_cursor"), c.Owner},
		{"cut short", members, cursor[:len(cursor)-1], c.Owner},
		{"cut in half", members, cursor[:len(cursor)/2], c.Owner},
		{"without its beginning", members, cursor[1:], c.Owner},
		{"with something behind", members, cursor + "A", c.Owner},
		{"with padding", members, cursor + "=", c.Owner},
		{"with a line break", members, cursor[:10] + "\n" + cursor[10:], c.Owner},
		{"with a line break behind", members, cursor + "\r\n", c.Owner},
		{"with a space", members, " " + cursor, c.Owner},
		{"twice", members, cursor + cursor, c.Owner},
		{"in the other alphabet", members, strings.NewReplacer("-", "+", "_", "/").Replace(cursor) + "+", c.Owner},
		{"an id", members, c.MemberID, c.Owner},
		{"SQL", members, "' OR 1=1 --", c.Owner},
		{"JSON", members, `{"id":"` + c.MemberID + `"}`, c.Owner},
		{"NUL", members, "\x00", c.Owner},
		{"3 KiB", members, strings.Repeat("A", 3<<10), c.Owner},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := refused(t, tc.who, tc.path, tc.cursor); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}

	t.Run("with any character changed", func(t *testing.T) {
		t.Parallel()
		for i := range cursor {
			for _, replacement := range []byte{'A', 'B', '_', 'z'} {
				if cursor[i] != replacement {
					edited := []byte(cursor)
					edited[i] = replacement
					if got := refused(t, c.Owner, members, string(edited)); got != want {
						t.Fatalf("%s\nwant %s", got, want)
					}
				}
			}
		}
	})

	t.Run("with any byte of 50 cursors changed", func(t *testing.T) {
		t.Parallel()
		for i := range 50 {
			fresh := c.Owner.On(t).Get(c.Path(fmt.Sprint("/members?limit=", 1+i%6, "&query=", strings.Repeat("e", i%2)))).Want(http.StatusOK).Text("next_cursor")
			edited := []byte(fresh)
			at := i * len(edited) / 50
			edited[at] = map[bool]byte{true: 'Q', false: 'w'}[edited[at] != 'Q']
			refused(t, c.Owner, fmt.Sprint(members, "?query=", strings.Repeat("e", i%2)), string(edited))
		}
	})
}

func TestPaging_CursorsExpire(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := crowd(t, s)
	cursor := c.Owner.Get(c.Path("/members?limit=2")).Want(http.StatusOK).Text("next_cursor")
	s.Clock.Advance(23 * time.Hour)
	c.Owner.Get(c.Path("/members?cursor=" + cursor)).Want(http.StatusOK)
	s.Clock.Advance(2 * time.Hour)
	c.Owner.Get(c.Path("/members?cursor="+cursor)).WantProblem(http.StatusBadRequest, "invalid_cursor")
	fresh := c.Owner.Get(c.Path("/members?limit=2")).Want(http.StatusOK).Text("next_cursor")
	if fresh == cursor {
		t.Error("a fresh cursor is the old one")
	}
	signInAs(t, s, c.Owner, apitest.Password).Get(c.Path("/members?cursor=" + fresh)).Want(http.StatusOK) // another session of the same user
}

func TestPaging_SurvivesNoDemotion(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := crowd(t, s)
	c.Owner.Patch(c.Path("/workspaces/"+c.Open), M{"visibility": "restricted", "name": "A"}).Want(http.StatusOK)
	cursor := c.Admin.Get(c.Path("/workspaces?limit=1")).Want(http.StatusOK).Text("next_cursor")
	c.Owner.Patch(c.Path("/members/"+c.AdminID), M{"role": "member"}).Want(http.StatusOK)
	for _, workspace := range c.Admin.Get(c.Path("/workspaces?cursor=" + cursor)).Want(http.StatusOK).Data() {
		if workspace["id"] == c.Restricted {
			t.Error("a demoted admin pages through what is restricted")
		}
	}
}
