package porttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// isolationCase is one method of a tenant's repositories, tried from globex on
// what belongs to acme. try returns what has leaked, if anything. Whatever it
// does, acme must be as before.
type isolationCase struct {
	method string
	try    func(ctx context.Context, globex ports.Tenant, s *scene) error
}

var isolationTests = newIsolationTests()

func newIsolationTests() []storeTest {
	tests := []storeTest{
		{"every method of a tenant has a test of its isolation", testIsolationComplete},
		{"two tenants do not mix inside one update", testTenantsInOneUpdate},
	}
	for _, c := range isolationCases() {
		tests = append(tests,
			storeTest{c.method + " does not reach another tenant", func(t *testing.T, s *scene) {
				s.wantIsolated(t, func() error { return c.try(t.Context(), s.globex.in(s.store), s) })
			}},
			storeTest{c.method + " does not reach another tenant from an update", func(t *testing.T, s *scene) {
				s.wantIsolated(t, func() (leak error) {
					// Whether the update can be committed is not the question.
					_ = s.store.Update(t.Context(), s.globex.scope(), func(tx ports.Repositories) error {
						leak = c.try(t.Context(), s.globex.in(tx), s)
						return nil
					})
					return leak
				})
			}},
		)
	}
	return tests
}

// isolationCases lists every method.
func isolationCases() []isolationCase {
	return slices.Concat(organizationIsolation(), membershipIsolation(), invitationIsolation(), workspaceIsolation(), workspaceMemberIsolation(), planIsolation())
}

// wantIsolated checks that nothing leaks from acme and nothing changes there.
func (s *scene) wantIsolated(t *testing.T, try func() error) {
	t.Helper()
	s.admit(s.acme, s.acme.workspace, s.linusAtAcme)
	s.putUsage(s.acme, used(month(1), acmeUsage), used(month(0), acmeUsage))
	acme, ada, linus := s.tenantState(s.acme), s.userState(s.ada.ID), s.userState(s.linus.ID)
	if leak := try(); leak != nil {
		t.Error(leak)
	}
	wantSame(t, "acme", s.tenantState(s.acme), acme)
	wantSame(t, "acme's owner", s.userState(s.ada.ID), ada)
	wantSame(t, "acme's member", s.userState(s.linus.ID), linus)
}

// acmeUsage is a quantity that only acme has used.
const acmeUsage = 1_000_000

func testIsolationComplete(t *testing.T, _ *scene) {
	var want, got []string
	for repository := range reflect.TypeFor[ports.Tenant]().Methods() {
		for method := range repository.Type.Out(0).Methods() {
			want = append(want, repository.Name+"."+method.Name)
		}
	}
	for _, c := range isolationCases() {
		got = append(got, c.method)
	}
	slices.Sort(want)
	slices.Sort(got)
	wantItems(t, "methods with a test", got, want)
}

func testTenantsInOneUpdate(t *testing.T, s *scene) {
	ctx := t.Context()
	s.must(s.store.Update(ctx, ports.OfUser(s.grace.ID), func(tx ports.Repositories) error {
		acme, globex := s.acme.in(tx), s.globex.in(tx)
		for range 2 {
			for _, tt := range []struct {
				tenant ports.Tenant
				want   domain.OrganizationID
				member domain.MembershipID
				other  domain.MembershipID
			}{{acme, s.acme.id, s.graceAtAcme, s.graceAtGlobex}, {globex, s.globex.id, s.graceAtGlobex, s.graceAtAcme}} {
				organization, err := tt.tenant.Organization().Get(ctx)
				s.must(err)
				wantEqual(t, "the organization", organization.ID, tt.want)
				_, err = tt.tenant.Memberships().Get(ctx, tt.member)
				s.must(err)
				_, err = tt.tenant.Memberships().Get(ctx, tt.other)
				wantError(t, "Get of the other's", err, domain.ErrNotFound)
			}
			actors, err := tx.Directory().Actors(ctx, s.grace.ID)
			s.must(err)
			wantEqual(t, "actors beside the tenants", len(actors), 2)
		}
		return errors.Join(
			acme.Memberships().Remove(ctx, s.graceAtAcme),
			globex.Memberships().Remove(ctx, s.graceAtGlobex),
		)
	}))
	wantEqual(t, "members of acme", s.tenantState(s.acme).Organization.Members, 2)
	wantEqual(t, "members of globex", s.tenantState(s.globex).Organization.Members, 1)
	wantItems(t, "what is left of the user's", s.actors(s.grace.ID), nil)
}

// hidden says what has leaked unless the call failed as if there were nothing.
func hidden(err error) error {
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("got %w, want %q", orNil(err), domain.ErrNotFound.Code)
}

// orNil makes a missing error one that can be shown.
func orNil(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}

// refused says what has leaked if the call succeeded.
func refused(err error) error {
	if err == nil {
		return errors.New("got no error, want one")
	}
	return nil
}

// Leaks tries every method of a tenant from the other one, on a broken store
// over the same data as a sound one, and returns what leaked, by method. It is
// for stores whose walls were taken down, to show that the tests of isolation
// look where they should. Each method is tried on what those before have left.
func Leaks(t *testing.T, sound, broken ports.Store) map[string]error {
	t.Helper()
	s, leaks := newScene(t, sound), map[string]error{}
	s.putUsage(s.acme, used(month(1), acmeUsage), used(month(0), acmeUsage))
	for _, c := range isolationCases() {
		if err := c.try(t.Context(), s.globex.in(broken), s); err != nil {
			leaks[c.method] = err
		}
	}
	return leaks
}
