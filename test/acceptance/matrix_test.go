package acceptance_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/httpapi"
	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
	"rowhouse/test/apitest"
)

// actor is a kind of caller.
type actor struct {
	name string
	// come makes one who comes to the company.
	come func(testing.TB, *apitest.Server, apitest.Company) *apitest.Client
	// role is what they are in the company; "" for nothing.
	role domain.Role
	// out means that nobody is signed in.
	out bool
	// suspended means that the company can be read only.
	suspended bool
	// cold means that the password was given too long ago.
	cold bool
}

var actors = []actor{
	{name: "anonymous", out: true, come: func(tb testing.TB, s *apitest.Server, _ apitest.Company) *apitest.Client {
		tb.Helper()
		return s.Anonymous(tb)
	}},
	{name: "a user whose session ran out", out: true, come: func(tb testing.TB, s *apitest.Server, c apitest.Company) *apitest.Client {
		tb.Helper()
		s.ChangeSession(tb, c.Owner, func(session *domain.Session) {
			session.LastSeenAt = session.LastSeenAt.Add(-domain.SessionIdleTimeout)
		})
		return c.Owner
	}},
	{name: "a user without any membership", come: func(tb testing.TB, s *apitest.Server, _ apitest.Company) *apitest.Client {
		tb.Helper()
		return s.SignUp(tb, "Stranger")
	}},
	{name: "the owner of another organization", come: func(tb testing.TB, s *apitest.Server, _ apitest.Company) *apitest.Client {
		tb.Helper()
		return s.Found(tb, "Elsewhere").Owner
	}},
	{name: "a platform operator", come: func(tb testing.TB, s *apitest.Server, _ apitest.Company) *apitest.Client {
		tb.Helper()
		operator := s.SignUp(tb, "Operator")
		s.ChangeUser(tb, operator, func(u *domain.User) { u.IsOperator = true })
		return operator
	}},
	{name: "a removed member", come: func(tb testing.TB, s *apitest.Server, c apitest.Company) *apitest.Client {
		tb.Helper()
		former := s.SignUp(tb, "Former")
		membership := s.Join(tb, c.ID, former, domain.RoleAdmin)
		c.Owner.Delete(c.Path("/members/" + membership)).Want(http.StatusNoContent)
		return former
	}},
	{name: "a member", role: domain.RoleMember, come: func(_ testing.TB, _ *apitest.Server, c apitest.Company) *apitest.Client { return c.Member }},
	{name: "an admin", role: domain.RoleAdmin, come: func(_ testing.TB, _ *apitest.Server, c apitest.Company) *apitest.Client { return c.Admin }},
	{name: "the owner", role: domain.RoleOwner, come: func(_ testing.TB, _ *apitest.Server, c apitest.Company) *apitest.Client { return c.Owner }},
	{name: "the owner without a recent password", role: domain.RoleOwner, cold: true, come: func(tb testing.TB, s *apitest.Server, c apitest.Company) *apitest.Client {
		tb.Helper()
		s.ChangeSession(tb, c.Owner, func(session *domain.Session) { session.SudoAt = session.SudoAt.Add(-domain.SudoWindow) })
		return c.Owner
	}},
	{name: "the owner of a suspended organization", role: domain.RoleOwner, suspended: true, come: func(tb testing.TB, s *apitest.Server, c apitest.Company) *apitest.Client {
		tb.Helper()
		s.Suspend(tb, c.ID)
		return c.Owner
	}},
}

// wants returns the status and, where it is a refusal, the code that a route's
// declaration promises to an actor.
func wants(r httpapi.Route, a actor) (status int, code string) {
	switch {
	case r.Access == httpapi.AccessPublic:
	case a.out:
		return http.StatusUnauthorized, "unauthenticated"
	case r.Access == httpapi.AccessMember && a.role == "":
		return http.StatusNotFound, "not_found"
	case r.Permission != "" && !policy.Allows(a.role, r.Permission) && !selfService(r, a):
		return http.StatusForbidden, "forbidden"
	case r.Permission != "" && a.suspended && r.Method != http.MethodGet:
		return http.StatusForbidden, "organization_suspended"
	case r.Sudo && a.cold:
		return http.StatusForbidden, "sudo_required"
	}
	if want := samples[r.ID].want; want != 0 {
		return want, ""
	}
	return r.Status, ""
}

