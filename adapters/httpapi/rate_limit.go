package httpapi

import (
	"math"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
)

// The headers that say how much of a rate is left
// (draft-ietf-httpapi-ratelimit-headers-06).
const (
	headerRateLimit     = "RateLimit-Limit"
	headerRateRemaining = "RateLimit-Remaining"
	headerRateReset     = "RateLimit-Reset"
)

// limit counts the request where its route has a rate, and says in the answer,
// whatever that will be, how much of it is left.
func (a *api) limit(c *fiber.Ctx, r *request, route *Route) error {
	if route.Rate == "" {
		return nil
	}
	d, limited, err := a.rates.Allow(c.UserContext(), route.Rate, domain.Requester{
		Address: a.clientIP(c), User: r.caller.User.ID, Organization: r.actor.Organization,
	})
	if err != nil || !limited {
		return err
	}
	c.Set(headerRateLimit, strconv.FormatInt(d.Limit, 10))
	c.Set(headerRateRemaining, strconv.FormatInt(d.Remaining, 10))
	c.Set(headerRateReset, strconv.Itoa(seconds(d.ResetAfter)))
	if !d.Allowed {
		return domain.ErrRateLimited.WithRetryAfter(d.RetryAfter)
	}
	return nil
}

// seconds rounds up: who waits so long has waited long enough.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// newRateHeaders describes the headers, for the document.
func newRateHeaders() map[string]*huma.Header {
	header := func(description string) *huma.Header {
		return &huma.Header{Description: description, Schema: &huma.Schema{Type: huma.TypeInteger}}
	}
	return map[string]*huma.Header{
		headerRateLimit:     header("How many requests of this kind are allowed in a period."),
		headerRateRemaining: header("How many more are allowed right now."),
		headerRateReset:     header("In how many seconds all of them are allowed again."),

		fiber.HeaderRetryAfter: header("In how many seconds to try again."),
	}
}

// describeRate lets the document say which answers of an operation can have the
// headers: those that come once the request was counted. They do not where
// nobody counts.
func describeRate(op huma.Operation) {
	for status, response := range op.Responses {
		names := []string{headerRateLimit, headerRateRemaining, headerRateReset}
		switch status {
		case "400", "413", "415": // the guard looks at the body before
			continue
		case "429":
			names = append(names, fiber.HeaderRetryAfter)
		}
		if response.Headers == nil {
			response.Headers = map[string]*huma.Header{}
		}
		for _, name := range names {
			response.Headers[name] = &huma.Header{Ref: "#/components/headers/" + name}
		}
	}
}
