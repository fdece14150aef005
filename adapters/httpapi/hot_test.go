package httpapi_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// The detail of an organization is rendered by hand, its list by reflection:
// both say the same of every organization, down to the order of the fields.
func TestDetailAndListSayTheSameOfAnOrganization(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	tests := []struct {
		name   string
		change func(*domain.Organization)
	}{
		{"a plain one", func(*domain.Organization) {}},
		{"one with quotes and markup in its texts", func(o *domain.Organization) {
			o.Name, o.Description = `"Acme" <b>& Söhne\`, "first line\nsecond\tline"
		}},
		{"one named in other scripts", func(o *domain.Organization) { o.Name, o.Description = "北京 Привет 🚀", "\u2028\u2029" }},
		{"a suspended one", func(o *domain.Organization) { o.SuspendedAt = s.Clock.Now() }},
		{"one without limits", func(o *domain.Organization) { o.MemberLimit, o.WorkspaceLimit = domain.Unlimited, domain.Unlimited }},
		{"one with a logo", func(o *domain.Organization) { o.Logo = domain.NewOrganizationBlobKey(o.ID, apitest.NewID()) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			owner := s.SignUp(t, "Owner")
			id := owner.Post("/organizations", apitest.M{"name": "Acme"}).Want(http.StatusCreated).Text("id")
			s.Change(t, id, tt.change)
			detail := owner.Get("/organizations/" + id).Want(http.StatusOK)
			listed := owner.Get("/organizations").Want(http.StatusOK)

			item := maps.Clone(listed.Data()[0])
			delete(item, "role")
			delete(item, "member_count")
			if got := detail.JSON(); !reflect.DeepEqual(got, item) {
				t.Errorf("detail = %v\nlisted = %v", got, item)
			}
			if got := compact(t, detail.Body); !bytes.Contains(listed.Body, bytes.TrimSuffix(got, []byte("}"))) {
				t.Errorf("detail = %s\nis not how it is listed: %s", got, listed.Body)
			}
		})
	}
}

// The list of workspaces is rendered by hand, a single one by reflection: both
// say the same of every workspace, down to the order of the fields.
func TestListAndDetailSayTheSameOfAWorkspace(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	s.Change(t, c.ID, func(o *domain.Organization) { o.WorkspaceLimit = domain.Unlimited })
	for _, w := range []apitest.M{
		{"name": `"Acme" <b>& Söhne\`, "description": "first line\nsecond\tline", "visibility": "restricted"},
		{"name": "北京 Привет 🚀", "description": "🦉"},
	} {
		c.Owner.Post(c.Path("/workspaces"), w).Want(http.StatusCreated)
	}
	c.Owner.Post(c.Path("/workspaces/"+c.Open+"/members"), apitest.M{"membership_id": c.MemberID}).Want(http.StatusCreated)

	listed := c.Owner.Get(c.Path("/workspaces")).Want(http.StatusOK)
	items := listed.Data()
	if len(items) != 5 {
		t.Fatalf("%d workspaces are listed, want 5", len(items))
	}
	for _, item := range items {
		detail := c.Owner.Get(c.Path("/workspaces/" + item["id"].(string))).Want(http.StatusOK)
		if !reflect.DeepEqual(detail.JSON(), item) {
			t.Errorf("detail = %v\nlisted = %v", detail.JSON(), item)
		}
		if got := compact(t, detail.Body); !bytes.Contains(listed.Body, got) {
			t.Errorf("detail = %s\nis not how it is listed: %s", got, listed.Body)
		}
	}
	wantHeader(t, listed, "Content-Type", "application/json")
	wantHeader(t, listed, "Cache-Control", c.Owner.Get("/organizations").Header.Get("Cache-Control"))
}

func compact(t *testing.T, document []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, document); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
