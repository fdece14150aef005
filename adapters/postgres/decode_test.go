package postgres_test

import (
	"bytes"
	"math"
	"reflect"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
)

// What database/sql is handed is the same whether it came as binary or as text.
func TestDriver_DecodesTypes(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, time.January, 2, 3, 4, 5, 123_456_000, time.UTC)
	tests := []struct {
		sql  string
		want any
	}{
		{`'text'::text`, "text"},
		{`''::text`, ""},
		{`'ö' COLLATE "C"`, "ö"},
		{`'three'::varchar(3)`, "thr"},
		{`'c'::char(3)`, "c  "},
		{`'a name'::name`, "a name"},
		{`'01890a5d-ac96-774b-bcce-b302099a8057'::uuid`, "01890a5d-ac96-774b-bcce-b302099a8057"},
		{`'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'::uuid`, "ffffffff-ffff-ffff-ffff-ffffffffffff"},
		{`(-1)::int2`, int64(-1)},
		{`2147483647::int4`, int64(math.MaxInt32)},
		{`(-9223372036854775808)::int8`, int64(math.MinInt64)},
		{`9223372036854775807::int8`, int64(math.MaxInt64)},
		{`12::oid`, int64(12)},
		{`true`, true},
		{`false`, false},
		{`1.5::float4`, 1.5},
		{`-0.1::float8`, -0.1},
		{`12345678901234567890.123456789::numeric`, "12345678901234567890.123456789"},
		{`0.10::numeric`, "0.10"},
		{`'NaN'::numeric`, "NaN"},
		{`'{"b": [1, null], "a": "\u00f6"}'::jsonb`, []byte(`{"a": "ö", "b": [1, null]}`)},
		{`'{"b": 1}'::json`, []byte(`{"b": 1}`)},
		{`'\x00ff5c'::bytea`, []byte("\x00\xff\\")},
		{`''::bytea`, []byte{}},
		{`'2026-01-02 05:04:05.123456+02'::timestamptz`, second},
		{`'2026-01-02 03:04:05.123456'::timestamp`, second},
		{`'2026-01-02'::date`, time.Date(2026, time.January, 2, 0, 0, 0, 0, time.UTC)},
		{`'0001-01-01 00:00:00+00'::timestamptz`, time.Time{}},
		{`'1 day 2 hours'::interval`, "1 day 02:00:00"},
		{`'10.0.0.1/8'::inet`, "10.0.0.1/8"},
		{`'rowhouse_app'::regrole`, "rowhouse_app"},
		{`ARRAY['a', 'b c', NULL, '"', '', 'NULL', '{}']`, `{a,"b c",NULL,"\"","","NULL","{}"}`},
		{`ARRAY[]::text[]`, `{}`},
		{`ARRAY[1, -2]::int8[]`, `{1,-2}`},
		{`ARRAY[[1, 2], [3, 4]]::int4[]`, `{{1,2},{3,4}}`},
		{`ARRAY[true, NULL]`, `{t,NULL}`},
		{`ARRAY[1.50, 2]::numeric[]`, `{1.50,2}`},
		{`ARRAY['01890a5d-ac96-774b-bcce-b302099a8057']::uuid[]`, `{01890a5d-ac96-774b-bcce-b302099a8057}`},
		{`NULL::text`, nil},
		{`NULL::uuid`, nil},
		{`NULL::int8`, nil},
		{`NULL::boolean`, nil},
		{`NULL::numeric`, nil},
		{`NULL::jsonb`, nil},
		{`NULL::timestamptz`, nil},
		{`NULL::bytea`, nil},
		{`NULL::text[]`, nil},
		{`NULL`, nil},
	}
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		for _, tt := range tests {
			for _, session := range []postgres.Session{{}, of(tenants[0])} { // alone, and behind its session
				var got any
				if err := postgres.GORM(t.Context(), store, session).Raw(`SELECT ` + tt.sql).Row().Scan(&got); err != nil {
					t.Errorf("%s: %v", tt.sql, err)
				} else if !same(got, tt.want) {
					t.Errorf("%s is %#v, want %#v", tt.sql, got, tt.want)
				}
			}
		}
	})
}

func same(got, want any) bool {
	if want, ok := want.(time.Time); ok {
		got, ok := got.(time.Time)
		return ok && got.Equal(want) && got.Location() == time.UTC
	}
	return reflect.DeepEqual(got, want)
}

// The wire's buffer is used again for the next row, so nothing may be left in it.
func TestDriver_KeepsNothingOfTheWire(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, _ []seeded) {
		rows, err := postgres.GORM(t.Context(), store, postgres.Session{}).Raw(`
            SELECT decode(repeat(lpad(to_hex(i), 2, '0'), 1000), 'hex'), to_jsonb(i), ARRAY[i]::text, repeat('x', 1000) FROM generate_series(1, 200) AS i`).Rows()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		var raw [][]byte
		for rows.Next() {
			var data, object, list, text any
			if err := rows.Scan(&data, &object, &list, &text); err != nil {
				t.Fatal(err)
			}
			raw = append(raw, data.([]byte))
		}
		if err := rows.Err(); err != nil || len(raw) != 200 {
			t.Fatalf("%d rows, %v", len(raw), err)
		}
		for i, data := range raw {
			if !bytes.Equal(data, bytes.Repeat([]byte{byte(i + 1)}, 1000)) {
				t.Fatalf("row %d has changed since", i)
			}
		}
	})
}

// Arguments that database/sql does not know reach the database.
func TestDriver_EncodesArguments(t *testing.T) {
	t.Parallel()
	forEachMode(t, func(t *testing.T, store *postgres.Store, tenants []seeded) {
		list, at := []string{"a", `b "c"`, "ö,{}"}, time.Date(2026, time.May, 1, 12, 0, 0, 1000, time.FixedZone("", 3600))
		var got struct {
			List   string
			Number int64
			At     time.Time
			Data   []byte
			None   *string
			ID     string
		}
		err := postgres.GORM(t.Context(), store, of(tenants[0])).Raw(
			`SELECT to_json(?::text[])::text AS list, ?::int8 AS number, ?::timestamptz AS at, ?::bytea AS data, ?::text AS none, ?::uuid AS id`,
			&list, int64(math.MinInt64), at, []byte{0, 255}, nil, tenants[0].organization).Take(&got).Error
		if err != nil {
			t.Fatal(err)
		}
		if got.List != `["a","b \"c\"","ö,{}"]` || got.Number != math.MinInt64 || !got.At.Equal(at) || !bytes.Equal(got.Data, []byte{0, 255}) ||
			got.None != nil || got.ID != tenants[0].organization {
			t.Errorf("came back as %+v", got)
		}
	})
}
