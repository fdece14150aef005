package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
)

// The bounds of a request.
const (
	maxURI       = 4 << 10
	maxHeaders   = 16 << 10
	maxJSONBody  = 1 << 20
	maxImageBody = domain.MaxImageBytes + 16<<10 // the form around the file
	maxBody      = 2 << 20                       // beyond it nothing is even read

	maxDepth    = 32
	maxFields   = 100
	maxElements = 1000
)

// checkBody looks at the body before anybody is asked who is calling. What
// cannot be read is err; what could be read but breaks a bound is invalid, to
// be answered in its turn.
func checkBody(c *fiber.Ctx, route *Route) (invalid, err error) {
	if safe(route.Method) {
		return nil, nil
	}
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return nil, errUnsupportedMedia // it would be unpacked without a bound
	}
	body := c.Request().Body()
	if route.Body == BodyImage {
		return checkForm(c, len(body))
	}
	if len(body) == 0 {
		if route.Body == BodyJSON {
			return nil, errMalformedBody
		}
		return nil, nil
	}
	if !isJSON(c.Get(fiber.HeaderContentType)) {
		return nil, errUnsupportedMedia
	}
	if len(body) > maxJSONBody {
		return nil, errBodyTooLarge
	}
	// In this form huma knows it, whatever its case and parameters were.
	c.Request().Header.SetContentType(fiber.MIMEApplicationJSON)
	return checkJSON(body, route.Body == BodyNone)
}

func checkForm(c *fiber.Ctx, size int) (invalid, err error) {
	mediaType, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || mediaType != fiber.MIMEMultipartForm {
		return nil, errUnsupportedMedia
	}
	if size > maxImageBody {
		return nil, errBodyTooLarge
	}
	form, err := c.MultipartForm()
	if err != nil {
		return nil, errMalformedForm
	}
	for _, field := range append(slices.Collect(maps.Keys(form.Value)), slices.Collect(maps.Keys(form.File))...) {
		if field != "file" {
			return domain.Invalid(field, "unknown_field", "There is no such field."), nil
		}
	}
	switch n := len(form.File["file"]); {
	case n == 0:
		invalid = domain.Invalid("file", "required", "Choose a file.")
	case n > 1:
		invalid = domain.Invalid("file", "too_many", "Choose one file.")
	}
	return invalid, nil
}

func isJSON(contentType string) bool {
	mediaType, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && mediaType == fiber.MIMEApplicationJSON && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// checkJSON walks over the body once. It finds what decoders forgive:
// duplicate keys, a second value behind the first, text that is no UTF-8.
func checkJSON(body []byte, empty bool) (invalid, err error) {
	if !utf8.Valid(body) {
		invalid = domain.Invalid("", "invalid_text", "The body is not valid UTF-8.")
		body = bytes.ToValidUTF8(body, []byte("?"))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	s := scanner{decoder: d, invalid: invalid}
	first, err := d.Token()
	if err != nil || first != json.Delim('{') {
		return nil, errMalformedBody
	}
	if err := s.object(1); err != nil {
		return nil, errMalformedBody
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformedBody
	}
	if empty && s.fields > 0 && s.invalid == nil {
		s.invalid = domain.Invalid(s.firstField, "unknown_field", "This takes no fields.")
	}
	return s.invalid, nil
}

// scanner walks over a JSON value and remembers the first bound it breaks.
type scanner struct {
	decoder    *json.Decoder
	fields     int // of the outermost object
	firstField string
	invalid    error
}

var errDuplicateKey = errors.New("duplicate key")

// object reads up to the end of an object whose brace has been read.
func (s *scanner) object(depth int) error {
	if depth > maxDepth {
		return s.tooDeep()
	}
	seen := map[string]bool{}
	for {
		token, err := s.decoder.Token()
		if err != nil {
			return err
		}
		key, isKey := token.(string)
		if !isKey {
			return nil // the closing brace: the decoder lets nothing else through
		}
		if seen[key] {
			return errDuplicateKey
		}
		seen[key] = true
		s.text(key)
		s.bound(len(seen) <= maxFields, "too_many", "There are too many fields.")
		if depth == 1 {
			if s.fields++; s.fields == 1 {
				s.firstField = key
			}
		}
		if _, err := s.value(depth); err != nil {
			return err
		}
	}
}

// array reads up to the end of an array whose bracket has been read.
func (s *scanner) array(depth int) error {
	if depth > maxDepth {
		return s.tooDeep()
	}
	for n := 0; ; n++ {
		end, err := s.value(depth)
		if err != nil || end {
			return err
		}
		s.bound(n < maxElements, "too_many", "There are too many elements.")
	}
}

// tooDeep reads up to the end of what has begun, without recursion: a body has
// room for a million brackets, a stack has not.
func (s *scanner) tooDeep() error {
	s.bound(false, "too_deep", "This is nested too deeply.")
	for open := 1; open > 0; {
		token, err := s.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open++
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
	return nil
}

// value reads one value, or the end of the array around it.
func (s *scanner) value(depth int) (end bool, err error) {
	token, err := s.decoder.Token()
	if err != nil {
		return false, err
	}
	switch t := token.(type) {
	case json.Delim:
		switch t {
		case '{':
			return false, s.object(depth + 1)
		case '[':
			return false, s.array(depth + 1)
		default:
			return true, nil
		}
	case string:
		s.text(t)
	case json.Number:
		_, err := strconv.ParseFloat(t.String(), 64)
		s.bound(err == nil, "out_of_range", "This number is out of range.")
	}
	return false, nil
}

// text refuses NUL, which PostgreSQL cannot store.
func (s *scanner) text(t string) {
	s.bound(!strings.ContainsRune(t, 0), "invalid_text", "This is not valid text.")
}

func (s *scanner) bound(ok bool, code, message string) {
	if !ok && s.invalid == nil {
		s.invalid = domain.Invalid("", code, message)
	}
}

// checkFrame refuses addresses that no page of ours makes, and requests that
// say twice where they end: a proxy in front may have believed the other one
// (RFC 9112, section 6.1). Nothing more is read from their connection.
func checkFrame(c *fiber.Ctx) error {
	if len(c.Request().Header.RequestURI()) > maxURI {
		return errURITooLong
	}
	if raw := c.Request().Header.RawHeaders(); hasHeader(raw, fiber.HeaderTransferEncoding) && hasHeader(raw, fiber.HeaderContentLength) {
		c.Context().SetConnectionClose()
		return fiber.ErrBadRequest
	}
	return c.Next()
}

// hasHeader looks for a header as it came, before anybody chose between two.
func hasHeader(raw []byte, name string) bool {
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		if key, _, _ := bytes.Cut(line, []byte(":")); len(key) == len(name) && strings.EqualFold(string(key), name) {
			return true
		}
		raw = rest
	}
	return false
}
