package httpapi

import (
	"strconv"
	"strings"

	"rowhouse/core/domain"
)

// MatchInput is what changes of a versioned row take.
type MatchInput struct {
	IfMatch string `doc:"The ETag that the row must still have." header:"If-Match"`
}

// precondition reads the header. A tag that is none of ours matches nothing.
func (in MatchInput) precondition() domain.Precondition {
	if in.IfMatch == "" || strings.TrimSpace(in.IfMatch) == "*" {
		return nil
	}
	versions := domain.Precondition{}
	for tag := range strings.SplitSeq(in.IfMatch, ",") {
		digits, quoted := strings.CutPrefix(strings.TrimSpace(tag), `"`)
		digits, closed := strings.CutSuffix(digits, `"`)
		if v, err := strconv.ParseInt(digits, 10, 64); err == nil && quoted && closed {
			versions = append(versions, v)
		}
	}
	return versions
}

// tagged is an answer about a versioned row. The tag is for If-Match alone, so
// caches must ask anew each time.
type tagged[T any] struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         T
}

// created is a tagged answer about a row that is new.
type created[T any] struct {
	Location     string `header:"Location"`
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         T
}

// at says where the new row is found from now on.
func (t *tagged[T]) at(location string) *created[T] {
	return &created[T]{Location: basePath + location, ETag: t.ETag, CacheControl: t.CacheControl, Body: t.Body}
}

func newTagged[T any](version int64, body T) *tagged[T] {
	return &tagged[T]{ETag: etagOf(version), CacheControl: cacheTagged, Body: body}
}

const cacheTagged = "private, no-cache"

func etagOf(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }
