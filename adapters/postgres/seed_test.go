package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowhouse/adapters/postgres/pgtest"
)

// installed returns a database as an administrator and the migrations make it,
// which the test may spoil: it is dropped in the end.
func installed(t *testing.T) *pgtest.Database {
	t.Helper()
	d := pgtest.Empty(t)
	if err := pgtest.Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// rolesLocked keeps others from altering roles, which belong to the server: two
// who alter one at once fail. It is the lock of pgtest.
func rolesLocked(t *testing.T) (unlock func()) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), os.Getenv("TEST_DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, c, `SELECT pg_advisory_lock(815)`)
	return func() { _ = c.Close(context.Background()) }
}

// executor is a connection or a transaction.
type executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func must(t *testing.T, db executor, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// seeded is a tenant that was written past the adapter: tests of the walls must
// not lean on what they put to the test. It has rows in every table of tenants.
type seeded struct {
	organization, owner, ownerMembership string
	// graces is the membership of a person who is a member everywhere.
	graces string
	// workspaces has at least two, Grace in the first.
	workspaces []string
	// invitation is one to the guest, whose token is the invitation's id.
	invitation, job string
}

const (
	grace = "00000000-0000-7000-8000-000000000001"
	guest = "guest@example.com"
	// nobody is an id that nothing has.
	nobody = "00000000-0000-7000-8000-00000000ffff"
)

// seed fills a database with so many tenants, each with so many workspaces.
func seed(t *testing.T, d *pgtest.Database, tenants, workspaces int) []seeded {
	t.Helper()
	c := d.Connect(t, pgtest.Superuser)
	must(t, c, seedUser, grace)
	list := make([]seeded, tenants)
	for i := range list {
		id := func(kind, n int) string { return fmt.Sprintf("%08x-%04x-7000-8000-%012x", i+1, kind, n) }
		s := seeded{organization: id(1, 0), owner: id(2, 0), ownerMembership: id(3, 0), graces: id(3, 1), invitation: id(5, 0), job: id(6, 0)}
		for n := range workspaces {
			s.workspaces = append(s.workspaces, id(4, n))
		}
		must(t, c, seedUser, s.owner)
		must(t, c, seedTenant, s.organization, s.owner, s.ownerMembership, s.graces, grace, s.workspaces, s.invitation, s.job)
		list[i] = s
	}
	return list
}

const seedUser = `
INSERT INTO app.users (id, email, name, name_key, password_hash, created_at, updated_at)
VALUES ($1::uuid, $1::uuid || '@example.com', 'A person', 'a person', 'a hash', now(), now())`

const seedTenant = `
WITH organization AS (
    INSERT INTO app.organizations (id, owner_id, name, slug, billing_email, member_limit, workspace_limit, pending_invitations, created_at, updated_at)
    VALUES ($1::uuid, $2::uuid, 'Company ' || $1::uuid, 'company-' || $1::uuid, 'billing@example.com', -1, -1, 1, now(), now())
), slugs AS (
    INSERT INTO app.organization_slugs (slug, organization_id, created_at, given_up_at)
    VALUES ('company-' || $1::uuid, $1::uuid, now(), NULL), ('old-company-' || $1::uuid, $1::uuid, now(), now())
), members AS (
    INSERT INTO app.memberships (organization_id, id, user_id, role, created_at, updated_at)
    VALUES ($1::uuid, $3::uuid, $2::uuid, 'owner', now(), now()), ($1::uuid, $4::uuid, $5::uuid, 'member', now(), now())
), spaces AS (
    INSERT INTO app.workspaces (organization_id, id, created_by, name, name_key, slug, visibility, created_at, updated_at)
    SELECT $1::uuid, w, $2::uuid, 'Secret of ' || $1::uuid, 'secret', 'secret-' || w, 'restricted', now(), now() FROM unnest($6::uuid[]) AS w
), places AS (
    INSERT INTO app.workspace_members (organization_id, workspace_id, membership_id, added_by, created_at)
    VALUES ($1::uuid, ($6::uuid[])[1], $4::uuid, $2::uuid, now())
), invited AS (
    INSERT INTO app.invitations (organization_id, id, inviter_id, email, role, token_hash, state, sent, resends, created_at, last_sent_at, expires_at)
    VALUES ($1::uuid, $7::uuid, $2::uuid, 'guest@example.com', 'member', sha256(($7::uuid)::text::bytea), 'pending', 1, 0, now(), now(), now() + interval '7 days')
), tokens AS (
    INSERT INTO app.invitation_tokens (token_hash, organization_id, invitation_id)
    VALUES (sha256(($7::uuid)::text::bytea), $1::uuid, $7::uuid)
), jobs AS (
    INSERT INTO app.outbox (id, organization_id, kind, payload, created_at, due_at, available_at)
    VALUES ($8::uuid, $1::uuid, 'test.job', '{}', now(), now(), now())
), plans AS (
    INSERT INTO app.subscriptions (organization_id, id, plan, status, current_period_start, current_period_end, created_at, updated_at)
    VALUES ($1::uuid, $1::uuid, 'free', 'active', now(), now(), now(), now())
)
INSERT INTO app.usage_metrics (organization_id, metric, quantity, limit_quantity, period_start, period_end, updated_at)
SELECT $1::uuid, 'api_calls', 1, 2, make_timestamptz(year, 5, 1, 0, 0, 0), make_timestamptz(year, 6, 1, 0, 0, 0), now()
FROM generate_series(2026, 2036) AS year` // a row for each partition

// table is a table of tenants.
type table struct {
	Name, Key string // the column that names the tenant
	Partition bool
}

// tenantTables returns those of the schema, partitions too. Each has rows of
// every seeded tenant.
func tenantTables(t *testing.T, d *pgtest.Database) []table {
	t.Helper()
	c := d.Connect(t, pgtest.Superuser)
	tables, err := query[table](t, c, `
        SELECT 'app.' || c.relname AS name, a.attname AS key, c.relispartition AS partition
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
            AND a.attname = CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'organization_id' END
        WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) < 10 {
		t.Fatalf("only %v belong to tenants", tables)
	}
	for _, table := range tables {
		var tenants, seeded int
		err := c.QueryRow(t.Context(), `SELECT count(DISTINCT `+table.Key+`), (SELECT count(*) FROM app.organizations) FROM `+table.Name).Scan(&tenants, &seeded)
		if err != nil {
			t.Fatal(err)
		}
		if tenants != seeded {
			t.Fatalf("%s has rows of %d of %d tenants: add it to seed", table.Name, tenants, seeded)
		}
	}
	return tables
}

// query returns rows as structs, by the names of the columns.
func query[T any](t *testing.T, db querier, sql string, args ...any) ([]T, error) {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// checksum is one of everything that belongs to a tenant.
func checksum(t *testing.T, db querier, tables []table, organization string) string {
	t.Helper()
	var sums strings.Builder
	for _, table := range tables {
		found, err := query[struct{ Sum string }](t, db,
			`SELECT coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), 'nothing') AS sum FROM `+table.Name+` t WHERE `+table.Key+` = $1`, organization)
		if err != nil {
			t.Fatal(err)
		}
		sums.WriteString(table.Name + " " + found[0].Sum + "\n")
	}
	return sums.String()
}

// hasCode reports whether the database answered with an SQLSTATE.
func hasCode(err error, code string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == code
}
