package organization_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/ports"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		actor func(*scene) domain.Actor
		in    organization.UpdateInput
		want  func(*domain.Organization)
	}{
		{"the name", admin, organization.UpdateInput{Name: new(" Rocke\u0301ts ")}, func(o *domain.Organization) { o.Name = "Rockéts" }},
		{"the slug", admin, organization.UpdateInput{Slug: new("rockets")}, func(o *domain.Organization) { o.Slug = "rockets" }},
		{"the description", admin, organization.UpdateInput{Description: new("one\r\ntwo")}, func(o *domain.Organization) { o.Description = "one\ntwo" }},
		{"the billing e-mail", owner, organization.UpdateInput{BillingEmail: new("Billing@Example.com")}, func(o *domain.Organization) { o.BillingEmail = "billing@example.com" }},
		{"everything", owner, organization.UpdateInput{
			Name: new("Rockets"), Slug: new("rockets"), Description: new("Whoosh"), BillingEmail: new("b@example.com"),
		}, func(o *domain.Organization) {
			o.Name, o.Slug, o.Description, o.BillingEmail = "Rockets", "rockets", "Whoosh", "b@example.com"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor, want, globex := tt.actor(s), s.stored(s.Owner), s.stored(s.Globex)
			want.UpdatedAt, want.Version = s.Clock.Now(), want.Version+1
			tt.want(&want)

			got, err := s.service.Update(t.Context(), actor, tt.in, nil)
			s.Must(err)

			if got.Organization != want || s.stored(s.Owner) != want {
				t.Errorf("Update = %+v\nwant %+v", got.Organization, want)
			}
			if got.Role != actor.Role || got.Membership != actor.Membership || got.OwnerName != "Ada" || got.Plan != domain.TierFree {
				t.Errorf("Update = %+v, want it as %s sees it", got, actor.Role)
			}
			if s.stored(s.Globex) != globex {
				t.Error("another organization has changed")
			}
		})
	}
	t.Run("what is so already stays as it is, its version included", func(t *testing.T) {
		t.Parallel()
		for _, in := range []organization.UpdateInput{{}, {Slug: new("acme")}, {Name: new(" Acme ")}} {
			s := newScene(t)
			want := s.stored(s.Owner)
			s.Clock.Advance(1000)
			got, err := s.service.Update(t.Context(), s.Admin, in, domain.Precondition{want.Version})
			s.Must(err)
			if got.Organization != want || s.stored(s.Owner) != want {
				t.Errorf("Update = %+v\nwant %+v", got.Organization, want)
			}
		}
	})
	t.Run("a description can be emptied", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for _, description := range []string{"Whoosh", ""} {
			got, err := s.service.Update(t.Context(), s.Admin, organization.UpdateInput{Description: &description}, nil)
			if got.Description != description || err != nil {
				t.Errorf("Update = %q, %v; want %q", got.Description, err, description)
			}
		}
	})
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.WantAllOrNothing("Update", func(ctx context.Context) error {
			_, err := s.service.Update(ctx, s.Owner, organization.UpdateInput{Slug: new("rockets"), Name: new("Rockets")}, nil)
			return err
		})
	})
}

