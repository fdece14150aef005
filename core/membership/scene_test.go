package membership_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/core/membership"
	"rowhouse/core/organization"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// scene is Ada's organization Acme with Grace, an admin, and Linus and Edsger,
// members, and Hedy's organization Globex, in which nothing must ever change.
type scene struct {
	t       *testing.T
	clock   *memory.Clock
	ids     *memory.IDs
	store   *memory.Store
	service *membership.Service

	owner, admin, member, other, globex domain.Actor
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, clock: memory.NewClock(), ids: memory.NewIDs(), store: memory.NewStore()}
	s.service = membership.NewService(s.store, s.clock)
	s.globex = s.found(s.user("Hedy"), "Globex")
	s.owner = s.found(s.user("Ada"), "Acme")
	s.admin = s.join(s.owner, s.user("Grace"), domain.RoleAdmin)
	s.member = s.join(s.owner, s.user("Linus"), domain.RoleMember)
	s.other = s.join(s.owner, s.user("Edsger"), domain.RoleMember)
	s.clock.Advance(time.Hour)
	return s
}

func (s *scene) user(name string) domain.User {
	s.t.Helper()
	user := domain.User{
		ID: domain.UserID(s.ids.New()), Name: name, Email: domain.Email(strings.ToLower(name) + "@example.com"),
		CreatedAt: s.clock.Now(), UpdatedAt: s.clock.Now(),
	}
	s.must(s.store.Users().Add(s.t.Context(), user))
	return user
}

func (s *scene) found(user domain.User, name string) domain.Actor {
	s.t.Helper()
	organizations := organization.NewService(s.store, s.clock, s.ids, slug.NewMaker(transliterator{}), nil)
	created, err := organizations.Create(s.t.Context(), user, organization.CreateInput{Name: name})
	s.must(err)
	return domain.Actor{User: user.ID, Organization: created.ID, Membership: created.Membership, Role: created.Role}
}

func (s *scene) join(in domain.Actor, user domain.User, role domain.Role) domain.Actor {
	s.t.Helper()
	actor := domain.Actor{User: user.ID, Organization: in.Organization, Membership: domain.MembershipID(s.ids.New()), Role: role}
	s.must(s.tenant(in).Memberships().Add(s.t.Context(), domain.Membership{
		ID: actor.Membership, User: user.ID, Role: role, InvitedBy: in.User, CreatedAt: s.clock.Now(), UpdatedAt: s.clock.Now(),
	}))
	return actor
}

func (s *scene) tenant(actor domain.Actor) ports.Tenant { return s.store.Tenant(actor.Organization) }

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("unexpected error: %v", err)
	}
}

// everything is all that is stored, down to the last row.
func (s *scene) everything() string { return fmt.Sprintf("%+v", s.store) }

// wantUnchanged checks that a call fails with want, and changes nothing.
func (s *scene) wantUnchanged(call string, want error, fn func() error) {
	s.t.Helper()
	before := s.everything()
	if err := fn(); !errors.Is(err, want) {
		s.t.Errorf("%s = %v, want %v", call, err, want)
	}
	if after := s.everything(); after != before {
		s.t.Errorf("%s has changed %s", call, difference(before, after))
	}
}

// wantAllOrNothing lets the caller give up before each of the steps that a
// use case asks of the storage, and checks that nothing of it is left. At last
// nobody gives up, and it succeeds.
func (s *scene) wantAllOrNothing(call string, fn func(context.Context) error) {
	s.t.Helper()
	before := s.everything()
	for steps := int64(0); ; steps++ {
		ctx := &givingUp{Context: s.t.Context()}
		ctx.patience.Store(steps)
		err := fn(ctx)
		if err == nil {
			if steps == 0 {
				s.t.Errorf("%s asks nothing of the storage", call)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			s.t.Fatalf("%s after %d steps = %v, want %v", call, steps, err, context.Canceled)
		}
		if after := s.everything(); after != before {
			s.t.Fatalf("%s failed after %d steps and has changed %s", call, steps, difference(before, after))
		}
	}
}

// difference says where two texts begin to differ.
func difference(before, after string) string {
	i := 0
	for i < len(before) && i < len(after) && before[i] == after[i] {
		i++
	}
	around := func(s string) string { return s[max(i-100, 0):min(i+200, len(s))] }
	return fmt.Sprintf("…%s…\nto …%s…", around(before), around(after))
}

// givingUp is the context of a caller who gives up after being asked a number
// of times.
type givingUp struct {
	context.Context

	patience atomic.Int64
}

func (c *givingUp) Err() error {
	if c.patience.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// transliterator leaves everything as it is.
type transliterator struct{}

func (transliterator) ASCII(text string) string { return text }

// together runs n functions at once and returns what they return.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	done.Wait()
	return errs
}

func wantError(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", call, err, want)
	}
}

func owner(s *scene) domain.Actor  { return s.owner }
func admin(s *scene) domain.Actor  { return s.admin }
func member(s *scene) domain.Actor { return s.member }

// all asks for the first page, of the largest size.
var all = domain.PageRequest{Limit: domain.MaxPageLimit}
