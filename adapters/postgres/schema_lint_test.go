package postgres_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres/pgtest"
)

//go:embed schema_lint.sql
var schemaLint string

// finding is a line of the lint's answer.
type finding struct{ Rule, Object string }

// rules returns the numbers of the rules that found something, in order.
func rules(findings []finding) string {
	var numbers []string
	for _, f := range findings {
		number, _, _ := strings.Cut(f.Rule, " ")
		numbers = append(numbers, number)
	}
	slices.SortFunc(numbers, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return strings.Join(slices.Compact(numbers), " ")
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func lint(t *testing.T, db querier, sql string) []finding {
	t.Helper()
	rows, err := db.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[finding])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The tests of the lint share a database: they take back what they change.
func TestSchemaLint(t *testing.T) {
	t.Parallel()
	c := installed(t).Connect(t, pgtest.Superuser)
	for name, test := range map[string]func(*testing.T, *pgx.Conn){
		"finds nothing":                      lintFindsNothing,
		"needs each door":                    lintNeedsEachDoor,
		"finds doors that nothing uses":      lintFindsUnusedDoors,
		"reviews bodies of functions":        lintReviewsBodies,
		"has rules that find their mistakes": lintFindsMistakes,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

func lintFindsNothing(t *testing.T, c *pgx.Conn) {
	t.Helper()
	for _, f := range lint(t, c, schemaLint) {
		t.Errorf("%s: %s", f.Rule, f.Object)
	}
}

// door is where an entry of the reviewed list begins.
var door = regexp.MustCompile(`(?m)^    \('(policy|unique|shared|table|column|function)', '([^']+)'`)

// No entry of the reviewed list is there for nothing: without it, something is
// found.
func lintNeedsEachDoor(t *testing.T, c *pgx.Conn) {
	t.Helper()
	entries := door.FindAllStringSubmatchIndex(schemaLint, -1)
	if len(entries) < 20 {
		t.Fatalf("%d entries were found in the list", len(entries))
	}
	for _, e := range entries {
		name := schemaLint[e[4]:e[5]]
		without := schemaLint[:e[2]] + "closed" + schemaLint[e[3]:]
		found := slices.DeleteFunc(lint(t, c, without), func(f finding) bool { return f.Rule[:2] == "L0" })
		if len(found) == 0 {
			t.Errorf("nothing is found without %s", name)
		}
		for _, f := range found {
			table, _, _ := strings.Cut(strings.TrimSuffix(name, "_pkey"), ".my_")
			if !strings.Contains(f.Object, table) {
				t.Errorf("without %s: %s: %s", name, f.Rule, f.Object)
			}
		}
	}
}

// withDoor adds an entry to the reviewed list.
func withDoor(entry string) string {
	return strings.Replace(schemaLint, "(VALUES\n", "(VALUES\n    "+entry+",\n", 1)
}

func lintFindsUnusedDoors(t *testing.T, c *pgx.Conn) {
	t.Helper()
	for _, entry := range []string{
		`('table', 'app.nothing', '', 'it is not there')`,
		`('table', 'app.workspaces', '', 'it belongs to tenants')`,
		`('policy', 'app.workspaces.tenant', 'ALL TO rowhouse_app USING true', 'it is another')`,
		`('policy', 'app.workspaces.fence', 'ALL TO rowhouse_app, rowhouse_worker USING true', 'it restricts')`,
		`('unique', 'app.workspaces_slug_key', 'CREATE UNIQUE INDEX', 'it is another')`,
		`('shared', 'app.workspaces', '', 'every row has a tenant')`,
		`('shared', 'app.users', '', 'no row has one')`,
		`('column', 'app.users.created_at', 'timestamp without time zone', 'it is another')`,
		`('function', 'app.record_change', '', 'it runs with the rights of who calls it')`,
		`('row', 'app.users', '', 'there is no such kind')`,
	} {
		if found := lint(t, c, withDoor(entry)); len(found) != 1 || rules(found) != "L0" {
			t.Errorf("%s: found %v, want one L0", entry, found)
		}
	}
	withoutReason := strings.Replace(schemaLint, `'a person signs in, not a member'`, `''`, 1)
	if got := rules(lint(t, c, withoutReason)); got != "L0 L15" {
		t.Errorf("a door without a reason: rules %q, want L0 and L15", got)
	}
}

// A function with its owner's rights is let through as it was reviewed, and not
// after a change.
func lintReviewsBodies(t *testing.T, c *pgx.Conn) {
	t.Helper()
	const body = `SELECT 1`
	entry := fmt.Sprintf(`('function', 'app.one', '%x', 'a test')`, sha256.Sum256([]byte(body)))
	for _, tt := range []struct{ body, want string }{{body, ""}, {body + ` + 1`, "L0 L9"}} {
		change(t, c, func(tx pgx.Tx) {
			must(t, tx, `CREATE FUNCTION app.one() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = '' AS '`+tt.body+`'`)
			if got := rules(lint(t, tx, withDoor(entry))); got != tt.want {
				t.Errorf("%s: rules %q, want %q", tt.body, got, tt.want)
			}
		})
	}
}

// change runs fn in a transaction that is rolled back.
func change(t *testing.T, c *pgx.Conn, fn func(pgx.Tx)) {
	t.Helper()
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fn(tx)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}