func owner(s *scene) domain.Actor  { return s.Owner }
func admin(s *scene) domain.Actor  { return s.Admin }
func member(s *scene) domain.Actor { return s.Member }

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	field := func(name, code string) error { return domain.Invalid(name, code, "") }
	tests := []struct {
		name  string
		actor func(*scene) domain.Actor
		in    organization.UpdateInput
		match domain.Precondition
		want  error
	}{
		{"a member", member, organization.UpdateInput{Name: new("Rockets")}, nil, domain.ErrForbidden},
		{"a member, before anything is looked at", member, organization.UpdateInput{Name: new("")}, domain.Precondition{99}, domain.ErrForbidden},
		{"the billing e-mail by an admin", admin, organization.UpdateInput{BillingEmail: new("b@example.com")}, nil, domain.ErrForbidden},
		{"the billing e-mail by an admin, with all else", admin, organization.UpdateInput{Name: new("Rockets"), BillingEmail: new("")}, nil, domain.ErrForbidden},
		{"an empty name", admin, organization.UpdateInput{Name: new(" ")}, nil, field("name", "required")},
		{"a hidden character in the name", admin, organization.UpdateInput{Name: new("A\u202eB")}, nil, field("name", "invalid_characters")},
		{"an empty slug", admin, organization.UpdateInput{Slug: new("")}, nil, field("slug", "invalid_slug")},
		{"a slug in capitals", admin, organization.UpdateInput{Slug: new("ACME")}, nil, field("slug", "invalid_slug")},
		{"a reserved slug", admin, organization.UpdateInput{Slug: new("api")}, nil, field("slug", "reserved")},
		{"a slug that is taken", admin, organization.UpdateInput{Slug: new("globex"), Name: new("Rockets")}, nil, domain.ErrSlugTaken},
		{"a description that is too long", admin, organization.UpdateInput{Description: new(strings.Repeat("a", 501))}, nil, field("description", "too_long")},
		{"a bad billing e-mail", owner, organization.UpdateInput{BillingEmail: new("nonsense")}, nil, field("billing_email", "invalid_email")},
		{"an empty billing e-mail", owner, organization.UpdateInput{BillingEmail: new("")}, nil, field("billing_email", "invalid_email")},
		{"all that is wrong at once", owner, organization.UpdateInput{
			Name: new(""), Slug: new("-"), Description: new("\x00"), BillingEmail: new("@"),
		}, nil, domain.JoinInvalid(
			field("name", "required"), field("slug", "invalid_slug"), field("description", "invalid_characters"), field("billing_email", "invalid_email"))},
		{"another version", admin, organization.UpdateInput{Name: new("Rockets")}, domain.Precondition{2}, domain.ErrPreconditionFailed},
		{"bad input before another version", admin, organization.UpdateInput{Name: new("")}, domain.Precondition{2}, field("name", "required")},
		{"another version before a slug that is taken", admin, organization.UpdateInput{Slug: new("globex")}, domain.Precondition{2}, domain.ErrPreconditionFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor := tt.actor(s)
			s.WantUnchanged("Update", tt.want, func() error {
				_, err := s.service.Update(t.Context(), actor, tt.in, tt.match)
				return err
			})
		})
	}
}

func TestUpdateOfTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	read := domain.Precondition{s.stored(s.Owner).Version}
	var succeeded int
	for _, err := range coretest.Together(10, func(int) error {
		_, err := s.service.Update(t.Context(), s.Admin, organization.UpdateInput{Description: new("mine")}, read)
		return err
	}) {
		if err == nil {
			succeeded++
		} else {
			coretest.WantError(t, "Update", err, domain.ErrPreconditionFailed)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d of 10 at once succeeded, want 1", succeeded)
	}
}

func TestUpdateOfTheSlug(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	move := func(actor domain.Actor, slug string) error {
		_, err := s.service.Update(t.Context(), actor, organization.UpdateInput{Slug: &slug}, nil)
		return err
	}
	resolves := func(refs ...string) {
		t.Helper()
		for _, ref := range refs {
			if got, err := s.service.Resolve(t.Context(), s.Linus.ID, ref); got != s.Member || err != nil {
				t.Errorf("Resolve(%q) = %+v, %v; want %+v", ref, got, err, s.Member)
			}
		}
	}
	s.Must(move(s.Admin, "rockets"))
	resolves("rockets", "acme", string(s.Owner.Organization))
	s.Must(move(s.Admin, "rockets-2"))
	resolves("rockets-2", "rockets", "acme")
	coretest.WantError(t, "a stranger's Update to the old slug", move(s.Globex, "acme"), domain.ErrSlugTaken)
	s.Must(move(s.Admin, "acme"))
	resolves("acme", "rockets", "rockets-2")

	s.Clock.Advance(domain.SlugReservation)
	resolves("acme", "rockets")
	s.Must(move(s.Globex, "rockets"))
	if got, err := s.service.Resolve(t.Context(), s.Hedy.ID, "rockets"); got != s.Globex || err != nil {
		t.Errorf("Resolve = %+v, %v; want the new organization of this slug", got, err)
	}
	if _, err := s.service.Resolve(t.Context(), s.Linus.ID, "rockets"); err == nil {
		t.Error("the slug still leads to who gave it up")
	}
	coretest.WantError(t, "an Update to a slug in use", move(s.Globex, "acme"), domain.ErrSlugTaken)
	s.Clock.Advance(2 * domain.SlugReservation)
	coretest.WantError(t, "an Update to a slug in use for long", move(s.Globex, "acme"), domain.ErrSlugTaken)
}

