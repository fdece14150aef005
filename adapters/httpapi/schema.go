package httpapi

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"rowhouse/core/domain"
)

// count is a whole number. In the document it has no format: int64 would make
// generated clients use big integers for what never gets that large.
type count int64

// Schema implements huma.SchemaProvider.
func (count) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeInteger} }

// limit is a limit of a plan: a whole number, or null where there is none.
type limit domain.Limit

// Schema implements huma.SchemaProvider.
func (limit) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Nullable: true, Description: "null is unlimited."}
}

// MarshalJSON implements json.Marshaler.
func (l limit) MarshalJSON() ([]byte, error) {
	if domain.Limit(l) == domain.Unlimited {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(l), 10), nil
}

// maybeTime is a time, or null where the zero one says that it never was.
type maybeTime time.Time

// Schema implements huma.SchemaProvider.
func (maybeTime) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true}
}

// MarshalJSON implements json.Marshaler.
func (t maybeTime) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return time.Time(t).MarshalJSON()
}

// schemaName names schemas after our types without the suffix of the file
// format: organizationJSON is Organization.
func schemaName(t reflect.Type, hint string) string {
	return strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "JSON", "")
}
