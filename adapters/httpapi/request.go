package httpapi

import (
	"context"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
)

// request is what we know about one request. The guard fills it in; from a
// handler on, its caller and actor are parameters.
type request struct {
	id    string
	fiber *fiber.Ctx
	// caller is whose session it is. Zero where nobody is signed in, or the
	// route does not ask.
	caller domain.Caller
	// actor is the caller in the organization that the path names.
	actor domain.Actor
	route *Route
	// ends is the context of everything that is done for the request.
	ends deadline
}

type requestKey struct{}

// requestOf returns what we know about the request. It is never nil: Fiber
// refuses some requests before any of our code runs.
func requestOf(c *fiber.Ctx) *request {
	if r, ok := c.Locals(requestKey{}).(*request); ok {
		return r
	}
	r := &request{fiber: c}
	c.Locals(requestKey{}, r)
	return r
}

// attrs names the request in the log. No address, no query: they may hold what
// does not belong there.
func (r *request) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("request_id", r.id)}
	if r.route != nil {
		attrs = append(attrs, slog.String("route", r.route.name))
	} else {
		attrs = append(attrs, slog.String("method", r.fiber.Method()))
	}
	if r.actor.Organization != "" {
		attrs = append(attrs, slog.String("organization", string(r.actor.Organization)))
	}
	if r.caller.User.ID != "" {
		attrs = append(attrs, slog.String("user", string(r.caller.User.ID)))
	}
	return attrs
}

// asCaller turns a use of the signed-in user into a handler. With asActor it
// is the one place where they leave the context.
func asCaller[I, O any](handle func(context.Context, domain.Caller, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		r, ok := ctx.Value(requestKey{}).(*request)
		if !ok || r.caller.User.ID == "" {
			return nil, domain.ErrUnauthenticated
		}
		return handle(ctx, r.caller, in)
	}
}

// asActor turns a use of the member into a handler.
func asActor[I, O any](handle func(context.Context, domain.Actor, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		r, ok := ctx.Value(requestKey{}).(*request)
		if !ok || r.actor.Organization == "" {
			return nil, domain.ErrNotFound
		}
		return handle(ctx, r.actor, in)
	}
}

// fiberOf returns Fiber's context of the request, for cookies.
func fiberOf(ctx context.Context) *fiber.Ctx {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r.fiber
}
