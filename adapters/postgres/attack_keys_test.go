package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
)

// Foreign keys look past row-level security. These put a row of the session's
// tenant under a parent that is not its own: $1 is the tenant, $2 the parent,
// $3 a membership or a workspace of the tenant.
var foreignKeys = map[string]struct {
	sql  string
	want string
	// parent and own choose from a tenant.
	parent, own func(seeded) string
}{
	"workspace_members_organization_id_workspace_id_fkey": {
		`INSERT INTO app.workspace_members (organization_id, workspace_id, membership_id, added_by, created_at) VALUES ($1, $2, $3, $2, now())`, "23503",
		func(s seeded) string { return s.workspaces[1] }, func(s seeded) string { return s.ownerMembership },
	},
	"workspace_members_organization_id_membership_id_fkey": {
		`INSERT INTO app.workspace_members (organization_id, membership_id, workspace_id, added_by, created_at) VALUES ($1, $2, $3, $2, now())`, "23503",
		func(s seeded) string { return s.ownerMembership }, func(s seeded) string { return s.workspaces[1] },
	},
	"organizations_owner_fkey": { // checked in the end
		`UPDATE app.organizations SET owner_id = $2 WHERE id = $1 AND $3::uuid IS NOT NULL`, "23503",
		func(s seeded) string { return s.owner }, func(s seeded) string { return s.owner },
	},
	// The parent is the tenant itself, so the child is no longer one's own.
	"memberships_organization_id_fkey": {
		`INSERT INTO app.memberships (organization_id, id, user_id, role, created_at, updated_at) SELECT $2, $1::uuid, $3::uuid, 'member', now(), now()`, "42501",
		func(s seeded) string { return s.organization }, func(s seeded) string { return s.owner },
	},
	"invitation_tokens_invitation_fkey": {
		`INSERT INTO app.invitation_tokens (organization_id, invitation_id, token_hash) VALUES ($1, $2, sha256($3::uuid::text::bytea))`, "23503",
		func(s seeded) string { return s.invitation }, func(s seeded) string { return s.owner },
	},
	"invitations_organization_id_fkey": {
		`INSERT INTO app.invitations (organization_id, id, inviter_id, email, role, token_hash, state, sent, resends, created_at, last_sent_at, expires_at)
         SELECT $2, $1::uuid, $3::uuid, '', 'member', '', 'pending', 1, 0, now(), now(), now()`, "42501",
		func(s seeded) string { return s.organization }, func(s seeded) string { return s.owner },
	},
	"outbox_organization_id_fkey": {
		`INSERT INTO app.outbox (organization_id, id, kind, payload, created_at, due_at, available_at)
         SELECT $2, $1::uuid, $3, '{}', now(), now(), now()`, "42501",
		func(s seeded) string { return s.organization }, func(s seeded) string { return s.owner },
	},
	"workspaces_organization_id_fkey": {
		`INSERT INTO app.workspaces (organization_id, id, created_by, name, name_key, slug, visibility, created_at, updated_at)
         SELECT $2, $1::uuid, $3::uuid, '', '', '', 'open', now(), now()`, "42501",
		func(s seeded) string { return s.organization }, func(s seeded) string { return s.owner },
	},
	"subscriptions_organization_id_fkey": {
		`INSERT INTO app.subscriptions (organization_id, id, plan, status, current_period_start, current_period_end, created_at, updated_at)
         SELECT $2, $1::uuid, $3, '', now(), now(), now(), now()`, "42501",
		func(s seeded) string { return s.organization }, func(s seeded) string { return s.owner },
	},
	"usage_metrics_organization_id_fkey": {
		`INSERT INTO app.usage_metrics (organization_id, metric, quantity, limit_quantity, period_start, period_end, updated_at)
         SELECT $2, $1::text || $3, 1, 1, now(), now(), now()`, "42501",
		func(s seeded) string { return s.organization }, func(s seeded) string { return s.owner },
	},
}

func TestAttack_ForeignKeys(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	attackers, a, victim := attackersOf(t, d)
	defer unharmed(t, d, victim)()
	found, err := query[struct{ Name string }](t, d.Connect(t, pgtest.Superuser), `
        SELECT k.conname AS name FROM pg_constraint k
        WHERE k.contype = 'f' AND k.conparentid = 0 AND k.connamespace = 'app'::regnamespace AND EXISTS (
            SELECT FROM pg_attribute p WHERE p.attrelid = k.confrelid AND p.attname = 'organization_id' OR k.confrelid = 'app.organizations'::regclass)`)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(foreignKeys) {
		t.Errorf("%d foreign keys between tables of tenants, and %d that are tried", len(found), len(foreignKeys))
	}
	for _, key := range found {
		tt, ok := foreignKeys[key.Name]
		if !ok {
			t.Errorf("%s is not tried", key.Name)
			continue
		}
		for _, by := range attackers {
			theirs := by.refused(t, a.organization, tt.sql, tt.parent(victim), tt.own(a))
			nobodys := by.refused(t, a.organization, tt.sql, nobody, tt.own(a))
			if theirs == nil || theirs.Code != tt.want || (tt.want == "23503") != (theirs.ConstraintName == key.Name) {
				t.Errorf("%s, %s: %+v, want %s", by.role, key.Name, theirs, tt.want)
			}
			if theirs != nil && !alike(theirs, tt.parent(victim), nobodys, nobody) {
				t.Errorf("%s, %s: %+v for a parent of theirs, %+v for one that is not there", by.role, key.Name, theirs, nobodys)
			}
		}
	}
}

