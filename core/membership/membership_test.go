package membership_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/membership"
)

func (s *scene) stored(actor domain.Actor) domain.Membership {
	s.T.Helper()
	m, err := s.Tenant(actor).Memberships().Get(s.T.Context(), actor.Membership)
	s.Must(err)
	return m.Membership
}

// as returns one of Acme's people of a role, and the second of them.
func (s *scene) as(role domain.Role) domain.Actor {
	return map[domain.Role]domain.Actor{domain.RoleOwner: s.Owner, domain.RoleAdmin: s.Admin, domain.RoleMember: s.Member}[role]
}

// second returns another of that role; there is one owner only.
func (s *scene) second(role domain.Role) domain.Actor {
	switch role {
	case domain.RoleOwner:
		return s.Owner
	case domain.RoleAdmin:
		return s.Join(s.Owner, s.User("Barbara"), domain.RoleAdmin)
	default:
		return s.other
	}
}

func suspended(actor func(*scene) domain.Actor) func(*scene) domain.Actor {
	return func(s *scene) domain.Actor {
		a := actor(s)
		a.Suspended = true
		return a
	}
}

// Whoever acts, on whom, and with which role in mind: one row for each actor
// and member, one column for each role that is asked for.
func TestChangeRole(t *testing.T) {
	t.Parallel()
	var (
		ok        error
		forbidden = domain.ErrForbidden
		owner     = domain.ErrOwnerImmutable
		transfer  = domain.ErrUseTransferOwnership
	)
	type who struct{ actor, member domain.Role }
	want := map[who]map[string]error{
		{domain.RoleMember, domain.RoleMember}: {"member": forbidden, "admin": forbidden, "owner": forbidden},
		{domain.RoleMember, domain.RoleAdmin}:  {"member": forbidden, "admin": forbidden, "owner": forbidden},
		{domain.RoleMember, domain.RoleOwner}:  {"member": forbidden, "admin": forbidden, "owner": forbidden},
		{domain.RoleAdmin, domain.RoleMember}:  {"member": ok, "admin": ok, "owner": transfer},
		{domain.RoleAdmin, domain.RoleAdmin}:   {"member": ok, "admin": ok, "owner": transfer},
		{domain.RoleAdmin, domain.RoleOwner}:   {"member": owner, "admin": owner, "owner": transfer},
		{domain.RoleOwner, domain.RoleMember}:  {"member": ok, "admin": ok, "owner": transfer},
		{domain.RoleOwner, domain.RoleAdmin}:   {"member": ok, "admin": ok, "owner": transfer},
	}
	for who, outcomes := range want {
		for to, outcome := range outcomes {
			t.Run(fmt.Sprintf("%s makes another %s to %s", who.actor, who.member, to), func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				actor, target := s.as(who.actor), s.second(who.member)
				change := func() error {
					got, err := s.service.ChangeRole(t.Context(), actor, target.Membership, to, domain.Precondition{1})
					if err != nil {
						return err
					}
					want := domain.Membership{
						ID: target.Membership, User: target.User, Role: domain.Role(to), InvitedBy: s.Owner.User,
						CreatedAt: got.CreatedAt, UpdatedAt: s.Clock.Now(), Version: 2,
					}
					if got.Membership != want || s.stored(target) != want || got.Name == "" || got.Email == "" {
						t.Errorf("ChangeRole = %+v, stored %+v\nwant %+v and who it is", got, s.stored(target), want)
					}
					return nil
				}
				if outcome == nil {
					coretest.WantError(t, "ChangeRole", change(), nil)
				} else {
					s.WantUnchanged("ChangeRole", outcome, change)
				}
			})
		}
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.WantAllOrNothing("ChangeRole", func(ctx context.Context) error {
			_, err := s.service.ChangeRole(ctx, s.Owner, s.Member.Membership, "admin", nil)
			return err
		})
	})
}

func TestChangeRoleRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		actor  func(*scene) domain.Actor
		change func(*scene) domain.Actor
		to     string
		match  domain.Precondition
		want   error
	}{
		{"the owner's own role", owner, owner, "member", nil, domain.ErrOwnRole},
		{"an admin's own role", admin, admin, "member", nil, domain.ErrOwnRole},
		{"an admin who takes the ownership", admin, admin, "owner", nil, domain.ErrUseTransferOwnership},
		{"a member's own role", member, member, "admin", nil, domain.ErrForbidden},
		{"the owner's role by an admin", admin, owner, "member", nil, domain.ErrOwnerImmutable},
		{"a suspended organization", suspended(owner), member, "admin", nil, domain.ErrOrganizationSuspended},
		{"another organization's member", owner, func(s *scene) domain.Actor { return s.Globex }, "member", nil, domain.ErrNotFound},
		{"an unknown member", owner, func(s *scene) domain.Actor { return domain.Actor{Membership: domain.MembershipID(s.IDs.New())} }, "member", nil, domain.ErrNotFound},
		{"another version", owner, member, "admin", domain.Precondition{2}, domain.ErrPreconditionFailed},
		{"another version before the owner's role", admin, owner, "member", domain.Precondition{2}, domain.ErrPreconditionFailed},
		{"an unknown role", owner, member, "king", nil, domain.Invalid("role", "unknown_role", "")},
		{"no role", owner, member, "", nil, domain.Invalid("role", "unknown_role", "")},
		{"the owner's in capitals", owner, member, "OWNER", nil, domain.Invalid("role", "unknown_role", "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.WantUnchanged("ChangeRole", tt.want, func() error {
				got, err := s.service.ChangeRole(t.Context(), tt.actor(s), tt.change(s).Membership, tt.to, tt.match)
				if got != (domain.Member{}) {
					t.Errorf("ChangeRole = %+v beside the error, want nothing", got)
				}
				return err
			})
		})
	}
}

func TestChangeRoleOfTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	roles := []string{"admin", "member"}
	var succeeded int
	for _, err := range coretest.Together(10, func(i int) error {
		_, err := s.service.ChangeRole(t.Context(), s.Owner, s.Member.Membership, roles[i%2], domain.Precondition{1})
		return err
	}) {
		if err == nil {
			succeeded++
		} else {
			coretest.WantError(t, "ChangeRole", err, domain.ErrPreconditionFailed)
		}
	}
	if got := s.stored(s.Member); succeeded != 1 || got.Version != 2 {
		t.Errorf("%d of 10 at once succeeded, and the version is %d; want 1 and 2", succeeded, got.Version)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	for name, actors := range map[string][2]func(*scene) domain.Actor{
		"a member by the owner":    {owner, member},
		"a member by an admin":     {admin, member},
		"an admin by the owner":    {owner, admin},
		"an admin by another":      {func(s *scene) domain.Actor { return s.second(domain.RoleAdmin) }, admin},
		"a member who leaves":      {member, member},
		"an admin who leaves":      {admin, admin},
		"a member of that version": {owner, member},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor, target := actors[0](s), actors[1](s)
			before, err := s.Tenant(s.Owner).Organization().Get(t.Context())
			s.Must(err)

			s.Must(s.service.Remove(t.Context(), actor, target.Membership, domain.Precondition{1}))

			_, err = s.service.Get(t.Context(), s.Owner, target.Membership)
			coretest.WantError(t, "Get", err, domain.ErrNotFound)
			_, err = s.Store.Directory().Actor(t.Context(), target.User, string(s.Owner.Organization))
			coretest.WantError(t, "Directory.Actor", err, domain.ErrNotFound)
			if after, err := s.Tenant(s.Owner).Organization().Get(t.Context()); after.Members != before.Members-1 || err != nil {
				t.Errorf("%d members are counted, want %d", after.Members, before.Members-1)
			}
			if _, err := s.Store.Users().Get(t.Context(), target.User); err != nil {
				t.Errorf("the person is gone too: %v", err)
			}
			coretest.WantError(t, "Remove again", s.service.Remove(t.Context(), s.Owner, target.Membership, nil), domain.ErrNotFound)
		})
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.WantAllOrNothing("Remove", func(ctx context.Context) error {
			return s.service.Remove(ctx, s.Owner, s.Member.Membership, nil)
		})
	})
	refused := []struct {
		name   string
		actor  func(*scene) domain.Actor
		remove func(*scene) domain.Actor
		match  domain.Precondition
		want   error
	}{
		{"the owner by an admin", admin, owner, nil, domain.ErrOwnerImmutable},
		{"the owner who leaves", owner, owner, nil, domain.ErrOwnerImmutable},
		{"the owner by a member", member, owner, nil, domain.ErrForbidden},
		{"a member by a member", member, func(s *scene) domain.Actor { return s.other }, nil, domain.ErrForbidden},
		{"an admin by a member", member, admin, nil, domain.ErrForbidden},
		{"a member of another organization", owner, func(s *scene) domain.Actor { return s.Globex }, nil, domain.ErrNotFound},
		{"a member by another organization's owner", func(s *scene) domain.Actor { return s.Globex }, member, nil, domain.ErrNotFound},
		{"a member of a suspended organization", suspended(owner), member, nil, domain.ErrOrganizationSuspended},
		{"leaving a suspended organization", suspended(member), member, nil, domain.ErrOrganizationSuspended},
		{"another version", owner, member, domain.Precondition{2}, domain.ErrPreconditionFailed},
		{"another version of the owner", admin, owner, domain.Precondition{2}, domain.ErrPreconditionFailed},
	}
	for _, tt := range refused {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.WantUnchanged("Remove", tt.want, func() error {
				return s.service.Remove(t.Context(), tt.actor(s), tt.remove(s).Membership, tt.match)
			})
		})
	}
}

