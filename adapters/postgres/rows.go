package postgres

import (
	"bytes"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// rows is a driver.Rows over pgx's, and over the rest of the pipeline that they
// came in.
type rows struct {
	rows     pgx.Rows
	pipeline *pipeline // nil for a statement that went alone
	types    *pgtype.Map
	fields   []pgconn.FieldDescription
}

// Columns implements driver.Rows.
func (r *rows) Columns() []string {
	r.fields = r.rows.FieldDescriptions()
	names := make([]string, len(r.fields))
	for i := range r.fields {
		names[i] = r.fields[i].Name
	}
	return names
}

// Close implements driver.Rows. Some constraints are checked only when the
// pipeline ends, so its error is the statement's.
func (r *rows) Close() error {
	r.rows.Close()
	if err := r.rows.Err(); err != nil || r.pipeline == nil {
		if r.pipeline != nil {
			_ = r.pipeline.results.Close()
		}
		return err
	}
	return r.pipeline.end()
}

// Next implements driver.Rows.
func (r *rows) Next(dest []driver.Value) error {
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	for i, raw := range r.rows.RawValues() {
		value, err := r.decode(&r.fields[i], raw)
		if err != nil {
			return err
		}
		dest[i] = value
	}
	return nil
}

// decode turns what came over the wire into a value that database/sql knows.
// The types that our tables are made of take the short way.
func (r *rows) decode(field *pgconn.FieldDescription, raw []byte) (driver.Value, error) {
	if raw == nil {
		return nil, nil //nolint:nilnil // it is what NULL is in database/sql
	}
	if field.Format == pgtype.BinaryFormatCode {
		switch field.DataTypeOID {
		case pgtype.TextOID, pgtype.VarcharOID:
			return string(raw), nil
		case pgtype.UUIDOID:
			return uuidText(raw), nil
		case pgtype.Int8OID:
			return int64(binary.BigEndian.Uint64(raw)), nil //nolint:gosec // two's complement is the wire's own form
		case pgtype.BoolOID:
			return raw[0] != 0, nil
		}
	}
	known, ok := r.types.TypeForOID(field.DataTypeOID)
	if !ok {
		return string(raw), nil
	}
	if _, ok := known.Codec.(*pgtype.ArrayCodec); ok && field.Format == pgtype.BinaryFormatCode {
		return r.arrayText(field.DataTypeOID, raw)
	}
	value, err := known.Codec.DecodeDatabaseSQLValue(r.types, field.DataTypeOID, field.Format, raw)
	switch v := value.(type) {
	case time.Time:
		return v.UTC(), err
	case []byte:
		return bytes.Clone(v), err // it may be the wire's buffer
	}
	return value, err
}

// arrayText writes an array as the text that it is in SQL: database/sql has no
// arrays.
func (r *rows) arrayText(oid uint32, raw []byte) (driver.Value, error) {
	var array pgtype.Array[any]
	if err := r.types.Scan(oid, pgtype.BinaryFormatCode, raw, &array); err != nil {
		return nil, err
	}
	text, err := r.types.Encode(oid, pgtype.TextFormatCode, array, nil)
	return string(text), err
}

// uuidText writes 16 bytes as the canonical text of a UUID.
func uuidText(b []byte) string {
	var text [36]byte
	at := 0
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			text[at] = '-'
			at++
		}
		hex.Encode(text[at:], b[:n])
		at, b = at+2*n, b[n:]
	}
	return string(text[:])
}