// selfService reports whether the sample is about the actor's own membership.
func selfService(r httpapi.Route, a actor) bool {
	return r.OrSelf && r.ID == "removeMember" && a.role == domain.RoleAdmin
}

// request makes the sample request of a route.
func request(tb testing.TB, r httpapi.Route, c apitest.Company, who *apitest.Client) *apitest.Response {
	tb.Helper()
	path, body := parts(tb, r, c, who)
	return deliver(tb, r, who, path, body)
}

func parts(tb testing.TB, r httpapi.Route, c apitest.Company, who *apitest.Client) (path string, body any) {
	tb.Helper()
	smp := samples[r.ID]
	path = fill(r.Path, c, apitest.NewID())
	if smp.path != nil {
		path = smp.path(tb, c, who)
	}
	if smp.query != nil {
		path += smp.query(c)
	}
	if smp.body != nil {
		body = smp.body(tb, c, who)
	}
	return path, body
}

func deliver(tb testing.TB, r httpapi.Route, who *apitest.Client, path string, body any) *apitest.Response {
	tb.Helper()
	if samples[r.ID].picture {
		return who.Upload(path, picture)
	}
	return who.Do(r.Method, path, body)
}

// TestEveryRouteAgainstEveryActor holds what each route answers to each kind of
// caller against its declaration, while another company looks on: nothing of
// it may change.
func TestEveryRouteAgainstEveryActor(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	victim := s.Found(t, "Victim")
	before := checksum(t, s, victim)
	for _, violation := range violations(t, s) {
		t.Error(violation)
	}
	if after := checksum(t, s, victim); after != before {
		t.Error("the attack changed something of a company that had no part in it")
	}
	t.Logf("%d routes × %d actors", len(s.API.Routes), len(actors))
}

// Without the look-up of the membership the same sweep must find holes: else
// it proves nothing.
func TestEveryRouteAgainstEveryActor_FindsAMissingMembershipCheck(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithStore(func(store ports.Store) ports.Store { return openDoors{store} }))
	found := strings.Join(violations(t, s), "\n")
	for _, want := range []string{"a user without any membership", "the owner of another organization", "a removed member"} {
		if !strings.Contains(found, want) {
			t.Errorf("a store that makes everybody an owner went unnoticed for %s", want)
		}
	}
}

// violations returns every route and actor that do not go together as
// declared.
func violations(t *testing.T, s *apitest.Server) []string {
	t.Helper()
	var found []string
	for _, r := range s.API.Routes {
		for _, a := range actors {
			c := s.Found(t, "Acme")
			if prepare := samples[r.ID].prepare; prepare != nil {
				prepare(t, s, c)
			}
			who := a.come(t, s, c)
			status, code := wants(r, a)
			if r.ID == "deleteMe" && (a.role == domain.RoleOwner && !a.cold || a.name == "the owner of another organization") {
				status, code = http.StatusConflict, "owns_organizations"
			}
			res := request(t, r, c, who)
			if res.StatusCode != status || code != "" && res.Code() != code {
				found = append(found, fmt.Sprintf("%s %s as %s = %d %s, want %d %s", r.Method, r.Path, a.name, res.StatusCode, res.Code(), status, code))
			}
		}
	}
	return found
}

