package workspace_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/workspace"
)

// create makes a workspace as the admin.
func (s *scene) create(name string, visibility domain.Visibility) domain.WorkspaceDetail {
	s.T.Helper()
	created, err := s.service.Create(s.T.Context(), s.Admin, workspace.CreateInput{Name: name, Visibility: string(visibility)})
	s.Must(err)
	return created
}

// general returns the default workspace.
func (s *scene) general(actor domain.Actor) domain.WorkspaceDetail {
	s.T.Helper()
	list, err := s.Tenant(actor).Workspaces().List(s.T.Context(), domain.WorkspaceViewer{SeesAll: true}, all)
	s.Must(err)
	for _, w := range list.Items {
		if w.IsDefault {
			return w
		}
	}
	s.T.Fatal("there is no default workspace")
	return domain.WorkspaceDetail{}
}

func (s *scene) counted() int64 {
	s.T.Helper()
	org, err := s.Tenant(s.Owner).Organization().Get(s.T.Context())
	s.Must(err)
	return org.Workspaces
}

func TestCreate(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]func(*scene) domain.Actor{"Ada": owner, "Grace": admin} {
		t.Run("by "+name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor := by(s)
			got, err := s.service.Create(t.Context(), actor, workspace.CreateInput{
				Name: " Rocket  Engines ", Description: "Hot.\r\nLoud.", Visibility: "restricted",
			})
			s.Must(err)
			want := domain.WorkspaceDetail{
				Workspace: domain.Workspace{
					ID: got.ID, Name: "Rocket  Engines", Slug: "rocket-engines", Description: "Hot.\nLoud.", Visibility: domain.VisibilityRestricted,
					CreatedBy: actor.User, CreatedAt: s.Clock.Now(), UpdatedAt: s.Clock.Now(), Version: 1,
				},
				CreatedByName: name,
				Members:       1,
			}
			if got != want || !domain.IsUUID(string(got.ID)) {
				t.Errorf("Create = %+v\nwant %+v", got, want)
			}
			members, err := s.service.Members(t.Context(), actor, got.ID, all)
			s.Must(err)
			if added := (domain.WorkspaceMember{Workspace: got.ID, Membership: actor.Membership, AddedBy: actor.User, CreatedAt: s.Clock.Now()}); len(members.Items) != 1 || members.Items[0].WorkspaceMember != added {
				t.Errorf("members = %+v, want %+v", members.Items, added)
			}
			if n := s.counted(); n != 2 {
				t.Errorf("%d workspaces are counted, want 2", n)
			}
		})
	}
	t.Run("is open where nothing is said", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		if got := s.create("Engines", ""); got.Visibility != domain.VisibilityOpen {
			t.Errorf("visibility = %q, want open", got.Visibility)
		}
	})
	t.Run("gives each its address", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		var slugs []domain.Slug
		for _, name := range []string{"General", "General"} {
			slugs = append(slugs, s.create(name, "").Slug)
		}
		if want := []domain.Slug{"general-2", "general-3"}; !slices.Equal(slugs, want) {
			t.Errorf("slugs %q, want %q", slugs, want)
		}
	})
	t.Run("knows no address of other organizations", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.create("Engines", "")
		got, err := s.service.Create(t.Context(), s.Globex, workspace.CreateInput{Name: "Engines"})
		if got.Slug != "engines" || err != nil {
			t.Errorf("Create = %q, %v; want engines", got.Slug, err)
		}
	})
	t.Run("makes an address out of nothing", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		if got := s.create("🚀", ""); got.Slug != "workspace-2" { // "workspace" itself is reserved
			t.Errorf("slug = %q, want workspace-2", got.Slug)
		}
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.WantAllOrNothing("Create", func(ctx context.Context) error {
			_, err := s.service.Create(ctx, s.Admin, workspace.CreateInput{Name: "Engines"})
			return err
		})
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	field := func(name, code string) error { return domain.Invalid(name, code, "") }
	tests := []struct {
		name  string
		actor func(*scene) domain.Actor
		in    workspace.CreateInput
		want  error
	}{
		{"a member", member, workspace.CreateInput{Name: "Engines"}, domain.ErrForbidden},
		{"a member, before the input is looked at", member, workspace.CreateInput{}, domain.ErrForbidden},
		{"a suspended organization", suspended(admin), workspace.CreateInput{Name: "Engines"}, domain.ErrOrganizationSuspended},
		{"no name", admin, workspace.CreateInput{}, field("name", "required")},
		{"a name that is too long", admin, workspace.CreateInput{Name: strings.Repeat("a", 65)}, field("name", "too_long")},
		{"a description that is too long", admin, workspace.CreateInput{Name: "E", Description: strings.Repeat("a", 501)}, field("description", "too_long")},
		{"an unknown visibility", admin, workspace.CreateInput{Name: "E", Visibility: "secret"}, field("visibility", "unknown_visibility")},
		{"all that is wrong at once", admin, workspace.CreateInput{Description: "\x00", Visibility: "secret"}, domain.JoinInvalid(
			field("name", "required"), field("description", "invalid_characters"), field("visibility", "unknown_visibility"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor := tt.actor(s)
			s.WantUnchanged("Create", tt.want, func() error {
				_, err := s.service.Create(t.Context(), actor, tt.in)
				return err
			})
		})
	}
}

func suspended(actor func(*scene) domain.Actor) func(*scene) domain.Actor {
	return func(s *scene) domain.Actor {
		a := actor(s)
		a.Suspended = true
		return a
	}
}

func TestCreateUpToTheLimit(t *testing.T) {
	t.Parallel()
	wantLimit := func(t *testing.T, err error) {
		t.Helper()
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Code != "workspace_limit_reached" || e.Limit == nil || *e.Limit != 3 || e.Used == nil || *e.Used != 3 {
			t.Errorf("Create = %+v, want workspace_limit_reached with 3 of 3", err)
		}
	}
	t.Run("one after the other", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.create("One", "")
		two := s.create("Two", "")
		s.WantUnchanged("Create", domain.ErrWorkspaceLimitReached, func() error {
			_, err := s.service.Create(t.Context(), s.Owner, workspace.CreateInput{Name: "Three"})
			wantLimit(t, err)
			return err
		})
		s.Must(s.service.Delete(t.Context(), s.Admin, two.ID, nil))
		s.create("Three", "")
	})
	t.Run("50 at once", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		var created int
		for _, err := range coretest.Together(50, func(i int) error {
			_, err := s.service.Create(t.Context(), s.Admin, workspace.CreateInput{Name: fmt.Sprintf("Room %d", i)})
			return err
		}) {
			if err == nil {
				created++
			} else {
				wantLimit(t, err)
			}
		}
		if created != 2 || s.counted() != 3 {
			t.Errorf("%d were created and %d are counted, want 2 and 3", created, s.counted())
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   workspace.UpdateInput
		want func(*domain.Workspace)
	}{
		{"the name, and the slug stays", workspace.UpdateInput{Name: new(" Motors ")}, func(w *domain.Workspace) { w.Name = "Motors" }},
		{"the description", workspace.UpdateInput{Description: new("a\r\nb")}, func(w *domain.Workspace) { w.Description = "a\nb" }},
		{"the visibility", workspace.UpdateInput{Visibility: new("restricted")}, func(w *domain.Workspace) { w.Visibility = "restricted" }},
		{"everything", workspace.UpdateInput{Name: new("M"), Description: new("d"), Visibility: new("restricted")}, func(w *domain.Workspace) {
			w.Name, w.Description, w.Visibility = "M", "d", "restricted"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			want := s.create("Engines", "")
			s.Clock.Advance(1000)
			want.UpdatedAt, want.Version = s.Clock.Now(), 2
			tt.want(&want.Workspace)
			got, err := s.service.Update(t.Context(), s.Owner, want.ID, tt.in, domain.Precondition{1})
			s.Must(err)
			stored, err := s.service.Get(t.Context(), s.Owner, want.ID)
			s.Must(err)
			if got != want || stored != want {
				t.Errorf("Update = %+v\nstored %+v\n  want %+v", got, stored, want)
			}
		})
	}
	t.Run("what is so already stays as it is, its version included", func(t *testing.T) {
		t.Parallel()
		for _, in := range []workspace.UpdateInput{{}, {Name: new(" Engines ")}, {Visibility: new("open")}} {
			s := newScene(t)
			want := s.create("Engines", "")
			s.Clock.Advance(1000)
			got, err := s.service.Update(t.Context(), s.Owner, want.ID, in, domain.Precondition{1})
			s.Must(err)
			stored, err := s.service.Get(t.Context(), s.Owner, want.ID)
			s.Must(err)
			if got != want || stored != want {
				t.Errorf("Update = %+v\nstored %+v\n  want %+v", got, stored, want)
			}
		}
	})
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		id := s.create("Engines", "").ID
		s.WantAllOrNothing("Update", func(ctx context.Context) error {
			_, err := s.service.Update(ctx, s.Admin, id, workspace.UpdateInput{Name: new("Motors")}, nil)
			return err
		})
	})
	t.Run("the default workspace", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		id := s.general(s.Owner).ID
		got, err := s.service.Update(t.Context(), s.Admin, id, workspace.UpdateInput{Name: new("Lobby"), Visibility: new("open")}, nil)
		if got.Name != "Lobby" || !got.IsDefault || err != nil {
			t.Errorf("Update = %+v, %v; want the default workspace, renamed", got, err)
		}
	})
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	field := func(name, code string) error { return domain.Invalid(name, code, "") }
	engines := func(s *scene) domain.WorkspaceID { return s.create("Engines", "").ID }
	tests := []struct {
		name  string
		actor func(*scene) domain.Actor
		id    func(*scene) domain.WorkspaceID
		in    workspace.UpdateInput
		match domain.Precondition
		want  error
	}{
		{"a member", member, engines, workspace.UpdateInput{Name: new("M")}, nil, domain.ErrForbidden},
		{"a suspended organization", suspended(owner), engines, workspace.UpdateInput{Name: new("M")}, nil, domain.ErrOrganizationSuspended},
		{"an unknown workspace", admin, func(s *scene) domain.WorkspaceID { return domain.WorkspaceID(s.IDs.New()) }, workspace.UpdateInput{}, nil, domain.ErrNotFound},
		{"another organization's workspace", admin, func(s *scene) domain.WorkspaceID { return s.general(s.Globex).ID }, workspace.UpdateInput{Name: new("M")}, nil, domain.ErrNotFound},
		{"an empty name", admin, engines, workspace.UpdateInput{Name: new("")}, nil, field("name", "required")},
		{"an empty visibility", admin, engines, workspace.UpdateInput{Visibility: new("")}, nil, field("visibility", "unknown_visibility")},
		{"a description that is too long", admin, engines, workspace.UpdateInput{Description: new(strings.Repeat("a", 501))}, nil, field("description", "too_long")},
		{"all that is wrong at once", admin, engines, workspace.UpdateInput{Name: new(""), Visibility: new("x")}, nil, domain.JoinInvalid(
			field("name", "required"), field("visibility", "unknown_visibility"))},
		{"another version", admin, engines, workspace.UpdateInput{Name: new("M")}, domain.Precondition{2}, domain.ErrPreconditionFailed},
		{"bad input before another version", admin, engines, workspace.UpdateInput{Name: new("")}, domain.Precondition{2}, field("name", "required")},
		{"the default workspace made restricted", owner, func(s *scene) domain.WorkspaceID { return s.general(s.Owner).ID }, workspace.UpdateInput{Visibility: new("restricted")}, nil, domain.ErrDefaultStaysOpen},
		{"another version before the default workspace", owner, func(s *scene) domain.WorkspaceID { return s.general(s.Owner).ID }, workspace.UpdateInput{Visibility: new("restricted")}, domain.Precondition{9}, domain.ErrPreconditionFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor, id := tt.actor(s), tt.id(s)
			s.WantUnchanged("Update", tt.want, func() error {
				_, err := s.service.Update(t.Context(), actor, id, tt.in, tt.match)
				return err
			})
		})
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	t.Run("takes the workspace and its members away", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		kept, gone := s.create("Kept", ""), s.create("Gone", "")
		s.Must(s.service.Delete(t.Context(), s.Owner, gone.ID, domain.Precondition{1}))
		_, err := s.service.Get(t.Context(), s.Owner, gone.ID)
		coretest.WantError(t, "Get", err, domain.ErrNotFound)
		_, err = s.service.Members(t.Context(), s.Owner, gone.ID, all)
		coretest.WantError(t, "Members", err, domain.ErrNotFound)
		if _, err := s.service.Get(t.Context(), s.Owner, kept.ID); err != nil || s.counted() != 2 {
			t.Errorf("Get of the other = %v, and %d are counted; want 2", err, s.counted())
		}
		coretest.WantError(t, "Delete again", s.service.Delete(t.Context(), s.Owner, gone.ID, nil), domain.ErrNotFound)
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		id := s.create("Gone", "").ID
		s.WantAllOrNothing("Delete", func(ctx context.Context) error { return s.service.Delete(ctx, s.Admin, id, nil) })
	})
	refused := []struct {
		name  string
		actor func(*scene) domain.Actor
		id    func(*scene) domain.WorkspaceID
		match domain.Precondition
		want  error
	}{
		{"a member", member, func(s *scene) domain.WorkspaceID { return s.create("E", "").ID }, nil, domain.ErrForbidden},
		{"a suspended organization", suspended(admin), func(s *scene) domain.WorkspaceID { return s.create("E", "").ID }, nil, domain.ErrOrganizationSuspended},
		{"the default workspace", owner, func(s *scene) domain.WorkspaceID { return s.general(s.Owner).ID }, nil, domain.ErrDefaultWorkspace},
		{"another version", owner, func(s *scene) domain.WorkspaceID { return s.create("E", "").ID }, domain.Precondition{2}, domain.ErrPreconditionFailed},
		{"another version of the default workspace", owner, func(s *scene) domain.WorkspaceID { return s.general(s.Owner).ID }, domain.Precondition{2}, domain.ErrPreconditionFailed},
		{"another organization's workspace", owner, func(s *scene) domain.WorkspaceID { return s.general(s.Globex).ID }, nil, domain.ErrNotFound},
	}
	for _, tt := range refused {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor, id := tt.actor(s), tt.id(s)
			s.WantUnchanged("Delete", tt.want, func() error { return s.service.Delete(t.Context(), actor, id, tt.match) })
		})
	}
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	open, restricted := s.create("Open", domain.VisibilityOpen), s.create("Closed", domain.VisibilityRestricted)
	_, err := s.service.AddMember(t.Context(), s.Admin, restricted.ID, s.Member.Membership)
	s.Must(err)
	general := s.general(s.Owner)
	tests := []struct {
		name  string
		actor domain.Actor
		want  []domain.WorkspaceID // by name
	}{
		{"the owner sees all", s.Owner, []domain.WorkspaceID{restricted.ID, general.ID, open.ID}},
		{"an admin sees all", s.Admin, []domain.WorkspaceID{restricted.ID, general.ID, open.ID}},
		{"a member sees those that are open and those they are in", s.Member, []domain.WorkspaceID{restricted.ID, general.ID, open.ID}},
		{"another member sees those that are open", s.other, []domain.WorkspaceID{general.ID, open.ID}},
		{"another organization sees none of them", s.Globex, []domain.WorkspaceID{s.general(s.Globex).ID}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := s.service.List(t.Context(), tt.actor, all)
			s.Must(err)
			var got []domain.WorkspaceID
			for _, w := range list.Items {
				got = append(got, w.ID)
			}
			if !slices.Equal(got, tt.want) || list.More {
				t.Errorf("List = %q, want %q", got, tt.want)
			}
			for _, id := range []domain.WorkspaceID{restricted.ID, general.ID, open.ID} {
				var want error
				if !slices.Contains(tt.want, id) {
					want = domain.ErrNotFound
				}
				_, err := s.service.Get(t.Context(), tt.actor, id)
				coretest.WantError(t, "Get", err, want)
				_, err = s.service.Members(t.Context(), tt.actor, id, all)
				coretest.WantError(t, "Members", err, want)
			}
		})
	}
	t.Run("pages follow each other", func(t *testing.T) {
		t.Parallel()
		first, err := s.service.List(t.Context(), s.Owner, domain.PageRequest{Limit: 2})
		s.Must(err)
		if len(first.Items) != 2 || !first.More {
			t.Fatalf("List of two = %+v, want two and more", first)
		}
		last := first.Items[1]
		second, err := s.service.List(t.Context(), s.Owner, domain.PageRequest{Limit: 2, After: last.Name, AfterID: string(last.ID)})
		s.Must(err)
		if len(second.Items) != 1 || second.More || second.Items[0].ID != open.ID {
			t.Errorf("List after %q = %+v, want the last", last.Name, second)
		}
	})
}

