package postgres_test

import (
	"fmt"
	"testing"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// Whoever looks after the platform reads of all tenants, and changes nothing.
func TestOperator_ReadsOnly(t *testing.T) {
	t.Parallel()
	d := installed(t)
	tenants := seed(t, d, 2, 3)
	defer unharmed(t, d, tenants[0])()
	operator := attacker{d.Connect(t, postgres.RoleOperator), postgres.RoleOperator}
	for _, table := range tenantTables(t, d) {
		var rows int
		if err := d.Connect(t, pgtest.Superuser).QueryRow(t.Context(), `SELECT count(*) FROM `+table.Name).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%d rows", rows)
		if table.Partition {
			want = "42501"
		}
		if got := operator.as(t, "", "", `SELECT FROM `+table.Name); got != want {
			t.Errorf("reads of %s: %s, want %s", table.Name, got, want)
		}
	}
	all, err := query[struct{ Name, Column string }](t, d.Connect(t, pgtest.Superuser), `
        SELECT 'app.' || c.relname AS name, a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
        WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')`)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range all {
		for _, write := range []string{
			`INSERT INTO ` + table.Name + ` DEFAULT VALUES`,
			`UPDATE ` + table.Name + ` SET ` + table.Column + ` = ` + table.Column,
			`DELETE FROM ` + table.Name,
			`TRUNCATE ` + table.Name,
			`SELECT FROM ` + table.Name + ` FOR UPDATE`,
		} {
			// Also in the session of a tenant, which is not an operator's to have.
			for _, organization := range []string{"", tenants[0].organization} {
				if got := operator.as(t, organization, "", write); got != "42501" {
					t.Errorf("session %q: %s: %s, want 42501", organization, write, got)
				}
			}
		}
	}
}

func TestOperator_SeesNoSecrets(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	seed(t, d, 2, 3)
	operator := attacker{d.Connect(t, postgres.RoleOperator), postgres.RoleOperator}
	for sql, want := range map[string]string{
		`SELECT id, email, name, email_verified_at FROM app.users`:     "3 rows",
		`SELECT password_hash FROM app.users`:                          "42501",
		`SELECT * FROM app.users`:                                      "42501",
		`SELECT u FROM app.users u`:                                    "42501",
		`SELECT to_jsonb(u) FROM app.users u`:                          "42501",
		`SELECT id FROM app.users WHERE password_hash LIKE '$argon2%'`: "42501",
		`SELECT id FROM app.users ORDER BY password_hash`:              "42501",
		`COPY app.users TO STDOUT`:                                     "42501",
		`SELECT FROM app.sessions`:                                     "42501",
		`SELECT FROM app.auth_tokens`:                                  "42501",
		`SELECT FROM app.throttles`:                                    "42501",
		`SELECT token_hash FROM app.invitations`:                       "42501",
		`SELECT i FROM app.invitations i`:                              "42501",
		`SELECT FROM app.invitations WHERE token_hash = '\x00'`:        "42501",
		`SELECT token_hash FROM app.invitation_tokens`:                 "42501",
		`SELECT id, email, state FROM app.invitations`:                 "2 rows",
		`SELECT id, payload, last_error FROM app.outbox`:               "2 rows",
		`SELECT FROM app.rates`:                                        "42501",
		`SELECT FROM app.changes`:                                      "42501",
	} {
		if got := operator.as(t, "", "", sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// The door of a person: their own memberships, and what these lead to. The
// statements have no condition.
func TestPerson_SeesTheirOwn(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenants := seed(t, d, 3, 2)
	// Grace is a member of the first two; the owner of the first, of the last.
	d.Exec(t, fmt.Sprintf(`UPDATE app.memberships SET user_id = '%s' WHERE id = '%s'`, tenants[0].owner, tenants[2].graces))
	app := attacker{d.Connect(t, postgres.RoleApp), postgres.RoleApp}
	worker := attacker{d.Connect(t, postgres.RoleWorker), postgres.RoleWorker}
	for _, tt := range []struct{ user, memberships, organizations string }{
		{grace, tenants[0].graces + " " + tenants[1].graces, tenants[0].organization + " " + tenants[1].organization},
		{tenants[0].owner, tenants[0].ownerMembership + " " + tenants[2].graces, tenants[0].organization + " " + tenants[2].organization},
		{tenants[1].owner, tenants[1].ownerMembership, tenants[1].organization},
		{nobody, "", ""},
		{"", "", ""},
	} {
		for sql, want := range map[string]string{
			`SELECT id FROM app.memberships`:                          tt.memberships,
			`SELECT id FROM app.organizations`:                        tt.organizations,
			`SELECT organization_id AS id FROM app.subscriptions`:     tt.organizations,
			`SELECT id FROM app.workspaces`:                           "",
			`SELECT id FROM app.invitations`:                          "",
			`SELECT invitation_id AS id FROM app.invitation_tokens`:   "",
			`SELECT organization_id AS id FROM app.workspace_members`: "",
			`SELECT organization_id AS id FROM app.usage_metrics`:     "",
		} {
			if got := app.ids(t, tt.user, sql); got != want {
				t.Errorf("user %q: %s: %q, want %q", tt.user, sql, got, want)
			}
			if got := worker.ids(t, tt.user, sql); got != "" { // it acts for no person
				t.Errorf("the worker for %q: %s: %q, want nothing", tt.user, sql, got)
			}
		}
	}
}

// ids returns the ids that a statement finds in the session of a person.
func (a attacker) ids(t *testing.T, user, sql string) string {
	t.Helper()
	must(t, a, `SELECT set_config('app.user_id', $1, false)`, user)
	var ids string
	if err := a.QueryRow(t.Context(), `SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM (`+sql+`) AS found`).Scan(&ids); err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestPerson_WritesNothing(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenants := seed(t, d, 2, 2)
	for _, s := range tenants {
		defer unharmed(t, d, s)()
	}
	for _, by := range []attacker{{d.Connect(t, postgres.RoleApp), postgres.RoleApp}, {d.Connect(t, postgres.RoleWorker), postgres.RoleWorker}} {
		for _, table := range tenantTables(t, d) {
			words := words(t, d, table, tenants[0], tenants[1])
			for _, attack := range tableAttacks() {
				if attack.inSession || attack.name == "read" {
					continue
				}
				want := attack.wanted(table, by.role)
				if got := by.as(t, "", grace, words.Replace(attack.sql)); got != want {
					t.Errorf("%s, %s, %s: %s, want %s", by.role, table.Name, attack.name, got, want)
				}
			}
		}
	}
}
