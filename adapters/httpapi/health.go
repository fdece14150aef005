package httpapi

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Check asks whether something that the service depends on is there.
type Check struct {
	Name string
	// Gating means that the service is not ready without it.
	Gating bool
	Probe  func(context.Context) error
}

// probeTimeout bounds each check.
const probeTimeout = time.Second

type healthJSON struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// serveHealth answers whether the process lives, and whether it should be sent
// requests. It says nothing that is secret. The function that it returns makes
// it unready for good.
func (a *api) serveHealth(app *fiber.App) (drain func()) {
	var draining atomic.Bool
	a.serve(app, "/livez", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(healthJSON{Status: "ok"})
	})
	a.serve(app, "/readyz", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "no-store")
		health := healthJSON{Status: "ready", Checks: map[string]string{}}
		if draining.Load() {
			health.Status = "draining"
		}
		for _, check := range a.config.Checks {
			health.Checks[check.Name] = "ok"
			if !probe(c.UserContext(), check) {
				health.Checks[check.Name] = "down"
				if check.Gating && health.Status == "ready" {
					health.Status = "not ready"
				}
			}
		}
		if health.Status != "ready" {
			c.Status(http.StatusServiceUnavailable)
		}
		return c.JSON(health)
	})
	return func() { draining.Store(true) }
}

func probe(ctx context.Context, check Check) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return check.Probe(ctx) == nil
}