func TestAddMember(t *testing.T) {
	t.Parallel()
	t.Run("lets somebody in", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		id := s.create("Closed", domain.VisibilityRestricted).ID
		got, err := s.service.AddMember(t.Context(), s.Admin, id, s.Member.Membership)
		s.Must(err)
		want := domain.WorkspaceMember{Workspace: id, Membership: s.Member.Membership, AddedBy: s.Admin.User, CreatedAt: s.Clock.Now()}
		if got.WorkspaceMember != want || got.Member.Name != "Linus" || got.Member.Role != domain.RoleMember {
			t.Errorf("AddMember = %+v, want %+v and who it is", got, want)
		}
		members, err := s.service.Members(t.Context(), s.Member, id, all)
		s.Must(err)
		if len(members.Items) != 2 || members.Items[0] != got {
			t.Errorf("Members = %+v, want Linus, then Grace", members.Items)
		}
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		id := s.create("Closed", domain.VisibilityRestricted).ID
		s.WantAllOrNothing("AddMember", func(ctx context.Context) error {
			_, err := s.service.AddMember(ctx, s.Admin, id, s.Member.Membership)
			return err
		})
	})
	unknown := domain.Invalid("membership_id", "unknown_member", "")
	closed := func(s *scene) domain.WorkspaceID { return s.create("Closed", domain.VisibilityRestricted).ID }
	linus := func(s *scene) domain.MembershipID { return s.Member.Membership }
	refused := []struct {
		name  string
		actor func(*scene) domain.Actor
		id    func(*scene) domain.WorkspaceID
		add   func(*scene) domain.MembershipID
		want  error
	}{
		{"a member", member, closed, linus, domain.ErrForbidden},
		{"a suspended organization", suspended(admin), closed, linus, domain.ErrOrganizationSuspended},
		{"an unknown workspace", admin, func(s *scene) domain.WorkspaceID { return domain.WorkspaceID(s.IDs.New()) }, linus, domain.ErrNotFound},
		{"another organization's workspace", admin, func(s *scene) domain.WorkspaceID { return s.general(s.Globex).ID }, linus, domain.ErrNotFound},
		{"an unknown member", admin, closed, func(s *scene) domain.MembershipID { return domain.MembershipID(s.IDs.New()) }, unknown},
		{"another organization's member", admin, closed, func(s *scene) domain.MembershipID { return s.Globex.Membership }, unknown},
		{"somebody who is in already", admin, closed, func(s *scene) domain.MembershipID { return s.Admin.Membership }, domain.ErrAlreadyMember},
	}
	for _, tt := range refused {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			actor, id, add := tt.actor(s), tt.id(s), tt.add(s)
			s.WantUnchanged("AddMember", tt.want, func() error {
				_, err := s.service.AddMember(t.Context(), actor, id, add)
				return err
			})
		})
	}
}

