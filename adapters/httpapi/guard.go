package httpapi

import (
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
)

// guard runs before the handler of a route and checks, in the order of the
// contract: media type, size and form of the body, limit, session, CSRF,
// organization, permission, sudo, rate. The use case checks permissions again: a
// route that forgets to declare one is a wrong status, not a hole.
func (a *api) guard(route *Route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humafiber.UnwrapV2(ctx)
		r, admitted := a.enter(c, route)
		if !admitted {
			return
		}
		next(ctx)
		if c.Response().StatusCode() == http.StatusUnprocessableEntity {
			a.refuseMissing(c, r)
		}
	}
}

// enter checks a request to the route, and answers it where it is refused.
func (a *api) enter(c *fiber.Ctx, route *Route) (r *request, admitted bool) {
	r = requestOf(c)
	r.route = route
	if err := a.admit(c, r, route); err != nil {
		a.refuse(c, r, a.failed(c.UserContext(), c, err))
		return r, false
	}
	return r, true
}

// refuse answers with the problem, or, where the path names something that
// does not exist, with that: 404 comes before 403, 422 and 429, and is looked
// for only where they would be answered.
func (a *api) refuse(c *fiber.Ctx, r *request, p *Problem) {
	switch p.Status {
	case http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		if a.refuseMissing(c, r) {
			return
		}
	}
	if err := p.send(c); err != nil {
		a.log.ErrorContext(c.UserContext(), "cannot answer", "error", err)
	}
}

// refuseMissing answers 404 if the path names a workspace, invitation or
// membership that the actor's organization does not have.
func (a *api) refuseMissing(c *fiber.Ctx, r *request) bool {
	if r.actor.Organization == "" {
		return false
	}
	err := a.locate(c, r.actor)
	if !errors.Is(err, domain.ErrNotFound) {
		return false
	}
	return newProblem(err, r.id).send(c) == nil
}

func (a *api) locate(c *fiber.Ctx, actor domain.Actor) error {
	if id := c.Params("workspace"); id != "" {
		if _, err := a.workspaces.Get(c.UserContext(), actor, pathID[domain.WorkspaceID](id)); err != nil {
			return err
		}
	}
	if id := c.Params("invitation"); id != "" {
		if err := a.invitations.Locate(c.UserContext(), actor, pathID[domain.InvitationID](id)); err != nil {
			return err
		}
	}
	if id := c.Params("membership"); id != "" {
		_, err := a.members.Get(c.UserContext(), actor, pathID[domain.MembershipID](id))
		return err
	}
	return nil
}

// admit decides whether the handler may run.
func (a *api) admit(c *fiber.Ctx, r *request, route *Route) error {
	invalid, err := checkBody(c, route)
	if err != nil {
		return err
	}
	if route.Paged {
		if err := checkLimit(c); err != nil {
			return err
		}
	}
	if err := a.identify(c, r, route); err != nil {
		return err
	}
	if err := a.checkOrigin(c, r, route); err != nil {
		return err
	}
	if err := checkIDs(c, route); err != nil {
		return err
	}
	if err := a.authorize(c, r, route); err != nil {
		return err
	}
	if err := a.limit(c, r, route); err != nil {
		return err
	}
	return invalid
}

// identify finds out whose session it is. Any GET does so where there is a
// session cookie, since it renews the CSRF token that belongs to the session.
func (a *api) identify(c *fiber.Ctx, r *request, route *Route) error {
	token := a.cookies.session(c)
	if token == "" {
		if route.Access != AccessPublic {
			return domain.ErrUnauthenticated
		}
		return nil
	}
	if route.Access == AccessPublic && !safe(route.Method) && !route.KnowsCaller {
		return nil
	}
	caller, err := a.accounts.Authenticate(c.UserContext(), token)
	switch {
	case err == nil:
		r.caller = caller
	case route.Access != AccessPublic || !errors.Is(err, domain.ErrUnauthenticated):
		return err
	}
	return nil
}

// authorize makes the caller an actor of the organization in the path, and
// checks what the route asks of one.
func (a *api) authorize(c *fiber.Ctx, r *request, route *Route) error {
	if route.Access == AccessMember {
		actor, err := a.organizations.Resolve(c.UserContext(), r.caller.User.ID, c.Params("organization"))
		if err != nil {
			return err
		}
		r.actor = actor
		if err := permit(actor, c, route); err != nil {
			return err
		}
	}
	if route.Sudo {
		return a.accounts.RequireSudo(r.caller.Session)
	}
	return nil
}

func permit(actor domain.Actor, c *fiber.Ctx, route *Route) error {
	switch {
	case route.Permission == "":
		return nil
	case safe(route.Method):
		return policy.RequireRole(actor, route.Permission)
	case route.OrSelf:
		return policy.RequireSelfOr(actor, pathID[domain.MembershipID](c.Params("membership")), route.Permission)
	default:
		return policy.Require(actor, route.Permission)
	}
}

// checkIDs refuses ids that are none. The organization can be a slug too.
func checkIDs(c *fiber.Ctx, route *Route) error {
	for _, name := range route.ids {
		if !domain.IsUUID(c.Params(name)) {
			return domain.ErrNotFound
		}
	}
	return nil
}
