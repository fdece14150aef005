package acceptance_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/test/apitest"
)

// A store may run an update again from its start: that of a database does so
// when others were in its way. No use case may notice.

// againStore runs every update twice, the first time for nothing.
type againStore struct {
	ports.Store
	between func() // what happens between the two; nil for nothing
}

var errAgain = errors.New("once more")

func (s againStore) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	err := s.Store.Update(ctx, scope, func(tx ports.Repositories) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	if s.between != nil {
		s.between()
	}
	return s.Store.Update(ctx, scope, fn)
}

func TestEveryRouteCanRunItsUpdatesAgain(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithStore(func(store ports.Store) ports.Store { return againStore{Store: store} }))
	for _, r := range s.API.Routes {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			c := s.Found(t, "Acme")
			smp := samples[r.ID]
			if smp.prepare != nil {
				smp.prepare(t, s, c)
			}
			want := r.Status
			if smp.want != 0 {
				want = smp.want
			}
			who := c.Owner
			if r.ID == "deleteMe" {
				who = c.Member // who owns nothing
			}
			request(t, r, c, who).Want(want)
		})
	}
}

// An address that was free the first time is taken the second time: the next
// one in the row is the organization's, not a variant of a variant.
func TestFoundingAgainStartsFromTheName(t *testing.T) {
	t.Parallel()
	var rival atomic.Pointer[func()]
	var inner ports.Store
	s := apitest.New(t, apitest.WithStore(func(store ports.Store) ports.Store {
		inner = store
		return againStore{store, func() {
			if claim := rival.Swap(nil); claim != nil {
				(*claim)()
			}
		}}
	}))
	owner := s.SignUp(t, "Founder")
	owner.Post("/organizations", M{"name": "Acme"}).Want(http.StatusCreated)
	claim := func() {
		if err := inner.Slugs().Claim(t.Context(), domain.OrganizationID(apitest.NewID()), "acme-2", s.Clock.Now()); err != nil {
			t.Error(err)
		}
	}
	rival.Store(&claim)
	if got := owner.Post("/organizations", M{"name": "Acme"}).Want(http.StatusCreated).Text("slug"); got != "acme-3" {
		t.Errorf("slug = %s, want acme-3", got)
	}
}
