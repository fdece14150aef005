package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"rowhouse/core/account"
	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// transliterator leaves everything as it is.
type transliterator struct{}

func (transliterator) ASCII(text string) string { return text }

// found makes an organization that the user owns.
func (s *scene) found(user domain.User, name string) domain.Actor {
	s.t.Helper()
	organizations := organization.NewService(s.stored, s.clock, s.ids, slug.NewMaker(transliterator{}), nil)
	created, err := organizations.Create(s.t.Context(), user, organization.CreateInput{Name: name})
	s.must(err)
	return domain.Actor{User: user.ID, Organization: created.ID, Membership: created.Membership, Role: created.Role}
}

// join makes the user a member, also of the default workspace's list.
func (s *scene) join(in domain.Actor, user domain.User, role domain.Role) domain.MembershipID {
	s.t.Helper()
	id := domain.MembershipID(s.ids.New())
	tenant := s.stored.Tenant(in.Organization)
	s.must(tenant.Memberships().Add(s.t.Context(), domain.Membership{ID: id, User: user.ID, Role: role, InvitedBy: in.User}))
	workspaces, err := tenant.Workspaces().List(s.t.Context(), domain.WorkspaceViewer{SeesAll: true}, all)
	s.must(err)
	s.must(tenant.Workspaces().AddMember(s.t.Context(), domain.WorkspaceMember{Workspace: workspaces.Items[0].ID, Membership: id, AddedBy: in.User}))
	return id
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	ada := s.laptop.Caller.User
	acme, globex := s.found(s.eve.Caller.User, "Acme"), s.found(s.eve.Caller.User, "Globex")
	memberships := []domain.MembershipID{s.join(acme, ada, domain.RoleAdmin), s.join(globex, ada, domain.RoleMember)}
	caller, err := s.service.Authenticate(ctx, s.laptop.Token)
	s.must(err)
	_, err = s.service.SetAvatar(ctx, caller, []byte("picture")) // of which caller does not know
	s.must(err)
	s.must(s.service.ForgotPassword(ctx, "ada@example.com"))
	reset := s.link("ada@example.com")
	s.must(s.service.ChangeEmail(ctx, caller, "countess@example.com"))
	change := s.link("countess@example.com")

	s.must(s.service.Delete(ctx, caller))

	after := fmt.Sprintf("%+v %v", s.stored, s.files.kept)
	for what, text := range map[string]string{
		"the user": string(ada.ID), "the address": "ada@example.com", "the name": "Ada Lovelace", "the laptop": string(s.laptop.Caller.Session.ID),
		"the phone": string(s.phone.Caller.Session.ID), "a membership": string(memberships[0]), "another membership": string(memberships[1]),
		"the picture": "png:picture",
	} {
		if strings.Contains(after, text) {
			t.Errorf("%s is left:\n%s", what, after)
		}
	}
	for _, actor := range []domain.Actor{acme, globex} {
		org, err := s.stored.Tenant(actor.Organization).Organization().Get(ctx)
		members, _ := s.stored.Tenant(actor.Organization).Memberships().List(ctx, ports.MemberFilter{}, all)
		if org.Members != 1 || len(members.Items) != 1 || err != nil {
			t.Errorf("%s counts %d members and has %d, %v; want its owner alone", org.Name, org.Members, len(members.Items), err)
		}
	}
	_, err = s.service.Authenticate(ctx, s.phone.Token)
	wantError(t, "Authenticate", err, domain.ErrUnauthenticated)
	wantError(t, "SignIn", s.signIn(secret), domain.ErrInvalidCredentials)
	wantError(t, "ResetPassword", s.service.ResetPassword(ctx, reset, other), domain.ErrInvalidToken)
	wantError(t, "VerifyEmail", s.service.VerifyEmail(ctx, change), domain.ErrInvalidToken)
	s.wantLive(map[domain.Token]bool{s.eve.Token: true})
	wantError(t, "Delete again", s.service.Delete(ctx, caller), domain.ErrNotFound)
}

func TestDeleteRefuses(t *testing.T) {
	t.Parallel()
	t.Run("who owns an organization, among others", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.join(s.found(s.eve.Caller.User, "Acme"), s.laptop.Caller.User, domain.RoleMember)
		s.found(s.laptop.Caller.User, "Rockets")
		s.join(s.found(s.eve.Caller.User, "Globex"), s.laptop.Caller.User, domain.RoleAdmin)
		s.wantUnchanged("Delete", domain.ErrOwnsOrganizations, func() error { return s.service.Delete(t.Context(), s.laptop.Caller) })
	})
	t.Run("half of it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.service.SetAvatar(t.Context(), s.laptop.Caller, []byte("picture"))
		s.must(err)
		for _, name := range []string{"Acme", "Globex"} {
			s.join(s.found(s.eve.Caller.User, name), s.laptop.Caller.User, domain.RoleMember)
		}
		s.wantAllOrNothing("Delete", func(service *account.Service, ctx context.Context) error { return service.Delete(ctx, s.laptop.Caller) })
	})
	t.Run("to keep quiet about a file that stays", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.service.SetAvatar(t.Context(), s.laptop.Caller, []byte("picture"))
		s.must(err)
		s.files.noRemove = errors.New("outage")
		wantError(t, "Delete", s.service.Delete(t.Context(), s.laptop.Caller), s.files.noRemove)
	})
}
