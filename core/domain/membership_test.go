package domain_test

import (
	"errors"
	"fmt"
	"testing"

	"rowhouse/core/domain"
)

func TestRoleAbove(t *testing.T) {
	t.Parallel()
	// In full, so that a new role has to be given its place.
	order := []domain.Role{domain.RoleMember, domain.RoleAdmin, domain.RoleOwner}
	if len(order) != len(domain.Roles) {
		t.Fatalf("decide where in %v the roles of %v stand", order, domain.Roles)
	}
	for i, role := range order {
		for j, other := range order {
			if got, want := role.Above(other), i > j; got != want {
				t.Errorf("%s.Above(%s) = %t, want %t", role, other, got, want)
			}
		}
		if unknown := domain.Role("king"); unknown.Above(role) || !role.Above(unknown) {
			t.Errorf("an unknown role is not below %s", role)
		}
	}
}

func TestParseGrantableRole(t *testing.T) {
	t.Parallel()
	for _, role := range []domain.Role{domain.RoleMember, domain.RoleAdmin} {
		if got, err := domain.ParseGrantableRole(string(role)); got != role || err != nil {
			t.Errorf("ParseGrantableRole(%s) = %s, %v; want it as it is", role, got, err)
		}
	}
	got, err := domain.ParseGrantableRole("owner")
	wantError(t, "ParseGrantableRole(owner)", err, domain.ErrUseTransferOwnership)
	if got != "" {
		t.Errorf("ParseGrantableRole(owner) = %q beside the error", got)
	}
	for _, text := range []string{"", "OWNER", "Admin", " admin", "admin ", "king", `["owner"]`, "member\x00", "membеr"} {
		got, err := domain.ParseGrantableRole(text)
		wantField(t, fmt.Sprintf("ParseGrantableRole(%q)", text), err, "role", "unknown_role")
		if got != "" {
			t.Errorf("ParseGrantableRole(%q) = %q beside the error", text, got)
		}
	}
}

func TestParseRoleFilter(t *testing.T) {
	t.Parallel()
	for _, role := range append([]domain.Role{""}, domain.Roles...) {
		if got, err := domain.ParseRoleFilter(string(role)); got != role || err != nil {
			t.Errorf("ParseRoleFilter(%q) = %q, %v; want it as it is", role, got, err)
		}
	}
	for _, text := range []string{"ADMIN", "any", " ", "admin,member"} {
		_, err := domain.ParseRoleFilter(text)
		wantField(t, fmt.Sprintf("ParseRoleFilter(%q)", text), err, "role", "unknown_role")
	}
}

// Every actor, every member and every new role: a role that is added makes
// rows that nobody has decided about, and the test fails.
func TestMembershipChangeRole(t *testing.T) {
	t.Parallel()
	const (
		m, a, o = domain.RoleMember, domain.RoleAdmin, domain.RoleOwner
		yes     = "" // allowed
		own     = "own_role"
		fixed   = "owner_immutable"
		no      = "forbidden"
	)
	type change struct{ actor, member, to domain.Role }
	want := map[change]string{
		{m, m, m}: yes, {m, m, a}: no, {m, m, o}: no,
		{m, a, m}: no, {m, a, a}: no, {m, a, o}: no,
		{m, o, m}: fixed, {m, o, a}: fixed, {m, o, o}: fixed,
		{a, m, m}: yes, {a, m, a}: yes, {a, m, o}: no,
		{a, a, m}: yes, {a, a, a}: yes, {a, a, o}: no,
		{a, o, m}: fixed, {a, o, a}: fixed, {a, o, o}: fixed,
		{o, m, m}: yes, {o, m, a}: yes, {o, m, o}: yes, // ParseGrantableRole stands before
		{o, a, m}: yes, {o, a, a}: yes, {o, a, o}: yes,
		{o, o, m}: fixed, {o, o, a}: fixed, {o, o, o}: fixed,
	}
	code := func(err error) string {
		if e, ok := errors.AsType[*domain.Error](err); ok {
			return e.Code
		}
		return ""
	}
	for _, actor := range domain.Roles {
		for _, member := range domain.Roles {
			for _, to := range domain.Roles {
				t.Run(fmt.Sprintf("%s makes %s to %s", actor, member, to), func(t *testing.T) {
					t.Parallel()
					outcome, decided := want[change{actor, member, to}]
					if !decided {
						t.Fatal("nobody has decided about this")
					}
					before := domain.Membership{ID: "m1", User: "u1", Role: member, CreatedAt: noon, UpdatedAt: noon, Version: 7}
					later := noon.Add(1)

					got, err := before.ChangeRole(domain.Actor{Membership: "m2", Role: actor}, to, later)
					if outcome == yes {
						changed := before
						changed.Role, changed.UpdatedAt = to, later
						if got != changed || err != nil {
							t.Errorf("ChangeRole = %+v, %v; want %+v", got, err, changed)
						}
					} else if code(err) != outcome || got != before {
						t.Errorf("ChangeRole = %+v, %v; want it as before, and %s", got, err, outcome)
					}

					got, err = before.ChangeRole(domain.Actor{Membership: "m1", Role: actor}, to, later)
					if code(err) != own || got != before {
						t.Errorf("ChangeRole of oneself = %+v, %v; want it as before, and %s", got, err, own)
					}
				})
			}
		}
	}
}

func TestMembershipRemovable(t *testing.T) {
	t.Parallel()
	for _, role := range domain.Roles {
		var want error
		if role == domain.RoleOwner {
			want = domain.ErrOwnerImmutable
		}
		wantError(t, string(role)+": Removable", domain.Membership{Role: role}.Removable(), want)
	}
}
