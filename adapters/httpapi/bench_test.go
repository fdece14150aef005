package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/valyala/fasthttp"

	"rowhouse/test/apitest"
)

// BenchmarkGetOrganization is what an organization's detail costs without the
// network: session, tenant, all checks, headers, log and body.
func BenchmarkGetOrganization(b *testing.B) {
	s := apitest.New(b)
	c := s.Found(b, "Acme")
	s.Logs.Discard = true
	handle := s.API.App.Handler()
	ctx := &fasthttp.RequestCtx{}
	ctx.Request.SetRequestURI("/api/v1/organizations/" + c.Slug)
	ctx.Request.Header.SetHost("rowhouse.test")
	ctx.Request.Header.SetCookie("rowhouse_session", c.Owner.Cookie("rowhouse_session"))
	ctx.Request.Header.SetCookie("csrf_token", c.Owner.Cookie("csrf_token"))
	b.ReportAllocs()
	for b.Loop() {
		ctx.Response.Reset()
		ctx.ResetUserValues()
		handle(ctx)
	}
	if ctx.Response.StatusCode() != http.StatusOK {
		b.Fatal(ctx.Response.String())
	}
}
