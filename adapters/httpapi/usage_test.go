package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

func usageBody(from, to string, storage int) M {
	return M{"period_start": from, "period_end": to, "metrics": []any{
		M{"metric": "api_calls", "used": 0, "limit": 10_000, "percent": 0},
		M{"metric": "storage_bytes", "used": storage, "limit": 1 << 30, "percent": 0},
		M{"metric": "compute_seconds", "used": 0, "limit": 3600, "percent": 0},
	}}
}

func TestUsage(t *testing.T) {
	t.Parallel()

	t.Run("begins at nothing", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		res := c.Member.Get(c.Path("/usage")).Want(http.StatusOK)
		wantBody(t, res, usageBody(start, "2030-06-01T12:00:00Z", 0))
		wantHeader(t, res, "Cache-Control", "no-store")
		s.SignUp(t, "Eve").Get(c.Path("/usage")).WantProblem(http.StatusNotFound, "not_found")
		s.Anonymous(t).Get(c.Path("/usage")).WantProblem(http.StatusUnauthorized, "unauthenticated")
	})

	t.Run("counts a logo, and carries it into the next period", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		logo := c.Owner.Upload(c.Path("/logo"), picture(t, 8, 8)).Want(http.StatusOK).Text("logo_url")
		size := len(c.Owner.Send(http.MethodGet, logo[len(apitest.PublicURL):], nil, nil).Want(http.StatusOK).Body)
		wantBody(t, c.Member.Get(c.Path("/usage")).Want(http.StatusOK), usageBody(start, "2030-06-01T12:00:00Z", size))

		c.Owner.Upload(c.Path("/logo"), picture(t, 8, 8)).Want(http.StatusOK) // replaces, does not add
		wantBody(t, c.Member.Get(c.Path("/usage")).Want(http.StatusOK), usageBody(start, "2030-06-01T12:00:00Z", size))

		s.Clock.Advance(31 * 24 * time.Hour)
		member := signInAs(t, s, c.Member, apitest.Password)
		want := usageBody("2030-06-01T12:00:00Z", "2030-07-01T12:00:00Z", size)
		wantBody(t, member.Get(c.Path("/usage")).Want(http.StatusOK), want)
		want["history"] = []any{usageBody(start, "2030-06-01T12:00:00Z", size)}
		wantBody(t, member.Get(c.Path("/usage?history=12")).Want(http.StatusOK), want)

		signInAs(t, s, c.Owner, apitest.Password).Delete(c.Path("/logo")).Want(http.StatusOK)
		wantBody(t, member.Get(c.Path("/usage")).Want(http.StatusOK), usageBody("2030-06-01T12:00:00Z", "2030-07-01T12:00:00Z", 0))
	})

	t.Run("says how much of the limit it is, also beyond it, and null without one", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		usage := s.Store.Tenant(domain.OrganizationID(c.ID)).Usage()
		rows, err := usage.At(t.Context(), s.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		rows[0].Quantity, rows[1].Quantity, rows[2].Limit, rows[2].Quantity = 12_345, 1<<30-1, domain.Unlimited, 7
		if err := usage.Put(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		wantBody(t, c.Member.Get(c.Path("/usage")).Want(http.StatusOK), M{
			"period_start": start, "period_end": "2030-06-01T12:00:00Z", "metrics": []any{
				M{"metric": "api_calls", "used": 12_345, "limit": 10_000, "percent": 123},
				M{"metric": "storage_bytes", "used": 1<<30 - 1, "limit": 1 << 30, "percent": 99},
				M{"metric": "compute_seconds", "used": 7, "limit": nil, "percent": nil},
			},
		})
	})

	t.Run("the history", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		for query, code := range map[string]string{
			"-1": "too_small", "37": "too_large", "1e3": "wrong_type", "1.5": "wrong_type", "abc": "wrong_type", "99999999999999999999": "wrong_type", "%00": "wrong_type",
		} {
			wantField(t, c.Member.Get(c.Path("/usage?history="+query)), "history", code)
		}
		for _, query := range []string{"0", "1", "36", ""} {
			c.Member.Get(c.Path("/usage?history=" + query)).Want(http.StatusOK)
		}
	})
}