// refused returns what a statement in a session is refused with.
func (a attacker) refused(t *testing.T, organization, sql, parent, own string) *pgconn.PgError {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), a, func(tx pgx.Tx) error {
		must(t, tx, `SELECT set_config('app.organization_id', $1, true)`, organization)
		_, err := tx.Exec(t.Context(), sql, organization, parent, own)
		return err
	})
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		t.Errorf("%s: %v", sql, err)
	}
	return e
}

// alike reports whether two refusals differ in nothing but the id.
func alike(a *pgconn.PgError, inA string, b *pgconn.PgError, inB string) bool {
	return b != nil && a.Code == b.Code && a.ConstraintName == b.ConstraintName && a.Message == b.Message &&
		strings.ReplaceAll(a.Detail, inA, "") == strings.ReplaceAll(b.Detail, inB, "") && a.Hint == b.Hint
}

// crossing is a table whose foreign key names no tenant, though its policies are
// right.
const crossing = `
CREATE TABLE app.parents (organization_id uuid, id uuid UNIQUE, PRIMARY KEY (organization_id, id));
CREATE TABLE app.children (organization_id uuid, id uuid, parent_id uuid REFERENCES app.parents (id) ON DELETE CASCADE, PRIMARY KEY (organization_id, id));
ALTER TABLE app.parents ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.children ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.parents USING ` + own + `;
CREATE POLICY tenant ON app.children USING ` + own + `;
GRANT SELECT, INSERT, DELETE ON app.parents, app.children TO rowhouse_app`

// The control: through a foreign key without the tenant, one's own delete
// reaches another's row, and the checksum shows it.
func TestAttack_ForeignKeyWithoutTenant_Control(t *testing.T) {
	t.Parallel()
	d := installed(t)
	attackers, a, victim := attackersOf(t, d)
	d.Exec(t, crossing)
	app, c := attackers[0], d.Connect(t, pgtest.Superuser)
	tables := []table{{Name: "app.children", Key: "organization_id"}}
	for _, step := range []struct{ organization, sql string }{
		{a.organization, `INSERT INTO app.parents VALUES ($1, $2)`},
		{victim.organization, `INSERT INTO app.children VALUES ($1, $2, $2)`}, // under another's parent
		{a.organization, `DELETE FROM app.parents WHERE organization_id = $1 AND id = $2`},
	} {
		before := checksum(t, c, tables, victim.organization)
		if got := app.as(t, step.organization, "", step.sql, step.organization, nobody); got != "1 rows" {
			t.Fatalf("%s: %s, want 1 rows", step.sql, got)
		}
		if strings.HasPrefix(step.sql, "DELETE") && checksum(t, c, tables, victim.organization) == before {
			t.Error("nothing of the victim's is gone: this control no longer crosses")
		}
	}
}

// manyRows makes a seeded tenant hold more than 10 000 rows. $1 is the tenant,
// $2 a user of it.
const manyRows = `
WITH people AS (
    INSERT INTO app.users (id, email, name, name_key, created_at, updated_at)
    SELECT gen_random_uuid(), i || '@example.org', 'Many', 'many', now(), now() FROM generate_series(1, 2000) AS i RETURNING id
), members AS (
    INSERT INTO app.memberships (organization_id, id, user_id, role, created_at, updated_at)
    SELECT $1::uuid, id, id, 'member', now(), now() FROM people
), spaces AS (
    INSERT INTO app.workspaces (organization_id, id, created_by, name, name_key, slug, visibility, created_at, updated_at)
    SELECT $1::uuid, id, $2::uuid, 'Many', 'many', id, 'open', now(), now() FROM people
), places AS (
    INSERT INTO app.workspace_members (organization_id, workspace_id, membership_id, added_by, created_at)
    SELECT $1::uuid, id, id, $2::uuid, now() FROM people
)
INSERT INTO app.usage_metrics (organization_id, metric, quantity, limit_quantity, period_start, period_end, updated_at)
SELECT $1::uuid, 'metric ' || i, 1, 1, now() + i * interval '1 day', now() + i * interval '1 day', now() FROM generate_series(1, 4000) AS i`

func TestDeletingATenantLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenants := seed(t, d, 4, 2)
	leaving, staying := tenants[1], []seeded{tenants[0], tenants[2], tenants[3]}
	c, tables := d.Connect(t, pgtest.Superuser), tenantTables(t, d)
	must(t, c, manyRows, leaving.organization, leaving.owner)
	if rows := rowsOf(t, c, tables, leaving); rows < 10_000 {
		t.Fatalf("the tenant has %d rows", rows)
	}
	var before []string
	for _, s := range staying {
		before = append(before, checksum(t, c, tables, s.organization))
	}
	store := openOn(t, d, postgres.RoleApp)
	if err := store.Tenant(domain.OrganizationID(leaving.organization)).Organization().Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows := rowsOf(t, c, tables, leaving); rows != 2 { // its addresses
		t.Errorf("%d rows of the tenant are left, want 2", rows)
	}
	for i, s := range staying {
		if after := checksum(t, c, tables, s.organization); after != before[i] {
			t.Errorf("another tenant was:\n%s\nand is:\n%s", before[i], after)
		}
	}
}

// rowsOf counts the rows of a tenant.
func rowsOf(t *testing.T, c *pgx.Conn, tables []table, s seeded) int {
	t.Helper()
	total := 0
	for _, table := range tables {
		if table.Partition {
			continue
		}
		var rows int
		if err := c.QueryRow(t.Context(), `SELECT count(*) FROM `+table.Name+` WHERE `+table.Key+` = $1`, s.organization).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		total += rows
	}
	return total
}