func TestGetAndList(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	got, err := s.service.Get(t.Context(), s.Member, s.Admin.Membership)
	s.Must(err)
	want := domain.Member{Membership: s.stored(s.Admin), Name: "Grace", Email: "grace@example.com", InvitedByName: "Ada"}
	if got != want {
		t.Errorf("Get = %+v\nwant %+v", got, want)
	}
	_, err = s.service.Get(t.Context(), s.Member, s.Globex.Membership)
	coretest.WantError(t, "Get of another organization's member", err, domain.ErrNotFound)

	lists := []struct {
		name  string
		actor domain.Actor
		in    membership.ListInput
		want  []string
	}{
		{"all, newest first", s.Member, membership.ListInput{Page: all}, []string{"Edsger", "Linus", "Grace", "Ada"}},
		{"those of a role", s.Member, membership.ListInput{Role: "member", Page: all}, []string{"Edsger", "Linus"}},
		{"the owner", s.Member, membership.ListInput{Role: "owner", Page: all}, []string{"Ada"}},
		{"part of a name", s.Member, membership.ListInput{Query: "RA", Page: all}, []string{"Grace"}},
		{"part of an address", s.Member, membership.ListInput{Query: "ada@", Page: all}, []string{"Ada"}},
		{"both", s.Member, membership.ListInput{Role: "member", Query: "example.com", Page: all}, []string{"Edsger", "Linus"}},
		{"nobody", s.Member, membership.ListInput{Query: "nobody", Page: all}, nil},
		{"the longest query", s.Member, membership.ListInput{Query: strings.Repeat("x", membership.MaxQueryLength), Page: all}, nil},
		{"a page", s.Member, membership.ListInput{Page: domain.PageRequest{Limit: 2}}, []string{"Edsger", "Linus"}},
		{"the page after", s.Member, membership.ListInput{Page: domain.PageRequest{Limit: 2, After: string(s.Member.Membership)}}, []string{"Grace", "Ada"}},
		{"another organization's", s.Globex, membership.ListInput{Page: all}, []string{"Hedy"}},
	}
	for _, tt := range lists {
		t.Run("lists "+tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := s.service.List(t.Context(), tt.actor, tt.in)
			var names []string
			for _, m := range list.Items {
				names = append(names, m.Name)
			}
			if !slices.Equal(names, tt.want) || err != nil || list.More != (tt.name == "a page") {
				t.Errorf("List = %q, more: %t, %v; want %q", names, list.More, err, tt.want)
			}
		})
	}
	field := func(name, code string) error { return domain.Invalid(name, code, "") }
	refused := []struct {
		name string
		in   membership.ListInput
		want error
	}{
		{"an unknown role", membership.ListInput{Role: "king", Page: all}, field("role", "unknown_role")},
		{"a query that is too long", membership.ListInput{Query: strings.Repeat("x", membership.MaxQueryLength+1), Page: all}, field("query", "too_long")},
		{"a zero byte", membership.ListInput{Query: "a\x00", Page: all}, field("query", "invalid_text")},
		{"invalid UTF-8", membership.ListInput{Query: "a\xff", Page: all}, field("query", "invalid_text")},
		{"both", membership.ListInput{Role: "king", Query: "\xff", Page: all}, domain.JoinInvalid(field("role", "unknown_role"), field("query", "invalid_text"))},
	}
	for _, tt := range refused {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := s.service.List(t.Context(), s.Member, tt.in)
			coretest.WantError(t, "List", err, tt.want)
			if len(list.Items) > 0 {
				t.Errorf("List = %+v beside the error, want nothing", list.Items)
			}
		})
	}
}