// In a suspended organization nothing changes, whoever asks; it can be read.
func TestSuspended(t *testing.T) {
	t.Parallel()
	writes := map[string]func(s *scene, actor domain.Actor) error{
		"Update": func(s *scene, actor domain.Actor) error {
			_, err := s.service.Update(s.T.Context(), actor, organization.UpdateInput{Name: new("Rockets")}, nil)
			return err
		},
		"Delete": func(s *scene, actor domain.Actor) error { return s.service.Delete(s.T.Context(), actor, "acme", nil) },
		"TransferOwnership": func(s *scene, actor domain.Actor) error {
			_, err := s.service.TransferOwnership(s.T.Context(), actor, s.Member.Membership)
			return err
		},
		"SetLogo": func(s *scene, actor domain.Actor) error {
			_, err := s.service.SetLogo(s.T.Context(), actor, []byte("picture"))
			return err
		},
		"RemoveLogo": func(s *scene, actor domain.Actor) error {
			_, err := s.service.RemoveLogo(s.T.Context(), actor)
			return err
		},
	}
	for call, write := range writes {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			_, err := s.service.SetLogo(t.Context(), s.Owner, []byte("logo"))
			s.Must(err)
			org := s.stored(s.Owner)
			org.SuspendedAt = s.Clock.Now()
			_, err = s.Tenant(s.Owner).Organization().Save(t.Context(), org)
			s.Must(err)
			actor, err := s.service.Resolve(t.Context(), s.Ada.ID, "acme")
			s.Must(err)
			if !actor.Suspended {
				t.Fatal("the owner is not told that the organization is suspended")
			}
			s.WantUnchanged(call, domain.ErrOrganizationSuspended, func() error { return write(s, actor) })
			s.WantUnchanged(call+" by a member", domain.ErrOrganizationSuspended, func() error {
				member := s.Member
				member.Suspended, member.Role = true, actor.Role
				return write(s, member)
			})
			if got, err := s.service.Get(t.Context(), actor); !got.Suspended() || err != nil {
				t.Errorf("Get = %+v, %v; want it to be read", got, err)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for name, tt := range map[string]struct {
		user domain.UserID
		ref  string
		want domain.Actor
	}{
		"the owner by id":             {s.Ada.ID, string(s.Owner.Organization), s.Owner},
		"the owner by slug":           {s.Ada.ID, "acme", s.Owner},
		"an admin":                    {s.Grace.ID, "acme", s.Admin},
		"a member by id in capitals":  {s.Linus.ID, strings.ToUpper(string(s.Owner.Organization)), s.Member},
		"the owner of another":        {s.Hedy.ID, "globex", s.Globex},
		"a stranger by slug":          {s.Hedy.ID, "acme", domain.Actor{}},
		"a stranger by id":            {s.Hedy.ID, string(s.Owner.Organization), domain.Actor{}},
		"nobody":                      {"", "acme", domain.Actor{}},
		"an unknown slug":             {s.Ada.ID, "acme-2", domain.Actor{}},
		"an unknown id":               {s.Ada.ID, "0190163d-8694-739b-aea5-966c26f8ad91", domain.Actor{}},
		"a slug in capitals":          {s.Ada.ID, "ACME", domain.Actor{}},
		"nothing":                     {s.Ada.ID, "", domain.Actor{}},
		"a zero byte":                 {s.Ada.ID, "acme\x00", domain.Actor{}},
		"invalid UTF-8":               {s.Ada.ID, "acme\xff", domain.Actor{}},
		"the id of a membership":      {s.Ada.ID, string(s.Owner.Membership), domain.Actor{}},
		"a slug that was never valid": {s.Ada.ID, "../acme", domain.Actor{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := s.service.Resolve(t.Context(), tt.user, tt.ref)
			if tt.want == (domain.Actor{}) {
				coretest.WantError(t, "Resolve", err, domain.ErrNotFound)
			} else if err != nil {
				t.Errorf("Resolve = %v, want nil", err)
			}
			if got != tt.want {
				t.Errorf("Resolve = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// unasked is a store whose directory must not be asked.
type unasked struct{ ports.Store }

func (u unasked) Directory() ports.Directory { return nil }

// A storage may choke on such texts: PostgreSQL takes no zero byte.
func TestResolveAsksForWhatCanBe(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, ref := range []string{"", "acme\x00", "acme\xff", "../acme", "ACME", strings.Repeat("a", 1000)} {
		_, err := s.on(unasked{s.Store}).Resolve(t.Context(), s.Ada.ID, ref)
		coretest.WantError(t, "Resolve", err, domain.ErrNotFound)
	}
}

func TestGetAndList(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	atGlobex := s.Join(s.Globex, s.Linus, domain.RoleAdmin)

	got, err := s.service.Get(t.Context(), s.Member)
	s.Must(err)
	want := domain.MemberOrganization{
		OrganizationDetail: domain.OrganizationDetail{Organization: s.stored(s.Owner), OwnerName: "Ada", Plan: domain.TierFree},
		Membership:         s.Member.Membership, Role: domain.RoleMember,
	}
	if got != want {
		t.Errorf("Get = %+v\nwant %+v", got, want)
	}

	list, err := s.service.List(t.Context(), s.Linus.ID, all)
	s.Must(err)
	if len(list.Items) != 2 || list.More || list.Items[0] != want || list.Items[1].Membership != atGlobex.Membership {
		t.Errorf("List = %+v, want Acme, then Globex", list)
	}
	list, err = s.service.List(t.Context(), s.Linus.ID, domain.PageRequest{Limit: 1})
	s.Must(err)
	if len(list.Items) != 1 || !list.More {
		t.Errorf("List of one = %+v, want Acme, and more", list)
	}
	list, err = s.service.List(t.Context(), s.Linus.ID, domain.PageRequest{Limit: 1, After: string(list.Items[0].ID)})
	s.Must(err)
	if len(list.Items) != 1 || list.More || list.Items[0].ID != s.Globex.Organization {
		t.Errorf("List after Acme = %+v, want Globex, and no more", list)
	}

	gone := s.Member
	gone.Organization = domain.OrganizationID(s.IDs.New())
	_, err = s.service.Get(t.Context(), gone)
	coretest.WantError(t, "Get of what is gone", err, domain.ErrNotFound)
}

func TestCheckSlug(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, reason, suggestion string }{
		{"a free one", "rockets", "", "rockets"},
		{"one that is taken", "acme", "taken", "acme-2"},
		{"one that was given up", "initech", "taken", "initech-2"},
		{"a reserved one", "admin", "reserved", "admin-2"},
		{"one that looks like an id", "0190163d-8694-739b-aea5-966c26f8ad91", "reserved", "0190163d-8694-739b-aea5-966c26f8ad91-2"},
		{"a name", "Rockets Inc.", "invalid", "rockets-inc"},
		{"a name that is taken as a slug", "Acme", "invalid", "acme-2"},
		{"a short one", "qa", "invalid", "qa-organization"},
		{"nothing", "", "invalid", "organization-2"},
		{"one that is too long", strings.Repeat("a", 60), "invalid", strings.Repeat("a", 48)},
		{"another script", "Юлия", "invalid", "iuliia"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			for _, slug := range []string{"initech", "hooli"} {
				_, err := s.service.Update(t.Context(), s.Globex, organization.UpdateInput{Slug: &slug}, nil)
				s.Must(err)
			}
			s.Clock.Advance(time.Hour)
			s.WantUnchanged("CheckSlug", nil, func() error {
				got, err := s.service.CheckSlug(t.Context(), tt.text)
				want := organization.SlugCheck{Slug: tt.text, Reason: tt.reason, Suggestion: domain.Slug(tt.suggestion)}
				if got != want {
					t.Errorf("CheckSlug = %+v, want %+v", got, want)
				}
				return err
			})
		})
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.service.CheckSlug(ctx, "rockets")
		coretest.WantError(t, "CheckSlug", err, context.Canceled)
	})
}
