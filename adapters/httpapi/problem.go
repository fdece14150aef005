package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
)

// Problem is an error as clients get it (RFC 9457).
type Problem struct {
	Type      string         `doc:"A URN that ends in the code."                                   example:"urn:rowhouse:problem:slug_taken"       json:"type"`
	Title     string         `doc:"What the status means."                                         example:"Conflict"                              json:"title"`
	Status    int            `doc:"The same as the status line."                                   example:"409"                                   format:"int32" json:"status"`
	Detail    string         `doc:"A sentence for people."                                         example:"This address is taken."                json:"detail"`
	Code      string         `doc:"Stable and machine-readable."                                   example:"slug_taken"                            json:"code"`
	RequestID string         `doc:"Names this request in our logs."                                json:"request_id"`
	Errors    []FieldProblem `doc:"What is wrong with which field; with status 422."               json:"errors,omitempty"                         nullable:"false"`
	Limit     *count         `doc:"The plan's limit that refused."                                 json:"limit,omitempty"`
	Used      *count         `doc:"How much of the limit is used."                                 json:"used,omitempty"`

	Invitation *invitationPreviewJSON `doc:"The invitation that is over; with status 410." json:"invitation,omitempty"`

	retryAfter int // seconds, for the header
}

// FieldProblem is what is wrong with one field of the input.
type FieldProblem struct {
	Field   string `doc:"The field, or empty for the input as a whole." example:"name"                        json:"field"`
	Code    string `doc:"Stable and machine-readable."                  example:"too_long"                    json:"code"`
	Message string `doc:"A sentence for people."                        example:"Use at most 64 characters." json:"message"`
}

// The failures that only HTTP knows.
var (
	errMalformedBody    = &domain.Error{Kind: domain.KindMalformed, Code: "malformed_body", Message: "The body is not one well-formed JSON object."}
	errMalformedForm    = &domain.Error{Kind: domain.KindMalformed, Code: "malformed_body", Message: "The body is not a well-formed multipart form."}
	errInvalidLimit     = &domain.Error{Kind: domain.KindMalformed, Code: "invalid_limit", Message: "The limit is a number from 1 to 100."}
	errCSRFFailed       = &domain.Error{Kind: domain.KindForbidden, Code: "csrf_failed", Message: "This request does not come from our own pages, or the page is too old. Reload it."}
	errUnsupportedMedia = fiber.NewError(http.StatusUnsupportedMediaType)
	errBodyTooLarge     = fiber.NewError(http.StatusRequestEntityTooLarge)
	errURITooLong       = fiber.NewError(http.StatusRequestURITooLong)
)

// statusOf is the only place where a domain error becomes an HTTP status.
var statusOf = map[domain.Kind]int{
	domain.KindMalformed:       http.StatusBadRequest,
	domain.KindUnauthenticated: http.StatusUnauthorized,
	domain.KindForbidden:       http.StatusForbidden,
	domain.KindNotFound:        http.StatusNotFound,
	domain.KindInvalid:         http.StatusUnprocessableEntity,
	domain.KindPrecondition:    http.StatusPreconditionFailed,
	domain.KindConflict:        http.StatusConflict,
	domain.KindGone:            http.StatusGone,
	domain.KindTooMany:         http.StatusTooManyRequests,
	domain.KindUnavailable:     http.StatusServiceUnavailable,
}

// frameProblem is the code and the sentence of a status that no use case gave.
var frameProblem = map[int]struct{ code, detail string }{
	http.StatusBadRequest:                  {"malformed_request", "The request cannot be read."},
	http.StatusNotFound:                    {domain.ErrNotFound.Code, domain.ErrNotFound.Message},
	http.StatusMethodNotAllowed:            {"method_not_allowed", "This address does not know this method."},
	http.StatusRequestTimeout:              {"request_timeout", "The request took too long to arrive."},
	http.StatusRequestEntityTooLarge:       {"body_too_large", "The body is too large."},
	http.StatusRequestURITooLong:           {"uri_too_long", "The address is too long."},
	http.StatusUnsupportedMediaType:        {"unsupported_media_type", "Send a body of the type that the reference names, without a content encoding."},
	http.StatusUnprocessableEntity:         {"validation_failed", "Some of the input is not valid."},
	http.StatusRequestHeaderFieldsTooLarge: {"headers_too_large", "The headers are too large."},
	http.StatusServiceUnavailable:          {"unavailable", "This is not available right now. Try again in a moment."},
}

// newProblem turns any error into what the client gets. What nobody foresaw is
// answered without detail.
func newProblem(err error, requestID string) *Problem {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		status := statusOf[e.Kind]
		p := &Problem{Title: http.StatusText(status), Status: status, Detail: e.Message, RequestID: requestID}
		p.setCode(e.Code)
		p.retryAfter = seconds(e.RetryAfter)
		p.Limit, p.Used = (*count)(e.Limit), (*count)(e.Used)
		for _, f := range e.Fields {
			p.Errors = append(p.Errors, FieldProblem(f))
		}
		return p
	}
	if e, ok := errors.AsType[*fiber.Error](err); ok {
		return frame(e.Code, requestID)
	}
	return frame(http.StatusInternalServerError, requestID)
}

