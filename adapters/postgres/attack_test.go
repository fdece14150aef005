package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// The wall in the database, alone: SQL that the product would never send, over
// a connection that is not its own.

// attacker is somebody with a connection of a role that serves tenants.
type attacker struct {
	*pgx.Conn

	role string
}

// as tries a statement in a session and says how it went: with so many rows, or
// with an SQLSTATE. What was not refused is committed.
func (a attacker) as(t *testing.T, organization, user, sql string, args ...any) string {
	t.Helper()
	ctx := t.Context()
	tx, err := a.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if organization != "" || user != "" {
		must(t, tx, `SELECT set_config('app.organization_id', $1, true), set_config('app.user_id', $2, true)`, organization, user)
	}
	tag, err := tx.Exec(ctx, sql, args...)
	if err == nil {
		err = tx.Commit(ctx)
	} else {
		_ = tx.Rollback(ctx)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return fmt.Sprintf("%d rows", tag.RowsAffected())
}

// attackersOf returns one for each role, on a database with two tenants: theirs,
// and the victim.
func attackersOf(t *testing.T, d *pgtest.Database) (list []attacker, a, victim seeded) {
	t.Helper()
	tenants := seed(t, d, 2, 3)
	for _, role := range []string{postgres.RoleApp, postgres.RoleWorker} {
		list = append(list, attacker{d.Connect(t, role), role})
	}
	return list, tenants[0], tenants[1]
}

// unharmed returns what checks that everything of the victim is as it was.
func unharmed(t *testing.T, d *pgtest.Database, victim seeded) func() {
	t.Helper()
	c, tables := d.Connect(t, pgtest.Superuser), tenantTables(t, d)
	before := checksum(t, c, tables, victim.organization)
	if strings.Contains(before, "nothing") {
		t.Fatalf("the victim lacks rows:\n%s", before)
	}
	// The control: whatever is changed, it shows.
	for _, table := range tables {
		if table.Partition {
			continue
		}
		change(t, c, func(tx pgx.Tx) {
			must(t, tx, `SET LOCAL session_replication_role = replica`) // without foreign keys
			must(t, tx, `DELETE FROM `+table.Name+` WHERE `+table.Key+` = $1`, victim.organization)
			if checksum(t, tx, tables, victim.organization) == before {
				t.Fatalf("that rows of %s are gone does not show", table.Name)
			}
		})
	}
	return func() {
		t.Helper()
		if after := checksum(t, c, tables, victim.organization); after != before {
			t.Errorf("the victim was:\n%s\nand is:\n%s", before, after)
		}
	}
}

// tableAttack is tried on every table of tenants.
type tableAttack struct {
	name      string
	inSession bool   // of the attacker's organization; otherwise there is none
	sql       string // see words
	want      string
	// slugs is what is wanted of addresses, which anyone may read, and take
	// where they were given up; "" for the same.
	slugs string
	// jobs is what is wanted of jobs, of a worker, who may see those of all
	// tenants; "" for the same. Nobody else gets anywhere with them.
	jobs string
}

const (
	slugTable = "app.organization_slugs"
	jobTable  = "app.outbox"
)

func tableAttacks() []tableAttack {
	return []tableAttack{
		{"read", false, `SELECT FROM TABLE`, "0 rows", "4 rows", "2 rows"},
		{"lock", false, `SELECT FROM TABLE FOR UPDATE`, "0 rows", "2 rows", "2 rows"},
		{"write", false, `UPDATE TABLE SET KEY = KEY`, "0 rows", "42501", "42501"},
		{"delete", false, `DELETE FROM TABLE`, "0 rows", "42501", ""},
		{"add mine", false, `INSERT INTO TABLE MY_ROW`, "42501", "", ""},
		{"add theirs", false, `INSERT INTO TABLE THEIR_ROW`, "42501", "", ""},

		{"read theirs", true, `SELECT FROM TABLE WHERE KEY = THEIRS`, "0 rows", "2 rows", "1 rows"},
		{"read others'", true, `SELECT FROM TABLE WHERE KEY <> MINE`, "0 rows", "2 rows", "1 rows"},
		{"lock theirs", true, `SELECT FROM TABLE WHERE KEY = THEIRS FOR UPDATE`, "0 rows", "1 rows", "1 rows"},
		{"write theirs", true, `UPDATE TABLE SET KEY = KEY WHERE KEY = THEIRS`, "0 rows", "42501", "42501"},
		{"delete theirs", true, `DELETE FROM TABLE WHERE KEY = THEIRS`, "0 rows", "42501", ""},
		{"merge theirs", true, `MERGE INTO TABLE USING (SELECT) AS nothing ON KEY = THEIRS WHEN MATCHED THEN DELETE`, "0 rows", "42501", "42501"},
		{"add theirs", true, `INSERT INTO TABLE THEIR_ROW`, "42501", "", ""},
		{"add theirs unless it is there", true, `INSERT INTO TABLE THEIR_ROW ON CONFLICT DO NOTHING`, "42501", "", ""},
		{"give mine away", true, `UPDATE TABLE SET KEY = THEIRS WHERE KEY = MINE`, "42501", "", ""},
	}
}

// wanted returns how the attack of a role has to go.
func (a tableAttack) wanted(table table, role string) string {
	switch {
	case table.Partition, table.Name == jobTable && role == postgres.RoleApp:
		return "42501" // nobody is granted anything
	case table.Name == slugTable && a.slugs != "":
		return a.slugs
	case table.Name == jobTable && a.jobs != "":
		return a.jobs
	}
	return a.want
}

// words returns what stands for what in the attacks on a table.
func words(t *testing.T, d *pgtest.Database, table table, a, victim seeded) *strings.Replacer {
	t.Helper()
	c := d.Connect(t, pgtest.Superuser)
	var columns string
	err := c.QueryRow(t.Context(), `SELECT string_agg(attname, ', ') FROM pg_attribute
        WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table.Name).Scan(&columns)
	if err != nil {
		t.Fatal(err)
	}
	row := func(organization string) string {
		var row string
		err := c.QueryRow(t.Context(), `SELECT to_jsonb(t) FROM `+table.Name+` t WHERE `+table.Key+` = $1 LIMIT 1`, organization).Scan(&row)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("(%s) SELECT %[1]s FROM jsonb_populate_record(NULL::%[2]s, '%[3]s')", columns, table.Name, row)
	}
	return strings.NewReplacer(
		"TABLE", table.Name, "KEY", table.Key, "MINE", "'"+a.organization+"'", "THEIRS", "'"+victim.organization+"'",
		"MY_ROW", row(a.organization), "THEIR_ROW", row(victim.organization),
	)
}

func TestAttack_Tables(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	attackers, a, victim := attackersOf(t, d)
	defer unharmed(t, d, victim)()
	for _, table := range tenantTables(t, d) {
		words := words(t, d, table, a, victim)
		for _, by := range attackers {
			for _, attack := range tableAttacks() {
				by.try(t, attack, table, words, a, attack.wanted(table, by.role))
			}
		}
	}
}

// Where somebody grants a partition after all, it has policies of its own.
func TestAttack_PartitionsThatAreGranted(t *testing.T) {
	t.Parallel()
	d := installed(t)
	attackers, a, victim := attackersOf(t, d)
	defer unharmed(t, d, victim)()
	for _, table := range tenantTables(t, d) {
		if !table.Partition {
			continue
		}
		d.Exec(t, `GRANT SELECT, INSERT, UPDATE, DELETE ON `+table.Name+` TO rowhouse_app, rowhouse_worker`)
		words := words(t, d, table, a, victim)
		for _, by := range attackers {
			for _, attack := range tableAttacks() {
				by.try(t, attack, table, words, a, attack.want)
			}
			if got := by.as(t, a.organization, "", `SELECT FROM `+table.Name); got != "1 rows" {
				t.Errorf("%s reads its own of %s: %s", by.role, table.Name, got)
			}
		}
	}
}

func (a attacker) try(t *testing.T, attack tableAttack, table table, words *strings.Replacer, mine seeded, want string) {
	t.Helper()
	organization := ""
	if attack.inSession {
		organization = mine.organization
	}
	if got := a.as(t, organization, "", words.Replace(attack.sql)); got != want {
		t.Errorf("%s, session %q, %s, %s: %s, want %s", a.role, organization, table.Name, attack.name, got, want)
	}
}
