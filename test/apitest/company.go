package apitest

import (
	"net/http"
	"testing"

	"rowhouse/adapters/system"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Company is an organization with a member of each role, and a workspace that
// only the owner, the admin and one member see.
type Company struct {
	ID, Slug string

	Owner, Admin, Member *Client
	// Their memberships.
	OwnerID, AdminID, MemberID string

	Default, Open, Restricted string // workspaces
}

// Found makes a company with its own people.
func (s *Server) Found(tb testing.TB, name string) Company {
	tb.Helper()
	c := Company{Owner: s.SignUp(tb, name+" Owner"), Admin: s.SignUp(tb, name+" Admin"), Member: s.SignUp(tb, name+" Member")}
	created := c.Owner.Post("/organizations", M{"name": name}).Want(http.StatusCreated)
	c.ID, c.Slug = created.Text("id"), created.Text("slug")
	c.OwnerID = created.Object("membership")["id"].(string)
	c.AdminID = s.Join(tb, c.ID, c.Admin, domain.RoleAdmin)
	c.MemberID = s.Join(tb, c.ID, c.Member, domain.RoleMember)
	c.Default = c.Owner.Get(c.Path("/workspaces")).Want(http.StatusOK).Data()[0]["id"].(string)
	c.Open = c.Owner.Post(c.Path("/workspaces"), M{"name": "Open"}).Want(http.StatusCreated).Text("id")
	c.Restricted = c.Owner.Post(c.Path("/workspaces"), M{"name": "Restricted", "visibility": "restricted"}).Want(http.StatusCreated).Text("id")
	return c
}

// Path returns the path of something below the company.
func (c Company) Path(below string) string { return "/organizations/" + c.ID + below }

// Join makes a user a member of an organization and returns the membership.
func (s *Server) Join(tb testing.TB, organization string, who *Client, role domain.Role) string {
	tb.Helper()
	id, now := domain.MembershipID(NewID()), s.Clock.Now()
	err := s.Store.Tenant(domain.OrganizationID(organization)).Memberships().Add(tb.Context(), domain.Membership{
		ID: id, User: domain.UserID(who.ID()), Role: role, CreatedAt: now, UpdatedAt: now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return string(id)
}

// Suspend makes an organization one that can be read only.
func (s *Server) Suspend(tb testing.TB, organization string) {
	tb.Helper()
	s.Change(tb, organization, func(o *domain.Organization) { o.SuspendedAt = s.Clock.Now() })
}

// Change changes the row of an organization behind everybody's back.
func (s *Server) Change(tb testing.TB, organization string, change func(*domain.Organization)) {
	tb.Helper()
	id := domain.OrganizationID(organization)
	err := s.Store.Update(tb.Context(), ports.Of(id), func(tx ports.Repositories) error {
		org, err := tx.Tenant(id).Organization().Get(tb.Context())
		if err != nil {
			return err
		}
		change(&org)
		_, err = tx.Tenant(id).Organization().Save(tb.Context(), org)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// ChangeUser changes the row of a user behind everybody's back.
func (s *Server) ChangeUser(tb testing.TB, who *Client, change func(*domain.User)) {
	tb.Helper()
	user, err := s.Store.Users().Get(tb.Context(), domain.UserID(who.ID()))
	if err != nil {
		tb.Fatal(err)
	}
	change(&user)
	if err := s.Store.Users().Save(tb.Context(), user); err != nil {
		tb.Fatal(err)
	}
}

// ChangeSession changes the session that a client holds behind everybody's
// back.
func (s *Server) ChangeSession(tb testing.TB, who *Client, change func(*domain.Session)) {
	tb.Helper()
	token := domain.Token(who.Cookie("rowhouse_session"))
	session, _, err := s.Store.Sessions().ByToken(tb.Context(), token.Hash())
	if err != nil {
		tb.Fatal(err)
	}
	change(&session)
	if err := s.Store.Sessions().Save(tb.Context(), session); err != nil {
		tb.Fatal(err)
	}
}

// NewID returns an id that nothing has.
func NewID() string { return system.IDs{}.New() }