// frame returns the problem that a bare status stands for.
func frame(status int, requestID string) *Problem {
	f, known := frameProblem[status]
	if !known {
		status = http.StatusInternalServerError
		f.code, f.detail = "internal_error", "Something went wrong on our side."
	}
	p := &Problem{Title: http.StatusText(status), Status: status, Detail: f.detail, RequestID: requestID}
	p.setCode(f.code)
	return p
}

func (p *Problem) setCode(code string) {
	p.Code, p.Type = code, "urn:rowhouse:problem:"+code
}

// Error makes a Problem what huma calls a StatusError.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	if p.retryAfter == 0 {
		return nil
	}
	return http.Header{fiber.HeaderRetryAfter: {strconv.Itoa(p.retryAfter)}}
}

// send writes the problem as the answer, whatever was there before.
func (p *Problem) send(c *fiber.Ctx) error {
	for name, values := range p.GetHeaders() {
		c.Set(name, values[0])
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Response().ResetBody()
	c.Response().Header.Del(fiber.HeaderETag)
	c.Set(fiber.HeaderContentType, p.ContentType(""))
	// Huma ends its answers with a line break, and one 404 must not differ from
	// another.
	return c.Status(p.Status).Send(append(body, '\n'))
}

// failed logs what nobody foresaw and returns the problem to answer with.
func (a *api) failed(ctx context.Context, c *fiber.Ctx, err error) *Problem {
	r := requestOf(c)
	p := newProblem(err, r.id)
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Invitation != nil {
		p.Invitation = a.newInvitationPreviewJSON(*e.Invitation)
	}
	switch {
	case p.Status == http.StatusInternalServerError:
		a.log.LogAttrs(ctx, slog.LevelError, "request failed", append(r.attrs(), slog.Any("error", err))...)
	case p.Status == http.StatusServiceUnavailable && err.Error() != p.Detail: // there is a cause behind it
		a.log.LogAttrs(ctx, slog.LevelWarn, "request not served", append(r.attrs(), slog.Any("error", err))...)
	}
	return p
}

// handleError answers what Fiber itself refuses: unknown addresses and
// methods, oversized requests, panics.
func (a *api) handleError(c *fiber.Ctx, err error) error {
	if r := requestOf(c); r.id == "" { // what cannot be read never got to observe
		r.id = a.config.NewID()
	}
	a.setHeaders(c, requestOf(c))
	return a.failed(c.UserContext(), c, err).send(c)
}

// humaError makes huma answer with our problems. It is called for what huma
// finds wrong with the input, before a handler runs.
func humaError(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
	id := ""
	if ctx != nil {
		if r, ok := ctx.Context().Value(requestKey{}).(*request); ok {
			id = r.id
		}
	}
	if status == http.StatusBadRequest && len(errs) > 0 {
		status = http.StatusUnprocessableEntity // guard.go has refused what is malformed
	}
	p := frame(status, id)
	for _, err := range errs {
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			p.Errors = append(p.Errors, fieldProblem(d.ErrorDetail()))
		}
	}
	return p
}

// schemaCodes says what huma's sentences mean, by how they begin: the longer
// beginnings first.
var schemaCodes = []struct{ prefix, code, message string }{
	{"expected number >= ", "too_small", "This number is too small."},
	{"expected number <= ", "too_large", "This number is too large."},
	{validation.MsgUnexpectedProperty, "unknown_field", "There is no such field."},
	{validation.MsgExpectedString, "wrong_type", "This is a text."},
	{validation.MsgExpectedBoolean, "wrong_type", "This is true or false."},
	{validation.MsgExpectedInteger, "wrong_type", "This is a whole number."},
	{validation.MsgExpectedNumber, "wrong_type", "This is a number."},
	{validation.MsgExpectedObject, "wrong_type", "This is an object."},
	{validation.MsgExpectedArray, "wrong_type", "This is a list."},
	{"expected length >= ", "too_short", "This is too short."},
	{"expected length <= ", "too_long", "This is too long."},
	{"expected value to be one of ", "unknown_value", "This is none of the known values."},
	{"invalid integer", "wrong_type", "This is a whole number."},
}

// fieldProblem translates one finding. It never repeats the value, which may
// be a password.
func fieldProblem(d *huma.ErrorDetail) FieldProblem {
	field := d.Location
	for _, place := range []string{"body", "query", "path", "header", "form"} {
		field = strings.TrimPrefix(strings.TrimPrefix(field, place+"."), place)
	}
	if name, ok := requiredProperty(d.Message); ok {
		return FieldProblem{Field: strings.TrimPrefix(field+"."+name, "."), Code: "required", Message: "This is required."}
	}
	for _, known := range schemaCodes {
		if strings.HasPrefix(d.Message, known.prefix) {
			return FieldProblem{Field: field, Code: known.code, Message: known.message}
		}
	}
	return FieldProblem{Field: field, Code: "invalid", Message: "This is not valid."}
}

// requiredProperty reads the name out of huma's sentence about a property that
// is missing.
func requiredProperty(message string) (string, bool) {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	name, ok := strings.CutPrefix(message, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, after)
}
