package httpapi

import (
	"encoding/json"
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

// nullable is a value or null. Huma would leave null out of the schema of a
// pointer to anything but a text or a number of its own.
type nullable[T any] struct{ value *T }

// Schema implements huma.SchemaProvider.
func (nullable[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

// MarshalJSON implements json.Marshaler.
func (n nullable[T]) MarshalJSON() ([]byte, error) { return json.Marshal(n.value) }

// nullableEnum describes a text of a closed list that can be null. Huma's enum
// tag would leave null out of the list.
func nullableEnum[T ~string](description string, values ...T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Nullable: true, Description: description, Enum: []any{nil}}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// schemaName names schemas after our types, as clients would: memberJSON is
// Member, a list of it is MemberList, and a body is what it belongs to.
func schemaName(t reflect.Type, hint string) string {
	name := strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "JSON", "")
	if item, ok := strings.CutPrefix(name, "List"); ok && strings.HasPrefix(t.Name(), "listJSON[") {
		return item + "List"
	}
	return strings.TrimSuffix(name, "Body")
}
