package postgres_test

import (
	"regexp"
	"strings"
	"testing"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

// The two walls between tenants would hide each other's holes, so each is also
// tested alone. Here what our statements say, under a role that row-level
// security does not bind.
func TestStore_ScopesAlone(t *testing.T) {
	t.Parallel()
	porttest.TestStore(t, func(t *testing.T) ports.Store { return open(t, pgtest.Superuser) })
}

// And here row-level security, for statements that have lost every condition on
// the organization on their way.
func TestStore_RowLevelSecurityAlone(t *testing.T) {
	t.Parallel()
	porttest.TestStore(t, func(t *testing.T) ports.Store { return openWithoutScopes(t, pgtest.New(t), postgres.RoleApp) })
}

// With both walls down, the tests that look for a leak must find one.
func TestStore_BothWallsDown_Control(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	leaks := porttest.Leaks(t, openOn(t, d, pgtest.Superuser), openWithoutScopes(t, d, pgtest.Superuser))
	for _, method := range []string{
		"Memberships.List", "Memberships.Get", "Memberships.Remove", "Workspaces.List", "Workspaces.Get", "Workspaces.Remove",
		"Usage.At", "Usage.History", "Invitations.Get", "Invitations.List", "Invitations.Save", "Invitations.Expire", "Invitations.Revoke",
	} {
		if leaks[method] == nil {
			t.Errorf("%s leaked without both walls, and no test noticed", method)
		}
	}
}

// condition is how our statements name the organization: the whole condition,
// by an argument. What is assigned looks the same.
var condition = regexp.MustCompile(`(SET )?("?\w+"?\.)?"?\borganization_id"? = (\$\d+)`)

// withoutScopes makes every such condition one that holds for all rows.
func withoutScopes(sql string) string {
	return condition.ReplaceAllStringFunc(sql, func(found string) string {
		if strings.HasPrefix(found, "SET ") {
			return found
		}
		return condition.ReplaceAllString(found, "$3::uuid IS NOT NULL")
	})
}

func openWithoutScopes(t *testing.T, d *pgtest.Database, role string) *postgres.Store {
	t.Helper()
	store, err := postgres.OpenRewriting(t.Context(), d.URL(role), patient, withoutScopes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	store.SetClock(fixedClock{})
	return store
}

func TestWithoutScopes(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`WHERE "m"."organization_id" = $1 AND m.id = $2`:          `WHERE $1::uuid IS NOT NULL AND m.id = $2`,
		`WHERE w.organization_id = $1`:                            `WHERE $1::uuid IS NOT NULL`,
		`UPDATE s SET organization_id = $1, x = $2`:               `UPDATE s SET organization_id = $1, x = $2`,
		`WHERE organization_id = $12`:                             `WHERE $12::uuid IS NOT NULL`,
		`JOIN x ON p.organization_id = w.organization_id`:         `JOIN x ON p.organization_id = w.organization_id`,
		`SELECT organization_id FROM s WHERE "workspace_id" = $1`: `SELECT organization_id FROM s WHERE "workspace_id" = $1`,
	} {
		if got := withoutScopes(sql); got != want {
			t.Errorf("withoutScopes(%s) = %s, want %s", sql, got, want)
		}
	}
}
