package httpapi

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// observe gives the request its id and its deadline, and logs how it ended.
func (a *api) observe(c *fiber.Ctx) error {
	r := &request{id: a.requestID(c.Get(fiber.HeaderXRequestID)), fiber: c}
	c.Locals(requestKey{}, r)
	start := c.Context().Time() // of the machine, not of the product
	r.ends.begin(c.UserContext(), start)
	defer r.ends.release()
	c.SetUserContext(&r.ends)
	a.setHeaders(c, r)

	if err := c.Next(); err != nil {
		if err := a.handleError(c, err); err != nil {
			return err
		}
	}
	if a.config.Requests != nil {
		a.logRequest(r, c.Response().StatusCode(), start)
	}
	return nil
}

// logRequest writes the line of a request as slog would: by hand, since there
// is one for every request, and none of its values needs escaping.
func (a *api) logRequest(r *request, status int, start time.Time) {
	took := time.Since(start)         //nolint:forbidigo // a request takes real time, whatever the clock of the product says
	line := a.buffers.Get().(*[]byte) //nolint:forcetypeassert // New makes nothing else
	b := start.Add(took).UTC().AppendFormat(append((*line)[:0], `{"time":"`...), time.RFC3339Nano)
	b = append(append(b, `","level":"INFO","msg":"request","request_id":"`...), r.id...)
	if r.route != nil {
		b = append(append(b, `","route":"`...), r.route.name...)
	} else {
		b = append(append(b, `","method":"`...), r.fiber.Method()...)
	}
	if r.actor.Organization != "" {
		b = append(append(b, `","organization":"`...), r.actor.Organization...)
	}
	if r.caller.User.ID != "" {
		b = append(append(b, `","user":"`...), r.caller.User.ID...)
	}
	b = strconv.AppendInt(append(b, `","status":`...), int64(status), 10)
	b = strconv.AppendInt(append(b, `,"duration_ns":`...), took.Nanoseconds(), 10)
	*line = append(b, "}\n"...)
	_, _ = a.config.Requests.Write(*line) // there is nobody to tell
	a.buffers.Put(line)
}

// requestID takes the client's id for the request if it is sane. Ours is a
// random number of this process and a count: unique, and cheap.
func (a *api) requestID(given string) string {
	if given == "" || len(given) > 64 || strings.IndexFunc(given, oddInID) >= 0 {
		id := append(make([]byte, 0, 64), a.instance...)
		return string(strconv.AppendUint(id, a.requests.Add(1), 36))
	}
	return strings.Clone(given)
}

func oddInID(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}
