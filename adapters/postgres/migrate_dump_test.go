package postgres_test

import (
	"slices"
	"strings"
	"testing"
)

// dumpOf lists everything that migrations make, a line for each.
const dumpOf = `
WITH relations AS (
    SELECT c.*, 'app.' || c.relname AS name FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace
)
SELECT 'schema ' || nspname || ' ' || pg_get_userbyid(nspowner) || ' ' || coalesce(nspacl::text, '') AS line FROM pg_namespace WHERE nspname = 'app'
UNION ALL
SELECT concat_ws(' ', 'relation', name, relkind, pg_get_userbyid(relowner), relacl, reloptions, relrowsecurity, relforcerowsecurity,
    pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid)) FROM relations
UNION ALL
SELECT concat_ws(' ', 'column', name, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attidentity,
    a.attcollation::regcollation, a.attacl, pg_get_expr(d.adbin, d.adrelid))
FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT concat_ws(' ', 'constraint', name, conname, pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN relations r ON r.oid = k.conrelid
UNION ALL
SELECT concat_ws(' ', 'index', pg_get_indexdef(oid)) FROM relations WHERE relkind IN ('i', 'I')
UNION ALL
SELECT concat_ws(' ', 'policy', tablename, policyname, permissive, roles, cmd, qual, 'CHECK', with_check) FROM pg_policies WHERE schemaname = 'app'
UNION ALL
SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(g.oid), g.tgenabled) FROM pg_trigger g JOIN relations r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal
UNION ALL
SELECT concat_ws(' ', 'function', pg_get_functiondef(oid), pg_get_userbyid(proowner), proacl) FROM pg_proc WHERE pronamespace = 'app'::regnamespace
UNION ALL
SELECT concat_ws(' ', 'default rights', pg_get_userbyid(defaclrole), defaclobjtype, defaclacl) FROM pg_default_acl
ORDER BY line`

func dump(t *testing.T, db querier) []string {
	t.Helper()
	found, err := query[struct{ Line string }](t, db, dumpOf)
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(found))
	for i, f := range found {
		lines[i] = f.Line
	}
	return lines
}

// difference lists the lines that only one of two dumps has.
func difference(a, b []string) string {
	var text strings.Builder
	for _, line := range a {
		if !slices.Contains(b, line) {
			text.WriteString("\n- " + line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			text.WriteString("\n+ " + line)
		}
	}
	return text.String()
}