// TestEveryPathID_OfAnotherTenant puts another company's ids into every
// parameter of every path, one after the other.
func TestEveryIDOfAnotherTenantIsNotFound(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	victim := s.Found(t, "Victim")
	before := checksum(t, s, victim)
	mine := s.Found(t, "Mine")
	foreign := map[string]string{
		mine.ID: victim.ID, mine.Open: victim.Open, mine.AdminID: victim.AdminID, mine.MemberID: victim.MemberID, mine.OwnerID: victim.OwnerID,
	}
	tried := 0
	for _, r := range s.API.Routes {
		if r.Access != httpapi.AccessMember {
			continue
		}
		path, body := parts(t, r, mine, mine.Owner)
		for own, other := range foreign {
			if !strings.Contains(path, own) {
				continue
			}
			tried++
			deliver(t, r, mine.Owner, strings.Replace(path, own, other, 1), body).WantProblem(http.StatusNotFound, "not_found")
		}
		if object, ok := body.(M); ok && object["membership_id"] != nil {
			tried++
			object["membership_id"] = foreign[object["membership_id"].(string)]
			res := deliver(t, r, mine.Owner, path, object).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
			if res.FieldCodes()["membership_id"] != "unknown_member" {
				t.Errorf("%s: %s, want unknown_member", r.ID, res.Body)
			}
		}
	}
	if checksum(t, s, victim) != before {
		t.Error("something of the victim has changed")
	}
	if tried < 20 {
		t.Errorf("only %d requests were tried", tried)
	}
}

// What belongs to another tenant and what belongs to nobody look the same.
func TestForeignAndUnknownIDsAnswerAlike(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	victim, mine := s.Found(t, "Victim"), s.Found(t, "Mine")
	mine.Owner.Header.Set("X-Request-Id", "the-same-for-both")
	for _, r := range s.API.Routes {
		if r.Access != httpapi.AccessMember {
			continue
		}
		path, body := parts(t, r, mine, mine.Owner)
		foreign := deliver(t, r, mine.Owner, strings.Replace(path, mine.ID, victim.ID, 1), body)
		unknown := deliver(t, r, mine.Owner, strings.Replace(path, mine.ID, apitest.NewID(), 1), body)
		if string(foreign.Body) != string(unknown.Body) || foreign.StatusCode != unknown.StatusCode {
			t.Errorf("%s: %s\nand %s", r.ID, foreign.Body, unknown.Body)
		}
		foreign.Header.Del("Date")
		unknown.Header.Del("Date")
		if got, want := fmt.Sprint(foreign.Header), fmt.Sprint(unknown.Header); got != want {
			t.Errorf("%s: headers %s\nand %s", r.ID, got, want)
		}
	}
}

// checksum is over everything that a company owns.
func checksum(tb testing.TB, s *apitest.Server, c apitest.Company) string {
	tb.Helper()
	ctx, tenant := tb.Context(), s.Store.Tenant(domain.OrganizationID(c.ID))
	all := domain.PageRequest{Limit: domain.MaxPageLimit}
	sum := sha256.New()
	add := func(value any, err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.NewEncoder(sum).Encode(value); err != nil {
			tb.Fatal(err)
		}
	}
	add(tenant.Organization().Detail(ctx))
	add(tenant.Memberships().List(ctx, ports.MemberFilter{}, all))
	for _, state := range domain.InvitationStates {
		add(tenant.Invitations().List(ctx, state, s.Clock.Now(), all))
	}
	add(tenant.Subscription().Get(ctx))
	add(tenant.Usage().At(ctx, s.Clock.Now().Add(time.Hour)))
	workspaces, err := tenant.Workspaces().List(ctx, domain.WorkspaceViewer{SeesAll: true}, all)
	add(workspaces, err)
	for _, w := range workspaces.Items {
		add(tenant.Workspaces().Members(ctx, w.ID, all))
	}
	for _, who := range []*apitest.Client{c.Owner, c.Admin, c.Member} {
		add(s.Store.Users().Get(ctx, domain.UserID(who.ID())))
		add(s.Store.Sessions().List(ctx, domain.UserID(who.ID()), all))
		add(s.Store.Directory().Actors(ctx, domain.UserID(who.ID())))
	}
	return hex.EncodeToString(sum.Sum(nil))
}
