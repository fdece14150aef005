package service_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"rowhouse/core/domain"
)

// staff is an organization with somebody whose rights come and go, over two
// processes.
type staff struct {
	people       people
	pace         time.Duration // at which rights are used
	owner        *browser      // in told
	organization string

	user       domain.UserID
	membership string   // "" while there is none
	tablet     *browser // of the user, in told
	laptop     *browser // the same in used
	phone      *browser // in used, with a session that comes and goes
	session    domain.SessionID
}

func newStaff(t *testing.T, p people, pace time.Duration, told, used *process) *staff {
	t.Helper()
	s := &staff{people: p, pace: pace, owner: p.newcomer(t, "Olga", told), user: p.add(t, "Rhea")}
	s.organization = s.owner.found(t, "Acme")
	s.tablet, s.laptop, s.phone = p.signIn(t, s.user, told), p.signIn(t, s.user, used), newBrowser(t, used)
	return s
}

// mustDo asks for a change, which must succeed.
func mustDo(ctx context.Context, b *browser, want int, method, path string, body any) error {
	res, err := b.try(ctx, method, path, body)
	if err == nil && res.status != want {
		err = fmt.Errorf("%s %s = %d %s, want %d", method, path, res.status, res.body, want)
	}
	return err
}

// right is something that somebody may do, until it is taken away.
type right struct {
	name             string
	use              func(*staff) question
	granted, refused string // the answers
	// give gives it, take takes it away in one process.
	give, take func(context.Context, *staff) error
}

// question is what somebody asks all the time.
type question struct {
	from         *browser
	method, path string
	body         any
}

var rights = []right{
	{
		name: "a role that was changed",
		// A workspace without a name is never made, and who may not make any is
		// told that first.
		use:     func(s *staff) question { return question{s.laptop, http.MethodPost, s.path("/workspaces"), M{}} },
		granted: "422 validation_failed", refused: "403 forbidden",
		give: func(ctx context.Context, s *staff) error {
			return errors.Join(s.join(ctx), s.changeRole(ctx, domain.RoleAdmin))
		},
		take: func(ctx context.Context, s *staff) error { return s.changeRole(ctx, domain.RoleMember) },
	},
	{
		name:    "a member who was removed",
		use:     func(s *staff) question { return question{s.laptop, http.MethodGet, s.path(""), nil} },
		granted: "200 ", refused: "404 not_found",
		give: func(ctx context.Context, s *staff) error { return s.join(ctx) },
		take: func(ctx context.Context, s *staff) error {
			membership := s.membership
			s.membership = ""
			return mustDo(ctx, s.owner, http.StatusNoContent, http.MethodDelete, s.path("/members/"+membership), nil)
		},
	},
	{
		name:    "a session that was ended",
		use:     func(s *staff) question { return question{s.phone, http.MethodGet, "/me", nil} },
		granted: "200 ", refused: "401 unauthenticated",
		give: func(ctx context.Context, s *staff) error {
			id, token, err := s.people.session(ctx, s.user)
			s.session, s.phone.session = id, string(token)
			return err
		},
		take: func(ctx context.Context, s *staff) error {
			return mustDo(ctx, s.tablet, http.StatusNoContent, http.MethodDelete, "/me/sessions/"+string(s.session), nil)
		},
	},
}

func (s *staff) path(below string) string { return "/organizations/" + s.organization + below }

// join makes the user a member, if they are none.
func (s *staff) join(ctx context.Context) (err error) {
	if s.membership == "" {
		s.membership, err = s.people.join(ctx, s.organization, s.user, domain.RoleAdmin)
	}
	return err
}

func (s *staff) changeRole(ctx context.Context, role domain.Role) error {
	return mustDo(ctx, s.owner, http.StatusOK, http.MethodPatch, s.path("/members/"+s.membership), M{"role": role})
}
