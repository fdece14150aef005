package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
)

// want is written out in full, one row for each permission and one letter for
// each role of domain.Roles (member, admin, owner), so that a new role or
// permission fails this test until somebody decides about it.
var want = map[domain.Permission]string{
	"organization:update":   "-ao",
	"organization:delete":   "--o",
	"organization:transfer": "--o",
	"members:invite":        "-ao",
	"members:manage":        "-ao",
	"workspaces:manage":     "-ao",
	"billing:manage":        "--o",
	"usage:record":          "-ao",
}

func TestEveryRoleAndPermissionIsDecided(t *testing.T) {
	t.Parallel()
	for _, p := range domain.Permissions {
		row, ok := want[p]
		if !ok || len(row) != len(domain.Roles) {
			t.Errorf("%s: decide for every role in %v", p, domain.Roles)
			continue
		}
		for i, role := range domain.Roles {
			if row[i] != '-' && row[i] != role[0] {
				t.Errorf("%s: the letter %c does not stand for %s", p, row[i], role)
			}
			if got, want := policy.Allows(role, p), row[i] != '-'; got != want {
				t.Errorf("Allows(%s, %s) = %t, want %t", role, p, got, want)
			}
		}
	}
	for p := range want {
		if !slices.Contains(domain.Permissions, p) {
			t.Errorf("%s is decided, but answers do not show it", p)
		}
	}
}

func TestWhatIsUnknownIsNotAllowed(t *testing.T) {
	t.Parallel()
	for _, p := range domain.Permissions {
		for _, role := range []domain.Role{"", "king", "OWNER", "operator"} {
			if policy.Allows(role, p) {
				t.Errorf("Allows(%q, %s) = true, want false", role, p)
			}
		}
	}
	for _, role := range domain.Roles {
		for _, p := range []domain.Permission{"", "organization:read", "*"} {
			if policy.Allows(role, p) {
				t.Errorf("Allows(%s, %q) = true, want false", role, p)
			}
		}
	}
}

func TestGranted(t *testing.T) {
	t.Parallel()
	all := []domain.Permission{
		"organization:update", "organization:delete", "organization:transfer", "members:invite", "members:manage",
		"workspaces:manage", "billing:manage", "usage:record",
	}
	for role, want := range map[domain.Role][]domain.Permission{
		domain.RoleMember: nil,
		domain.RoleAdmin:  {"organization:update", "members:invite", "members:manage", "workspaces:manage", "usage:record"},
		domain.RoleOwner:  all,
		"king":            nil,
	} {
		if got := policy.Granted(role); !slices.Equal(got, want) {
			t.Errorf("Granted(%s) = %q, want %q", role, got, want)
		}
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	for _, p := range domain.Permissions {
		for _, role := range domain.Roles {
			for _, suspended := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s by %s, suspended: %t", p, role, suspended), func(t *testing.T) {
					t.Parallel()
					actor := domain.Actor{Membership: "m1", Role: role, Suspended: suspended}
					var active, allowed error
					if suspended {
						active = domain.ErrOrganizationSuspended
					}
					// Who may not is told so, whatever state the organization is in.
					if allowed = active; !policy.Allows(role, p) {
						allowed = domain.ErrForbidden
					}
					wantError(t, "Require", policy.Require(actor, p), allowed)
					wantError(t, "RequireActive", policy.RequireActive(actor), active)
					wantError(t, "RequireSelfOr oneself", policy.RequireSelfOr(actor, "m1", p), active)
					wantError(t, "RequireSelfOr another", policy.RequireSelfOr(actor, "m2", p), allowed)
				})
			}
		}
	}
}

func wantError(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", call, err, want)
	}
}
