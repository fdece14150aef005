package organization_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/ports"
)

func TestTransferOwnership(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		to   func(*scene) domain.Actor
		// bills is where the bills went, and go afterwards.
		bills, billsAfter domain.Email
	}{
		{"to an admin", func(s *scene) domain.Actor { return s.Admin }, "ada@example.com", "grace@example.com"},
		{"to a member", func(s *scene) domain.Actor { return s.Member }, "ada@example.com", "linus@example.com"},
		{"with bills that went elsewhere", func(s *scene) domain.Actor { return s.Member }, "bills@example.com", "bills@example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			_, err := s.service.Update(t.Context(), s.Owner, organization.UpdateInput{BillingEmail: new(string(tt.bills))}, nil)
			s.Must(err)
			to, before, globex := tt.to(s), s.stored(s.Owner), s.stored(s.Globex)

			got, err := s.service.TransferOwnership(t.Context(), s.Owner, to.Membership)
			s.Must(err)

			want := before
			want.Owner, want.UpdatedAt, want.Version = to.User, s.Clock.Now(), before.Version+1
			want.BillingEmail = tt.billsAfter
			if got.Organization != want || s.stored(s.Owner) != want {
				t.Errorf("TransferOwnership = %+v\nwant %+v", got.Organization, want)
			}
			if got.Role != domain.RoleAdmin || got.Membership != s.Owner.Membership {
				t.Errorf("TransferOwnership leaves %s at %s, want the old owner as an admin", got.Membership, got.Role)
			}
			wantRoles(s, map[domain.MembershipID]domain.Role{
				s.Owner.Membership: domain.RoleAdmin, s.Admin.Membership: domain.RoleAdmin, s.Member.Membership: domain.RoleMember,
				to.Membership: domain.RoleOwner,
			})
			if s.stored(s.Globex) != globex {
				t.Error("another organization has changed")
			}
		})
	}
}

// wantRoles checks the roles of all members, each changed one with the time of
// its change.
func wantRoles(s *scene, want map[domain.MembershipID]domain.Role) {
	s.T.Helper()
	members, err := s.Tenant(s.Owner).Memberships().List(s.T.Context(), ports.MemberFilter{}, all)
	s.Must(err)
	if len(members.Items) != len(want) {
		s.T.Errorf("%d members, want %d", len(members.Items), len(want))
	}
	for _, m := range members.Items {
		if m.Role != want[m.ID] {
			s.T.Errorf("%s has become %s, want %s", m.Name, m.Role, want[m.ID])
		}
		if changed := m.Version > 1; changed && !m.UpdatedAt.Equal(s.Clock.Now()) {
			s.T.Errorf("%s was updated at %v, want now", m.Name, m.UpdatedAt)
		}
	}
}

func TestTransferOwnershipRefuses(t *testing.T) {
	t.Parallel()
	unknown := domain.Invalid("membership_id", "unknown_member", "")
	tests := []struct {
		name  string
		actor func(*scene) domain.Actor
		to    func(*scene) domain.MembershipID
		want  error
	}{
		{"an admin", func(s *scene) domain.Actor { return s.Admin }, func(s *scene) domain.MembershipID { return s.Member.Membership }, domain.ErrForbidden},
		{"an admin who takes it", func(s *scene) domain.Actor { return s.Admin }, func(s *scene) domain.MembershipID { return s.Admin.Membership }, domain.ErrForbidden},
		{"a member", func(s *scene) domain.Actor { return s.Member }, func(s *scene) domain.MembershipID { return s.Member.Membership }, domain.ErrForbidden},
		{"oneself", func(s *scene) domain.Actor { return s.Owner }, func(s *scene) domain.MembershipID { return s.Owner.Membership }, domain.ErrAlreadyOwner},
		{"nobody", func(s *scene) domain.Actor { return s.Owner }, func(*scene) domain.MembershipID { return "" }, unknown},
		{"an unknown member", func(s *scene) domain.Actor { return s.Owner }, func(s *scene) domain.MembershipID { return domain.MembershipID(s.IDs.New()) }, unknown},
		{"a member of another organization", func(s *scene) domain.Actor { return s.Owner }, func(s *scene) domain.MembershipID { return s.Globex.Membership }, unknown},
		{"a user's id", func(s *scene) domain.Actor { return s.Owner }, func(s *scene) domain.MembershipID { return domain.MembershipID(s.Grace.ID) }, unknown},
		{"somebody who owned it once", func(s *scene) domain.Actor {
			_, err := s.service.TransferOwnership(s.T.Context(), s.Owner, s.Admin.Membership)
			s.Must(err)
			return s.Owner // what the request began with
		}, func(s *scene) domain.MembershipID { return s.Member.Membership }, domain.ErrForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor, to := tt.actor(s), tt.to(s)
			s.WantUnchanged("TransferOwnership", tt.want, func() error {
				got, err := s.service.TransferOwnership(t.Context(), actor, to)
				if got != (domain.MemberOrganization{}) {
					t.Errorf("TransferOwnership = %+v beside the error, want nothing", got)
				}
				return err
			})
		})
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.WantAllOrNothing("TransferOwnership", func(ctx context.Context) error {
			_, err := s.service.TransferOwnership(ctx, s.Owner, s.Admin.Membership)
			return err
		})
	})
}

