package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"rowhouse/core/account"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// joinGeneral makes the user a member, also of the default workspace's list.
func (s *scene) joinGeneral(in domain.Actor, user domain.User, role domain.Role) domain.MembershipID {
	s.T.Helper()
	id := s.Join(in, user, role).Membership
	workspaces := s.Tenant(in).Workspaces()
	list, err := workspaces.List(s.T.Context(), domain.WorkspaceViewer{SeesAll: true}, all)
	s.Must(err)
	s.Must(workspaces.AddMember(s.T.Context(), domain.WorkspaceMember{Workspace: list.Items[0].ID, Membership: id, AddedBy: in.User}))
	return id
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	ada := s.laptop.Caller.User
	acme, globex := s.Found(s.eve.Caller.User, "Acme"), s.Found(s.eve.Caller.User, "Globex")
	memberships := []domain.MembershipID{s.joinGeneral(acme, ada, domain.RoleAdmin), s.joinGeneral(globex, ada, domain.RoleMember)}
	caller, err := s.service.Authenticate(ctx, s.laptop.Token)
	s.Must(err)
	_, err = s.service.SetAvatar(ctx, caller, []byte("picture")) // of which caller does not know
	s.Must(err)
	s.Must(s.service.ForgotPassword(ctx, "ada@example.com"))
	reset := s.link("ada@example.com")
	s.Must(s.service.ChangeEmail(ctx, caller, "countess@example.com"))
	change := s.link("countess@example.com")

	s.Must(s.service.Delete(ctx, caller))

	after := fmt.Sprintf("%+v %v", s.Store, s.Blobs.Kept)
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
		org, err := s.Store.Tenant(actor.Organization).Organization().Get(ctx)
		members, _ := s.Store.Tenant(actor.Organization).Memberships().List(ctx, ports.MemberFilter{}, all)
		if org.Members != 1 || len(members.Items) != 1 || err != nil {
			t.Errorf("%s counts %d members and has %d, %v; want its owner alone", org.Name, org.Members, len(members.Items), err)
		}
	}
	_, err = s.service.Authenticate(ctx, s.phone.Token)
	coretest.WantError(t, "Authenticate", err, domain.ErrUnauthenticated)
	coretest.WantError(t, "SignIn", s.signIn(secret), domain.ErrInvalidCredentials)
	coretest.WantError(t, "ResetPassword", s.service.ResetPassword(ctx, reset, other), domain.ErrInvalidToken)
	coretest.WantError(t, "VerifyEmail", s.service.VerifyEmail(ctx, change), domain.ErrInvalidToken)
	s.wantLive(map[domain.Token]bool{s.eve.Token: true})
	coretest.WantError(t, "Delete again", s.service.Delete(ctx, caller), domain.ErrNotFound)
}

func TestDeleteRefuses(t *testing.T) {
	t.Parallel()
	t.Run("who owns an organization, among others", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.joinGeneral(s.Found(s.eve.Caller.User, "Acme"), s.laptop.Caller.User, domain.RoleMember)
		s.Found(s.laptop.Caller.User, "Rockets")
		s.joinGeneral(s.Found(s.eve.Caller.User, "Globex"), s.laptop.Caller.User, domain.RoleAdmin)
		s.WantUnchanged("Delete", domain.ErrOwnsOrganizations, func() error { return s.service.Delete(t.Context(), s.laptop.Caller) })
	})
	t.Run("half of it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.service.SetAvatar(t.Context(), s.laptop.Caller, []byte("picture"))
		s.Must(err)
		for _, name := range []string{"Acme", "Globex"} {
			s.joinGeneral(s.Found(s.eve.Caller.User, name), s.laptop.Caller.User, domain.RoleMember)
		}
		s.wantAllOrNothing("Delete", func(service *account.Service, ctx context.Context) error { return service.Delete(ctx, s.laptop.Caller) })
	})
	t.Run("to keep quiet about a file that stays", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.service.SetAvatar(t.Context(), s.laptop.Caller, []byte("picture"))
		s.Must(err)
		s.Blobs.NoRemove = errors.New("outage")
		coretest.WantError(t, "Delete", s.service.Delete(t.Context(), s.laptop.Caller), s.Blobs.NoRemove)
	})
}