func TestRemoveMember(t *testing.T) {
	t.Parallel()
	// Linus is in the workspace, Edsger is not.
	withLinus := func(t *testing.T) (*scene, domain.WorkspaceID) {
		t.Helper()
		s := newScene(t)
		id := s.create("Closed", domain.VisibilityRestricted).ID
		_, err := s.service.AddMember(t.Context(), s.Admin, id, s.Member.Membership)
		s.Must(err)
		return s, id
	}
	for name, actor := range map[string]func(*scene) domain.Actor{"the owner": owner, "an admin": admin, "oneself": member} {
		t.Run("by "+name, func(t *testing.T) {
			t.Parallel()
			s, id := withLinus(t)
			s.Must(s.service.RemoveMember(t.Context(), actor(s), id, s.Member.Membership))
			members, err := s.service.Members(t.Context(), s.Owner, id, all)
			s.Must(err)
			if len(members.Items) != 1 || members.Items[0].Membership != s.Admin.Membership {
				t.Errorf("Members = %+v, want the admin alone", members.Items)
			}
			_, err = s.service.Get(t.Context(), s.Member, id)
			coretest.WantError(t, "Get afterwards", err, domain.ErrNotFound)
			if _, err := s.Tenant(s.Owner).Memberships().Get(t.Context(), s.Member.Membership); err != nil {
				t.Errorf("the membership of the organization is gone too: %v", err)
			}
		})
	}
	refused := []struct {
		name   string
		actor  func(*scene) domain.Actor
		remove func(*scene) domain.Actor
		want   error
	}{
		{"a member who removes another", func(s *scene) domain.Actor { return s.other }, member, domain.ErrForbidden},
		{"a member who removes an admin", member, admin, domain.ErrForbidden},
		{"a suspended organization", suspended(admin), member, domain.ErrOrganizationSuspended},
		{"leaving a suspended organization's workspace", suspended(member), member, domain.ErrOrganizationSuspended},
		{"somebody who is not in it", admin, func(s *scene) domain.Actor { return s.other }, domain.ErrNotFound},
		{"oneself who does not see it", func(s *scene) domain.Actor { return s.other }, func(s *scene) domain.Actor { return s.other }, domain.ErrNotFound},
		{"another organization's member", admin, func(s *scene) domain.Actor { return s.Globex }, domain.ErrNotFound},
		{"another organization's owner", func(s *scene) domain.Actor { return s.Globex }, member, domain.ErrNotFound},
	}
	for _, tt := range refused {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			t.Parallel()
			s, id := withLinus(t)
			s.WantUnchanged("RemoveMember", tt.want, func() error {
				return s.service.RemoveMember(t.Context(), tt.actor(s), id, tt.remove(s).Membership)
			})
		})
	}
}
