package httpapi

import (
	"log/slog"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// observe gives the request its id and its deadline, and logs how it ended.
func (a *api) observe(c *fiber.Ctx) error {
	r := &request{id: a.requestID(c.Get(fiber.HeaderXRequestID)), fiber: c}
	c.Locals(requestKey{}, r)
	start := a.config.Now()
	ctx := newDeadline(c.UserContext())
	defer ctx.release()
	c.SetUserContext(ctx)
	a.setHeaders(c)

	if err := c.Next(); err != nil {
		if err := a.handleError(c, err); err != nil {
			return err
		}
	}
	if !a.log.Enabled(ctx, slog.LevelInfo) {
		return nil
	}
	// Past the logger, straight to its handler: this line needs no look at the
	// stack to say where it was written.
	end := a.config.Now()
	record := slog.NewRecord(end, slog.LevelInfo, "request", 0)
	record.AddAttrs(r.attrs()...)
	record.AddAttrs(slog.Int("status", c.Response().StatusCode()), slog.Duration("duration", end.Sub(start)))
	return a.log.Handler().Handle(ctx, record)
}

// requestID takes the client's id for the request if it is sane.
func (a *api) requestID(given string) string {
	if given == "" || len(given) > 64 || strings.IndexFunc(given, oddInID) >= 0 {
		return a.config.NewID()
	}
	return strings.Clone(given)
}

func oddInID(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}
