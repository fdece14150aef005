package porttest

import (
	"errors"
	"fmt"
	"testing"

	"rowhouse/core/domain"
)

var seatTests = []storeTest{
	{"a member beyond the limit is refused, with the numbers", testSeats},
	{"a workspace beyond the limit is refused, with the numbers", testWorkspaceLimit},
	{"what is over a lowered limit stays, and nothing is added", testLoweredLimits},
	{"without limits there is room", testUnlimited},
}

// limitError says what is wrong with an error that refuses because of a limit,
// if anything.
func limitError(err error, want *domain.Error, limit, used int64) error {
	e, ok := errors.AsType[*domain.Error](err)
	switch {
	case !ok || !errors.Is(err, want):
		return fmt.Errorf("got %w, want %q", err, want.Code)
	case e.Limit == nil || e.Used == nil:
		return fmt.Errorf("%q does not say limit and use", e.Code)
	case *e.Limit != limit || *e.Used != used:
		return fmt.Errorf("%q says limit %d, used %d; want limit %d, used %d", e.Code, *e.Limit, *e.Used, limit, used)
	}
	return nil
}

func wantLimit(t *testing.T, call string, err error, want *domain.Error, limit, used int64) {
	t.Helper()
	if err == nil {
		t.Errorf("%s = nil, want %q", call, want.Code)
	} else if err := limitError(err, want, limit, used); err != nil {
		t.Errorf("%s: %v", call, err)
	}
}

// tight founds an organization of Linus for two members and two workspaces,
// one of each taken.
func (s *scene) tight() company {
	s.t.Helper()
	c, err := s.found(s.t.Context(), s.linus, domain.Limits{Members: 2, Workspaces: 2})
	s.must(err)
	return c
}

func testSeats(t *testing.T, s *scene) {
	ctx, c := t.Context(), s.tight()
	last, memberships := s.member(c, s.grace, domain.RoleMember), c.in(s.store).Memberships()
	before := s.tenantState(c)
	refused := s.newMembership(c, s.hedy.ID, domain.RoleMember)
	wantLimit(t, "Add", memberships.Add(ctx, refused), domain.ErrMemberLimitReached, 2, 2)
	wantSame(t, "the organization", s.tenantState(c), before)
	_, err := s.store.Directory().Actor(ctx, s.hedy.ID, string(c.id))
	wantError(t, "Actor of the one refused", err, domain.ErrNotFound)

	s.must(memberships.Remove(ctx, last))
	s.must(memberships.Add(ctx, refused))
	wantEqual(t, "members", s.tenantState(c).Organization.Members, 2)
}

func testWorkspaceLimit(t *testing.T, s *scene) {
	ctx, c := t.Context(), s.tight()
	last, workspaces := s.workspace(c, "Last", domain.VisibilityOpen), c.in(s.store).Workspaces()
	before := s.tenantState(c)
	refused := s.newWorkspace(c, "Refused", domain.VisibilityOpen)
	wantLimit(t, "Add", workspaces.Add(ctx, refused), domain.ErrWorkspaceLimitReached, 2, 2)
	wantSame(t, "the organization", s.tenantState(c), before)
	_, err := workspaces.Get(ctx, everything, refused.ID)
	wantError(t, "Get of the one refused", err, domain.ErrNotFound)

	s.must(workspaces.Remove(ctx, last.ID))
	s.must(workspaces.Add(ctx, refused))
	wantEqual(t, "workspaces", s.tenantState(c).Organization.Workspaces, 2)
}

func testLoweredLimits(t *testing.T, s *scene) {
	ctx, tenant := t.Context(), s.acme.in(s.store)
	organization, err := tenant.Organization().Get(ctx)
	s.must(err)
	organization.MemberLimit, organization.WorkspaceLimit = 1, 1
	_, err = tenant.Organization().Save(ctx, organization)
	s.must(err)
	before := s.tenantState(s.acme)
	wantEqual(t, "members", len(before.Members), 3)
	wantLimit(t, "Add of a member", tenant.Memberships().Add(ctx, s.newMembership(s.acme, s.hedy.ID, domain.RoleMember)), domain.ErrMemberLimitReached, 1, 3)
	wantLimit(t, "Add of a workspace", tenant.Workspaces().Add(ctx, s.newWorkspace(s.acme, "New", domain.VisibilityOpen)), domain.ErrWorkspaceLimitReached, 1, 2)
	wantSame(t, "the organization", s.tenantState(s.acme), before)

	// The other organization has room as before.
	s.member(s.globex, s.ada, domain.RoleMember)
	s.workspace(s.globex, "New", domain.VisibilityOpen)
}

func testUnlimited(t *testing.T, s *scene) {
	c, err := s.found(t.Context(), s.linus, domain.Limits{Members: domain.Unlimited, Workspaces: domain.Unlimited})
	s.must(err)
	for range 5 {
		s.member(c, s.user("Eve"), domain.RoleMember)
		s.workspace(c, "New", domain.VisibilityOpen)
	}
	organization := s.tenantState(c).Organization
	wantEqual(t, "members", organization.Members, 6)
	wantEqual(t, "workspaces", organization.Workspaces, 6)
}
