package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"rowhouse/core/domain"
)

// Access is who may use a route at all.
type Access string

// The accesses.
const (
	AccessPublic Access = "public" // everybody
	AccessUser   Access = "user"   // whoever is signed in
	AccessMember Access = "member" // members of the organization in the path
)

// BodyKind is what a route takes as its body.
type BodyKind string

// The kinds of bodies.
const (
	BodyNone  BodyKind = ""      // none, or {}
	BodyJSON  BodyKind = "json"  // one JSON object
	BodyImage BodyKind = "image" // a multipart form with the field file
)

// Route declares one method of one address: what the guard checks before the
// handler runs, and what the OpenAPI document says. The tests of every route
// against every kind of caller are made from these declarations.
type Route struct {
	Method, Path string // below basePath, parameters in braces
	ID           string // OpenAPI's operation id
	Summary      string
	Tag          string

	Access Access
	// Permission is what a member needs beside being one; "" for nothing.
	Permission domain.Permission
	// OrSelf lets members do to themselves, as the {membership} of the path,
	// what else takes the Permission.
	OrSelf bool
	// KnowsCaller lets a public route that changes nothing, though its method
	// is an unsafe one, look at who is signed in.
	KnowsCaller bool
	// Sudo asks for a recent password.
	Sudo bool
	// Rate is the class that requests are counted in; "" for none.
	Rate domain.RateClass
	Body BodyKind
	// Paged lists take limit and cursor.
	Paged bool
	// Tagged answers carry an ETag, and unsafe methods honour If-Match.
	Tagged bool

	Status int   // of success
	Errors []int // further statuses than those that follow from the rest

	name string   // method and path, for the log
	ids  []string // the parameters of the path that hold ids
}

// safe reports whether the method changes nothing (RFC 9110, section 9.2.1).
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead
}

// errors lists the statuses of every problem that the route can answer with.
func (r Route) errors() []int {
	statuses := append([]int{http.StatusInternalServerError}, r.Errors...)
	if r.Access != AccessPublic {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	if r.Access == AccessMember {
		statuses = append(statuses, http.StatusNotFound)
	}
	if r.Paged {
		statuses = append(statuses, http.StatusBadRequest)
	}
	if r.Rate != "" { // 503 where nobody can count
		statuses = append(statuses, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	}
	if !safe(r.Method) {
		statuses = append(statuses,
			http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
		if r.Tagged {
			statuses = append(statuses, http.StatusPreconditionFailed)
		}
	}
	slices.Sort(statuses)
	return slices.Compact(statuses)
}

// prepared returns the route with what follows from it.
func (r Route) prepared() Route {
	r.name, r.ids = r.Method+" "+r.Path, pathIDs(r.Path)
	return r
}

// operation describes the route to huma.
func (r Route) operation() huma.Operation {
	op := huma.Operation{
		Method: r.Method, Path: r.Path, OperationID: r.ID, Summary: r.Summary, Tags: []string{r.Tag},
		DefaultStatus: r.Status, Errors: r.errors(), Responses: map[string]*huma.Response{}, MaxBodyBytes: -1, // guard.go bounds it
	}
	if r.Access != AccessPublic {
		scheme := map[string][]string{"session": {}}
		if !safe(r.Method) {
			scheme["csrf"] = []string{}
		}
		op.Security = []map[string][]string{scheme}
	}
	return op
}

// fiberPath writes parameters as Fiber does.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// register adds a route with its guard. The handler returns domain errors.
func register[I, O any](a *api, r Route, handle func(context.Context, *I) (*O, error)) {
	r = r.prepared()
	a.routes = append(a.routes, r)
	op := r.operation()
	op.Middlewares = huma.Middlewares{a.guard(&r)}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.failed(ctx, fiberOf(ctx), err)
		}
		return out, nil
	})
	if r.Rate != "" {
		describeRate(op)
	}
}
