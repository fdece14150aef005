package httpapi

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// requestTimeout bounds what a handler waits for. Fiber does not notice when a
// client goes away.
const requestTimeout = 15 * time.Second

// observe gives the request its id and its deadline, and logs how it ended.
func (a *api) observe(c *fiber.Ctx) error {
	r := &request{id: a.requestID(c.Get(fiber.HeaderXRequestID)), fiber: c}
	c.Locals(requestKey{}, r)
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	a.setHeaders(c)

	start := a.config.Now()
	if err := c.Next(); err != nil {
		if err := a.handleError(c, err); err != nil {
			return err
		}
	}
	if a.log.Enabled(ctx, slog.LevelInfo) {
		a.log.LogAttrs(ctx, slog.LevelInfo, "request", append(r.attrs(),
			slog.Int("status", c.Response().StatusCode()),
			slog.Duration("duration", a.config.Now().Sub(start)))...)
	}
	return nil
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
