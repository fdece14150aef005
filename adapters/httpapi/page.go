package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
)

// ListInput is what every list takes.
type ListInput struct {
	Limit  int    `default:"50"                                   doc:"How many items at most." maximum:"100" minimum:"1" query:"limit"`
	Cursor string `doc:"Where the next page begins: next_cursor." query:"cursor"`
}

// listJSON is a page of a list.
type listJSON[T any] struct {
	Data       []T     `json:"data"        nullable:"false"`
	NextCursor *string `doc:"The cursor of the next page; null on the last." json:"next_cursor"`
}

type listOutput[T any] struct {
	Body listJSON[T]
}

// checkLimit refuses a limit that is no number from 1 to 100, before anybody
// is asked who is calling.
func checkLimit(c *fiber.Ctx) error {
	if !c.Context().QueryArgs().Has("limit") {
		return nil
	}
	text := c.Query("limit")
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > domain.MaxPageLimit || strings.HasPrefix(text, "+") {
		return errInvalidLimit
	}
	return nil
}

const (
	cursorPurpose  = "cursor"
	cursorLifetime = 24 * time.Hour
	macSize        = 32
)

// listScope is what a cursor is good for: one list, of one caller, with the
// same filters.
type listScope []string

func scopeOf(ctx context.Context, filters ...string) listScope {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r.scope(filters...)
}

func (r *request) scope(filters ...string) listScope {
	return append(listScope{
		r.route.ID, string(r.caller.User.ID), string(r.actor.Organization), r.fiber.Params("workspace"),
	}, filters...)
}

// page reads where a list goes on. It fails with domain.ErrInvalidCursor for a
// cursor that was edited, is too old, or belongs to another list or caller.
func (a *api) page(in ListInput, scope listScope) (domain.PageRequest, error) {
	request := domain.PageRequest{Limit: in.Limit}
	if in.Cursor == "" {
		return request, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(in.Cursor)
	if err != nil || len(raw) < 8+macSize || strings.ContainsAny(in.Cursor, "\r\n") { // which base64 skips
		return request, domain.ErrInvalidCursor
	}
	payload, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	if !a.config.Key.Verify(mac, cursorPurpose, append(scope, string(payload))...) {
		return request, domain.ErrInvalidCursor
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(payload)), 0) //nolint:gosec // we wrote it
	if a.config.Now().After(expires) {
		return request, domain.ErrInvalidCursor
	}
	request.AfterID, request.After, _ = strings.Cut(string(payload[8:]), "\x00")
	return request, nil
}

// cursor is the inverse of page: it names the last item of a page.
func (a *api) cursor(scope listScope, after, afterID string) *string {
	expires := a.config.Now().Add(cursorLifetime).Unix()
	payload := binary.BigEndian.AppendUint64(nil, uint64(expires)) //nolint:gosec // the clock is past 1970
	payload = append(payload, afterID+"\x00"+after...)
	mac := a.config.Key.MAC(cursorPurpose, append(scope, string(payload))...)
	text := base64.RawURLEncoding.EncodeToString(append(payload, mac...))
	return &text
}

// lister is how a list is answered: fetch gets a page of it, render turns an
// item into JSON, and key returns an item's sort key and, where that is not
// the id itself, its id.
type lister[T, J any] struct {
	fetch  func(domain.PageRequest) (domain.Page[T], error)
	render func(T) J
	key    func(T) (after, id string)
}

// answer fetches the page that in asks for. A cursor that it hands out is good
// for the same filters only.
func (l lister[T, J]) answer(ctx context.Context, a *api, in ListInput, filters ...string) (*listOutput[J], error) {
	scope := scopeOf(ctx, filters...)
	request, err := a.page(in, scope)
	if err != nil {
		return nil, err
	}
	page, err := l.fetch(request)
	if err != nil {
		return nil, err
	}
	out := &listOutput[J]{Body: listJSON[J]{Data: make([]J, len(page.Items))}}
	for i, item := range page.Items {
		out.Body.Data[i] = l.render(item)
	}
	if page.More {
		after, id := l.key(page.Items[len(page.Items)-1])
		out.Body.NextCursor = a.cursor(scope, after, id)
	}
	return out, nil
}
