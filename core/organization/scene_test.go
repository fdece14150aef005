package organization_test

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
	"rowhouse/core/image"
	"rowhouse/core/organization"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// scene is Ada's organization Acme with Grace, an admin, and Linus, a member,
// and Hedy's organization Globex, in which nothing must ever change.
type scene struct {
	t       *testing.T
	clock   *memory.Clock
	ids     *memory.IDs
	store   *memory.Store
	blobs   *blobs
	service *organization.Service

	ada, grace, linus, hedy      domain.User
	owner, admin, member, globex domain.Actor
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, clock: memory.NewClock(), ids: memory.NewIDs(), store: memory.NewStore(), blobs: &blobs{kept: map[domain.BlobKey]string{}}}
	s.service = s.on(s.store)
	s.ada, s.grace, s.linus, s.hedy = s.user("Ada"), s.user("Grace"), s.user("Linus"), s.user("Hedy")
	s.globex = s.found(s.hedy, "Globex")
	s.owner = s.found(s.ada, "Acme")
	s.admin = s.join(s.owner, s.grace, domain.RoleAdmin)
	s.member = s.join(s.owner, s.linus, domain.RoleMember)
	s.clock.Advance(time.Hour)
	return s
}

// on returns the use cases on another store, with everything else as it is.
func (s *scene) on(store ports.Store) *organization.Service {
	return organization.NewService(store, s.clock, s.ids, slug.NewMaker(transliterator{}), image.NewStore(images{}, s.blobs))
}

func (s *scene) user(name string) domain.User {
	s.t.Helper()
	user := domain.User{
		ID: domain.UserID(s.ids.New()), Name: name, Email: domain.Email(strings.ToLower(name) + "@example.com"),
		PasswordHash: "hash", CreatedAt: s.clock.Now(), UpdatedAt: s.clock.Now(),
	}
	s.must(s.store.Users().Add(s.t.Context(), user))
	return user
}

func (s *scene) found(user domain.User, name string) domain.Actor {
	s.t.Helper()
	created, err := s.service.Create(s.t.Context(), user, organization.CreateInput{Name: name})
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

// stored returns the organization as it is now.
func (s *scene) stored(actor domain.Actor) domain.Organization {
	s.t.Helper()
	org, err := s.tenant(actor).Organization().Get(s.t.Context())
	s.must(err)
	return org
}

func (s *scene) role(actor domain.Actor) domain.Role {
	s.t.Helper()
	member, err := s.tenant(actor).Memberships().Get(s.t.Context(), actor.Membership)
	s.must(err)
	return member.Role
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("unexpected error: %v", err)
	}
}

// everything is all that is kept, down to the last row and file.
func (s *scene) everything() string { return fmt.Sprintf("%+v %v", s.store, s.blobs.kept) }

// difference says where two texts begin to differ.
func difference(before, after string) string {
	i := 0
	for i < len(before) && i < len(after) && before[i] == after[i] {
		i++
	}
	around := func(s string) string { return s[max(i-100, 0):min(i+200, len(s))] }
	return fmt.Sprintf("…%s…\nto …%s…", around(before), around(after))
}

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

// transliterator knows a few letters.
type transliterator struct{}

func (transliterator) ASCII(text string) string {
	return strings.NewReplacer("Ž", "Z", "ü", "u", "Юлия", "Iuliia").Replace(text)
}

// images takes all but texts for pictures.
type images struct{}

func (images) Normalize(_ context.Context, upload []byte) (domain.Blob, error) {
	if strings.HasPrefix(string(upload), "text") {
		return domain.Blob{}, domain.ErrImageUnsupported
	}
	return domain.Blob{ContentType: "image/png", Content: append([]byte("png:"), upload...)}, nil
}

// blobs keeps files in a map.
type blobs struct {
	mu              sync.Mutex
	kept            map[domain.BlobKey]string
	noPut, noRemove error
}

func (b *blobs) Put(_ context.Context, key domain.BlobKey, blob domain.Blob) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noPut != nil {
		return b.noPut
	}
	b.kept[key] = string(blob.Content)
	return nil
}

func (b *blobs) Get(_ context.Context, key domain.BlobKey) (domain.Blob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.kept[key]
	if !ok {
		return domain.Blob{}, domain.ErrNotFound
	}
	return domain.Blob{ContentType: "image/png", Content: []byte(content)}, nil
}

func (b *blobs) Remove(_ context.Context, key domain.BlobKey) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noRemove != nil {
		return b.noRemove
	}
	delete(b.kept, key)
	return nil
}

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

// all asks for the first page, of the largest size.
var all = domain.PageRequest{Limit: domain.MaxPageLimit}