// transferTwice hands Acme to Grace and to Linus at once. It reports whether
// exactly one succeeded, the other was told that it may not, and one owner is
// left.
func transferTwice(t *testing.T, s *scene, service *organization.Service) bool {
	t.Helper()
	to := []domain.Actor{s.Admin, s.Member}
	errs := coretest.Together(2, func(i int) error {
		_, err := service.TransferOwnership(t.Context(), s.Owner, to[i].Membership)
		return err
	})
	winner := 0
	if errs[0] != nil {
		winner = 1
	}
	if errs[winner] != nil || !errors.Is(errs[1-winner], domain.ErrForbidden) {
		return false
	}
	return s.role(to[winner]) == domain.RoleOwner && s.role(to[1-winner]) != domain.RoleOwner &&
		s.role(s.Owner) == domain.RoleAdmin && s.stored(s.Owner).Owner == to[winner].User
}

func TestTransferOwnershipTwiceAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("one succeeds and the other may not", func(t *testing.T) {
		t.Parallel()
		for range 20 {
			s := newScene(t)
			if !transferTwice(t, s, s.service) {
				t.Fatal("of two transfers at once not exactly one has succeeded")
			}
		}
	})
	t.Run("a transfer that trusts what it read before is noticed", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		store := &readFirst{Store: s.Store}
		store.read.Add(2)
		if transferTwice(t, s, s.on(store)) {
			t.Error("reading before the lock has made no difference")
		}
	})
}

// readFirst is a store in which both transfers read who owns the organization
// before either of them holds the lock.
type readFirst struct {
	ports.Store

	read sync.WaitGroup
}

func (r *readFirst) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	before := map[domain.MembershipID]domain.Member{}
	members, err := r.Tenant(scope.Organization).Memberships().List(ctx, ports.MemberFilter{}, all)
	if err != nil {
		return err
	}
	for _, m := range members.Items {
		before[m.ID] = m
	}
	r.read.Done()
	r.read.Wait()
	return r.Store.Update(ctx, scope, func(tx ports.Repositories) error {
		return fn(readFirstRepositories{tx, before})
	})
}

type readFirstRepositories struct {
	ports.Repositories

	before map[domain.MembershipID]domain.Member
}

func (r readFirstRepositories) Tenant(id domain.OrganizationID) ports.Tenant {
	return readFirstTenant{r.Repositories.Tenant(id), r.before}
}

type readFirstTenant struct {
	ports.Tenant

	before map[domain.MembershipID]domain.Member
}

func (r readFirstTenant) Memberships() ports.Memberships {
	return readFirstMemberships{r.Tenant.Memberships(), r.before}
}

type readFirstMemberships struct {
	ports.Memberships

	before map[domain.MembershipID]domain.Member
}

func (r readFirstMemberships) Get(_ context.Context, id domain.MembershipID) (domain.Member, error) {
	return r.before[id], nil
}
