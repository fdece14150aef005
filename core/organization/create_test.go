package organization_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/ports"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	now := s.Clock.Now()

	got, err := s.service.Create(t.Context(), s.Ada, organization.CreateInput{
		Name: "  Žofie's Rockets ", Slug: "rockets", Description: "We make\r\nrockets.",
	})
	s.Must(err)

	want := domain.MemberOrganization{
		OrganizationDetail: domain.OrganizationDetail{
			Organization: domain.Organization{
				ID: got.ID, Owner: s.Ada.ID, Name: "Žofie's Rockets", Slug: "rockets", Description: "We make\nrockets.",
				BillingEmail: "ada@example.com", CreatedAt: now, UpdatedAt: now, Version: 1,
				MemberLimit: 5, WorkspaceLimit: 3, Members: 1, Workspaces: 1,
			},
			OwnerName: "Ada", Plan: domain.TierFree,
		},
		Membership: got.Membership, Role: domain.RoleOwner,
	}
	if got != want {
		t.Errorf("Create = %+v\nwant %+v", got, want)
	}
	if !domain.IsUUID(string(got.ID)) || !domain.IsUUID(string(got.Membership)) {
		t.Errorf("ids %q and %q, want UUIDs", got.ID, got.Membership)
	}
	actor := domain.Actor{User: s.Ada.ID, Organization: got.ID, Membership: got.Membership, Role: domain.RoleOwner}
	wantProvisioned(s, actor, now)
	for _, ref := range []string{string(got.ID), "rockets"} {
		if found, err := s.service.Resolve(t.Context(), s.Ada.ID, ref); found != actor || err != nil {
			t.Errorf("Resolve(%q) = %+v, %v; want %+v", ref, found, err, actor)
		}
	}
}

// wantProvisioned checks what every organization starts with.
func wantProvisioned(s *scene, actor domain.Actor, now time.Time) {
	s.T.Helper()
	ctx, tenant := s.T.Context(), s.Tenant(actor)

	members, err := tenant.Memberships().List(ctx, ports.MemberFilter{}, all)
	s.Must(err)
	owner := domain.Membership{ID: actor.Membership, User: actor.User, Role: domain.RoleOwner, CreatedAt: now, UpdatedAt: now, Version: 1}
	if len(members.Items) != 1 || members.Items[0].Membership != owner {
		s.T.Errorf("members = %+v, want the owner alone: %+v", members.Items, owner)
	}

	workspaces, err := tenant.Workspaces().List(ctx, domain.WorkspaceViewer{SeesAll: true}, all)
	s.Must(err)
	if len(workspaces.Items) != 1 {
		s.T.Fatalf("workspaces = %+v, want one", workspaces.Items)
	}
	general := domain.WorkspaceDetail{
		Workspace: domain.Workspace{
			ID: workspaces.Items[0].ID, Name: "General", Slug: "general", Visibility: domain.VisibilityOpen, IsDefault: true,
			CreatedBy: actor.User, CreatedAt: now, UpdatedAt: now, Version: 1,
		},
		CreatedByName: "Ada", Members: 1,
	}
	if workspaces.Items[0] != general {
		s.T.Errorf("workspace = %+v\nwant %+v", workspaces.Items[0], general)
	}
	added, err := tenant.Workspaces().Members(ctx, general.ID, all)
	s.Must(err)
	if want := (domain.WorkspaceMember{Workspace: general.ID, Membership: actor.Membership, AddedBy: actor.User, CreatedAt: now}); len(added.Items) != 1 || added.Items[0].WorkspaceMember != want {
		s.T.Errorf("members of the workspace = %+v, want %+v", added.Items, want)
	}

	subscription, err := tenant.Subscription().Get(ctx)
	s.Must(err)
	if want := domain.NewFreeSubscription(subscription.ID, now); subscription != want || !domain.IsUUID(string(subscription.ID)) {
		s.T.Errorf("subscription = %+v\nwant %+v", subscription, want)
	}
	usage, err := tenant.Usage().At(ctx, now)
	s.Must(err)
	want := domain.NewUsagePeriod(domain.Plans[0].Limits, domain.Period{Start: now, End: subscription.CurrentPeriodEnd}, 0, now)
	if !reflect.DeepEqual(usage, want) {
		s.T.Errorf("usage = %+v\nwant %+v", usage, want)
	}
}

func TestCreateMakesAnAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, typed string
		want        domain.Slug
	}{
		{"from the name", "Analytical Engines", "analytical-engines"},
		{"from another script", "Юлия", "iuliia"},
		{"from accents", "Žofie Müller", "zofie-muller"},
		{"with a number where it is taken", "Acme", "acme-2"},
		{"with a number where it is reserved", "Admin", "admin-2"},
		{"out of nothing", "🚀", "organization-2"}, // "organization" itself is reserved
		{"that is long enough", "Q", "q-organization"},
		{"that is not too long", strings.Repeat("long ", 12), domain.Slug(strings.Repeat("long-", 9) + "lon")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			got, err := s.service.Create(t.Context(), s.Ada, organization.CreateInput{Name: tt.typed})
			if got.Slug != tt.want || err != nil {
				t.Errorf("Create(%q) = %q, %v; want %q", tt.typed, got.Slug, err, tt.want)
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	field := func(name, code string) error { return domain.Invalid(name, code, "") }
	tests := []struct {
		name string
		in   organization.CreateInput
		want error
	}{
		{"no name", organization.CreateInput{}, field("name", "required")},
		{"a name that is too long", organization.CreateInput{Name: strings.Repeat("a", 65)}, field("name", "too_long")},
		{"a hidden character in the name", organization.CreateInput{Name: "Ac\u200bme"}, field("name", "invalid_characters")},
		{"a description that is too long", organization.CreateInput{Name: "New", Description: strings.Repeat("a", 501)}, field("description", "too_long")},
		{"a chosen slug that is invalid", organization.CreateInput{Name: "New", Slug: "New!"}, field("slug", "invalid_slug")},
		{"a chosen slug that is reserved", organization.CreateInput{Name: "New", Slug: "admin"}, field("slug", "reserved")},
		{"a chosen slug that is taken", organization.CreateInput{Name: "New", Slug: "acme"}, domain.ErrSlugTaken},
		{"all that is wrong at once", organization.CreateInput{Slug: "-", Description: "\x00"}, domain.JoinInvalid(
			field("name", "required"), field("slug", "invalid_slug"), field("description", "invalid_characters"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.WantUnchanged("Create", tt.want, func() error {
				got, err := s.service.Create(t.Context(), s.Ada, tt.in)
				if got != (domain.MemberOrganization{}) {
					t.Errorf("Create = %+v beside the error, want nothing", got)
				}
				return err
			})
		})
	}
}

func TestCreateWithAnAddressThatWasGivenUp(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	_, err := s.service.Update(t.Context(), s.Owner, organization.UpdateInput{Slug: new("rockets")}, nil)
	s.Must(err)

	s.Clock.Advance(domain.SlugReservation - time.Microsecond)
	s.WantUnchanged("Create a moment before 90 days", domain.ErrSlugTaken, func() error {
		_, err := s.service.Create(t.Context(), s.Hedy, organization.CreateInput{Name: "New", Slug: "acme"})
		return err
	})
	s.Clock.Advance(time.Microsecond)
	if got, err := s.service.Create(t.Context(), s.Hedy, organization.CreateInput{Name: "New", Slug: "acme"}); got.Slug != "acme" || err != nil {
		t.Errorf("Create after 90 days = %q, %v; want acme", got.Slug, err)
	}
}

// creationSteps is what one update does to found an organization whose
// address is made from its name.
var creationSteps = []string{
	"Slugs.Taken", "Slugs.Claim", "Organization.Add", "Memberships.Add", "Workspaces.Add", "Workspaces.AddMember",
	"Subscription.Add", "Usage.Put", "Organization.Detail", "commit",
}

// createFailingAt founds an organization on a store that fails at one step,
// and returns what is left of it.
func createFailingAt(s *scene, guard func(ports.Store) ports.Store, step int) (store *faulty, left string, err error) {
	before := s.Everything()
	store = &faulty{Store: guard(s.Store), failAt: step}
	_, err = s.on(store).Create(s.T.Context(), s.Ada, organization.CreateInput{Name: "New"})
	if after := s.Everything(); after != before {
		left = after
	}
	return store, left, err
}

func TestCreateIsAllOrNothing(t *testing.T) {
	t.Parallel()
	asIs := func(store ports.Store) ports.Store { return store }

	t.Run("no step fails", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		store, left, err := createFailingAt(s, asIs, -1)
		if left == "" || err != nil {
			t.Errorf("Create = %v, and left nothing", err)
		}
		if !slices.Equal(store.steps, creationSteps) {
			t.Errorf("steps %q, want %q", store.steps, creationSteps)
		}
	})
	for i, step := range creationSteps {
		t.Run(step+" fails", func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			store, left, err := createFailingAt(s, asIs, i)
			coretest.WantError(t, "Create", err, errOutage)
			if store.steps[i] != step || len(store.steps) != i+1 {
				t.Errorf("steps %q, want %s to be the last", store.steps, step)
			}
			if left != "" {
				t.Errorf("what is left:\n%s", left)
			}
		})
	}
	t.Run("without transactions the same is noticed", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, left, err := createFailingAt(s, func(store ports.Store) ports.Store { return unguarded{store} }, 5)
		if left == "" || !errors.Is(err, errOutage) {
			t.Errorf("Create = %v, and nothing was found that is left", err)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.WantAllOrNothing("Create", func(ctx context.Context) error {
			_, err := s.service.Create(ctx, s.Ada, organization.CreateInput{Name: "New"})
			return err
		})
	})
}

// createAtOnce founds 50 organizations of one name at once and returns their
// addresses, sorted.
func createAtOnce(t *testing.T, s *scene, service *organization.Service) []domain.Slug {
	t.Helper()
	slugs := make([]domain.Slug, 50)
	for _, err := range coretest.Together(len(slugs), func(i int) error {
		created, err := service.Create(t.Context(), s.Ada, organization.CreateInput{Name: "Rockets"})
		slugs[i] = created.Slug
		return err
	}) {
		s.Must(err)
	}
	slices.Sort(slugs)
	return slugs
}

func TestCreateManyAtOnce(t *testing.T) {
	t.Parallel()
	want := []domain.Slug{"rockets"}
	for i := 2; i <= 50; i++ {
		want = append(want, domain.Slug(fmt.Sprintf("rockets-%d", i)))
	}
	slices.Sort(want)

	t.Run("50 of one name get 50 addresses", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		if got := createAtOnce(t, s, s.service); !slices.Equal(got, want) {
			t.Errorf("addresses %q, want %q", got, want)
		}
	})
	t.Run("a storage that looks first and claims later is noticed", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		store := &lookFirst{Store: s.Store}
		store.looked.Add(50)
		if got := createAtOnce(t, s, s.on(store)); slices.Equal(got, want) {
			t.Error("50 addresses, want the same for several")
		}
	})
	t.Run("of 50 that choose one address, one gets it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		var founded int
		for _, err := range coretest.Together(50, func(int) error {
			_, err := s.service.Create(t.Context(), s.Ada, organization.CreateInput{Name: "Rockets", Slug: "rockets"})
			return err
		}) {
			if err == nil {
				founded++
			} else {
				coretest.WantError(t, "Create", err, domain.ErrSlugTaken)
			}
		}
		if founded != 1 {
			t.Errorf("%d were founded, want 1", founded)
		}
	})
}

// lookFirst is a store in which everybody looks which addresses are taken
// before anybody claims one, and nobody's claim is checked again.
type lookFirst struct {
	ports.Store

	looked sync.WaitGroup
}

// Update lets everybody look before anybody's update begins.
func (l *lookFirst) Update(ctx context.Context, scope ports.Scope, fn func(ports.Repositories) error) error {
	l.looked.Done()
	l.looked.Wait()
	return l.Store.Update(ctx, scope, func(tx ports.Repositories) error { return fn(lookFirstRepositories{tx, l}) })
}

type lookFirstRepositories struct {
	ports.Repositories

	l *lookFirst
}

func (r lookFirstRepositories) Slugs() ports.Slugs {
	return lookFirstSlugs{r.Repositories.Slugs(), r.l}
}

type lookFirstSlugs struct {
	ports.Slugs

	l *lookFirst
}

// Taken says what everybody saw before the first one claimed.
func (lookFirstSlugs) Taken(context.Context, []domain.Slug, time.Time) ([]domain.Slug, error) {
	return nil, nil
}

func (lookFirstSlugs) Claim(context.Context, domain.OrganizationID, domain.Slug, time.Time) error {
	return nil
}
