package organization_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/ports"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	_, err := s.service.Update(ctx, s.Owner, organization.UpdateInput{Slug: new("rockets")}, nil)
	s.Must(err)
	_, err = s.service.SetLogo(ctx, s.Owner, []byte("logo"))
	s.Must(err)
	_, err = s.service.SetLogo(ctx, s.Globex, []byte("other"))
	s.Must(err)
	globex := s.stored(s.Globex)

	s.Must(s.service.Delete(ctx, s.Owner, "rockets", domain.Precondition{s.stored(s.Owner).Version}))

	tenant := s.Tenant(s.Owner)
	_, err = tenant.Organization().Get(ctx)
	coretest.WantError(t, "Organization.Get", err, domain.ErrNotFound)
	_, err = tenant.Subscription().Get(ctx)
	coretest.WantError(t, "Subscription.Get", err, domain.ErrNotFound)
	if members, _ := tenant.Memberships().List(ctx, ports.MemberFilter{}, all); len(members.Items) > 0 {
		t.Errorf("members left: %+v", members.Items)
	}
	if workspaces, _ := tenant.Workspaces().List(ctx, domain.WorkspaceViewer{SeesAll: true}, all); len(workspaces.Items) > 0 {
		t.Errorf("workspaces left: %+v", workspaces.Items)
	}
	if usage, _ := tenant.Usage().At(ctx, s.Clock.Now()); len(usage) > 0 {
		t.Errorf("usage left: %+v", usage)
	}
	for _, user := range []domain.User{s.Ada, s.Grace, s.Linus} {
		for _, ref := range []string{string(s.Owner.Organization), "rockets", "acme"} {
			_, err := s.service.Resolve(ctx, user.ID, ref)
			coretest.WantError(t, "Resolve "+ref, err, domain.ErrNotFound)
		}
		if list, _ := s.service.List(ctx, user.ID, all); len(list.Items) > 0 {
			t.Errorf("%s is still a member of %+v", user.Name, list.Items)
		}
		if _, err := s.Store.Users().Get(ctx, user.ID); err != nil {
			t.Errorf("%s is gone with the organization: %v", user.Name, err)
		}
	}
	if s.stored(s.Globex) != globex || len(s.Blobs.Kept) != 1 || s.Blobs.Kept[globex.Logo] == "" {
		t.Errorf("another organization has changed, or a file is left: %v", s.Blobs.Kept)
	}

	s.Clock.Advance(domain.SlugReservation - time.Microsecond)
	for _, slug := range []string{"rockets", "acme"} {
		_, err := s.service.Update(ctx, s.Globex, organization.UpdateInput{Slug: &slug}, nil)
		coretest.WantError(t, "an Update to "+slug+" a moment before 90 days", err, domain.ErrSlugTaken)
	}
	s.Clock.Advance(time.Microsecond)
	for _, slug := range []string{"rockets", "acme"} {
		_, err := s.service.Update(ctx, s.Globex, organization.UpdateInput{Slug: &slug}, nil)
		coretest.WantError(t, "an Update to "+slug+" after 90 days", err, nil)
	}
}

func TestDeleteRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		actor   func(*scene) domain.Actor
		confirm string
		match   domain.Precondition
		want    error
	}{
		{"an admin", admin, "acme", nil, domain.ErrForbidden},
		{"a member", member, "acme", nil, domain.ErrForbidden},
		{"an admin, before the confirmation is looked at", admin, "", domain.Precondition{99}, domain.ErrForbidden},
		{"no confirmation", owner, "", nil, domain.ErrConfirmationMismatch},
		{"another organization's slug", owner, "globex", nil, domain.ErrConfirmationMismatch},
		{"the name", owner, "Acme", nil, domain.ErrConfirmationMismatch},
		{"a slug it gave up", owner, "acme-old", nil, domain.ErrConfirmationMismatch},
		{"a space more", owner, "acme ", nil, domain.ErrConfirmationMismatch},
		{"another version", owner, "acme", domain.Precondition{1}, domain.ErrPreconditionFailed},
		{"a wrong confirmation before another version", owner, "", domain.Precondition{1}, domain.ErrConfirmationMismatch},
		{"somebody who owned it once", func(s *scene) domain.Actor {
			_, err := s.service.TransferOwnership(s.T.Context(), s.Owner, s.Admin.Membership)
			s.Must(err)
			return s.Owner // what the request began with
		}, "acme", nil, domain.ErrForbidden},
		{"somebody who has left meanwhile", func(s *scene) domain.Actor {
			_, err := s.service.TransferOwnership(s.T.Context(), s.Owner, s.Admin.Membership)
			s.Must(err)
			s.Must(s.Tenant(s.Owner).Memberships().Remove(s.T.Context(), s.Owner.Membership))
			return s.Owner
		}, "acme", nil, domain.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			for _, slug := range []string{"acme-old", "acme"} {
				_, err := s.service.Update(t.Context(), s.Owner, organization.UpdateInput{Slug: &slug}, nil)
				s.Must(err)
			}
			_, err := s.service.SetLogo(t.Context(), s.Owner, []byte("logo"))
			s.Must(err)
			actor := tt.actor(s)
			s.WantUnchanged("Delete", tt.want, func() error { return s.service.Delete(t.Context(), actor, tt.confirm, tt.match) })
		})
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.service.SetLogo(t.Context(), s.Owner, []byte("logo"))
		s.Must(err)
		s.WantAllOrNothing("Delete", func(ctx context.Context) error { return s.service.Delete(ctx, s.Owner, "acme", nil) })
	})
}

func TestDeleteTellsOfAFileThatStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	_, err := s.service.SetLogo(t.Context(), s.Owner, []byte("logo"))
	s.Must(err)
	s.Blobs.NoRemove = errors.New("outage")
	coretest.WantError(t, "Delete", s.service.Delete(t.Context(), s.Owner, "acme", nil), s.Blobs.NoRemove)
}

func TestLogo(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	before := s.stored(s.Owner)

	got, err := s.service.SetLogo(ctx, s.Admin, []byte("one"))
	s.Must(err)
	first := got.Logo
	want := before
	want.Logo, want.LogoBytes, want.UpdatedAt, want.Version = first, int64(len("png:one")), s.Clock.Now(), before.Version+1
	if got.Organization != want || s.stored(s.Owner) != want {
		t.Errorf("SetLogo = %+v\nwant %+v", got.Organization, want)
	}
	if got.Role != domain.RoleAdmin || got.Membership != s.Admin.Membership {
		t.Errorf("SetLogo = %+v, want it as the admin sees it", got)
	}
	wantFiles(s, map[domain.BlobKey]string{first: "png:one"})
	wantStorage(s, int64(len("png:one")))
	if prefix := "t/" + string(s.Owner.Organization) + "/"; string(first[:len(prefix)]) != prefix {
		t.Errorf("the file is %q, want it below %q", first, prefix)
	}

	got, err = s.service.SetLogo(ctx, s.Owner, []byte("another"))
	s.Must(err)
	if got.Logo == first {
		t.Error("another picture has the same name: browsers would show the old one")
	}
	wantFiles(s, map[domain.BlobKey]string{got.Logo: "png:another"})
	wantStorage(s, int64(len("png:another")))

	s.Clock.Advance(40 * 24 * time.Hour) // into the next period, which the level is carried into
	got, err = s.service.SetLogo(ctx, s.Owner, []byte("1"))
	s.Must(err)
	wantFiles(s, map[domain.BlobKey]string{got.Logo: "png:1"})
	wantStorage(s, int64(len("png:1")))

	got, err = s.service.RemoveLogo(ctx, s.Admin)
	s.Must(err)
	if got.Logo != "" || got.LogoBytes != 0 || s.stored(s.Owner).Logo != "" {
		t.Errorf("RemoveLogo = %+v, want no logo", got)
	}
	wantFiles(s, nil)
	wantStorage(s, 0)

	if got, err = s.service.RemoveLogo(ctx, s.Admin); got.Logo != "" || err != nil {
		t.Errorf("RemoveLogo without one = %+v, %v; want no logo", got, err)
	}
	wantStorage(s, 0)
}

func wantFiles(s *scene, want map[domain.BlobKey]string) {
	s.T.Helper()
	if len(s.Blobs.Kept) != len(want) {
		s.T.Errorf("files %v, want %v", s.Blobs.Kept, want)
	}
	for key, content := range want {
		if s.Blobs.Kept[key] != content {
			s.T.Errorf("file %q = %q, want %q", key, s.Blobs.Kept[key], content)
		}
	}
}

// wantStorage checks what the present period counts.
func wantStorage(s *scene, want int64) {
	s.T.Helper()
	rows, err := s.Tenant(s.Owner).Usage().At(s.T.Context(), s.Clock.Now())
	s.Must(err)
	if len(rows) != 3 || rows[1].Metric != domain.MetricStorageBytes || rows[1].Quantity != want || !s.Clock.Now().Before(rows[1].Period.End) {
		s.T.Errorf("usage = %+v, want %d bytes in the present period", rows, want)
	}
}

func TestLogoRefuses(t *testing.T) {
	t.Parallel()
	set := func(actor domain.Actor, upload string) func(s *scene, ctx context.Context) error {
		return func(s *scene, ctx context.Context) error {
			_, err := s.service.SetLogo(ctx, actor, []byte(upload))
			return err
		}
	}
	withLogo := func(t *testing.T) *scene {
		t.Helper()
		s := newScene(t)
		_, err := s.service.SetLogo(t.Context(), s.Owner, []byte("old"))
		s.Must(err)
		return s
	}
	t.Run("a member", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.WantUnchanged("SetLogo", domain.ErrForbidden, func() error { return set(s.Member, "new")(s, t.Context()) })
		s.WantUnchanged("RemoveLogo", domain.ErrForbidden, func() error {
			_, err := s.service.RemoveLogo(t.Context(), s.Member)
			return err
		})
	})
	t.Run("what is no picture", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.WantUnchanged("SetLogo", domain.ErrImageUnsupported, func() error { return set(s.Admin, "text")(s, t.Context()) })
	})
	t.Run("a file that cannot be kept", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.Blobs.NoPut = errors.New("outage")
		s.WantUnchanged("SetLogo", s.Blobs.NoPut, func() error { return set(s.Admin, "new")(s, t.Context()) })
	})
	t.Run("a picture that cannot be recorded is discarded, and the old one stays", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.WantAllOrNothing("SetLogo", func(ctx context.Context) error { return set(s.Admin, "new")(s, ctx) })
		wantFiles(s, map[domain.BlobKey]string{s.stored(s.Owner).Logo: "png:new"})
	})
	t.Run("a removal that cannot be recorded leaves the file", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.WantAllOrNothing("RemoveLogo", func(ctx context.Context) error {
			_, err := s.service.RemoveLogo(ctx, s.Admin)
			return err
		})
		wantFiles(s, nil)
	})
	t.Run("an old file that cannot be deleted is told", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.Blobs.NoRemove = errors.New("outage")
		coretest.WantError(t, "SetLogo", set(s.Admin, "new")(s, t.Context()), s.Blobs.NoRemove)
		if s.Blobs.Kept[s.stored(s.Owner).Logo] != "png:new" {
			t.Errorf("the logo is %q, want the new one", s.stored(s.Owner).Logo)
		}
	})
}
