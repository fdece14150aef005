package postgres

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"rowhouse/core/domain"
)

// optionalTime is a time that is NULL where it is zero.
type optionalTime struct{ time.Time }

// Value implements driver.Valuer.
func (t optionalTime) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil //nolint:nilnil // it is what NULL is in database/sql
	}
	return t.Time, nil
}

// Scan implements sql.Scanner.
func (t *optionalTime) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		t.Time = time.Time{}
	case time.Time:
		t.Time = v
	default:
		return fmt.Errorf("a time came as %T", value)
	}
	return nil
}

// optionalUser is a user's id that is NULL where it is empty.
type optionalUser domain.UserID

// Value implements driver.Valuer.
func (id optionalUser) Value() (driver.Value, error) { return idOrNull(string(id)), nil }

// Scan implements sql.Scanner.
func (id *optionalUser) Scan(value any) error { return scanID((*string)(id), value) }

// optionalOrganization is an organization's id that is NULL where it is empty.
type optionalOrganization domain.OrganizationID

// Value implements driver.Valuer.
func (id optionalOrganization) Value() (driver.Value, error) { return idOrNull(string(id)), nil }

// Scan implements sql.Scanner.
func (id *optionalOrganization) Scan(value any) error { return scanID((*string)(id), value) }

func idOrNull(id string) driver.Value {
	if id == "" {
		return nil
	}
	return id
}

func scanID(id *string, value any) error {
	text, ok := value.(string)
	if !ok && value != nil {
		return fmt.Errorf("an id came as %T", value)
	}
	*id = text
	return nil
}

// hash is the hash of a token, as bytes.
type hash domain.TokenHash

// Value implements driver.Valuer.
func (h hash) Value() (driver.Value, error) { return h[:], nil }

// Scan implements sql.Scanner.
func (h *hash) Scan(value any) error {
	b, ok := value.([]byte)
	if !ok || len(b) != len(h) {
		return fmt.Errorf("a hash came as %T", value)
	}
	copy(h[:], b)
	return nil
}

// foldKey is what names are sorted and searched by: in lower case, as Go does
// it, so that memory and database agree whatever the database's locale.
func foldKey(name string) string { return strings.ToLower(name) }

// textOf is what the database can store of a text that is not ours.
func textOf(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), string(utf8.RuneError))
}

// beforeKey is what the ids of a page that goes from high to low must be below.
// No id is above the one for the first page.
func beforeKey(after string) string {
	if after == "" {
		return "ffffffff-ffff-ffff-ffff-ffffffffffff"
	}
	return after
}
