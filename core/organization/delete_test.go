package organization_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/ports"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	_, err := s.service.Update(ctx, s.owner, organization.UpdateInput{Slug: new("rockets")}, nil)
	s.must(err)
	_, err = s.service.SetLogo(ctx, s.owner, []byte("logo"))
	s.must(err)
	_, err = s.service.SetLogo(ctx, s.globex, []byte("other"))
	s.must(err)
	globex := s.stored(s.globex)

	s.must(s.service.Delete(ctx, s.owner, "rockets", domain.Precondition{s.stored(s.owner).Version}))

	tenant := s.tenant(s.owner)
	_, err = tenant.Organization().Get(ctx)
	wantError(t, "Organization.Get", err, domain.ErrNotFound)
	_, err = tenant.Subscription().Get(ctx)
	wantError(t, "Subscription.Get", err, domain.ErrNotFound)
	if members, _ := tenant.Memberships().List(ctx, ports.MemberFilter{}, all); len(members.Items) > 0 {
		t.Errorf("members left: %+v", members.Items)
	}
	if workspaces, _ := tenant.Workspaces().List(ctx, domain.WorkspaceViewer{SeesAll: true}, all); len(workspaces.Items) > 0 {
		t.Errorf("workspaces left: %+v", workspaces.Items)
	}
	if usage, _ := tenant.Usage().At(ctx, s.clock.Now()); len(usage) > 0 {
		t.Errorf("usage left: %+v", usage)
	}
	for _, user := range []domain.User{s.ada, s.grace, s.linus} {
		for _, ref := range []string{string(s.owner.Organization), "rockets", "acme"} {
			_, err := s.service.Resolve(ctx, user.ID, ref)
			wantError(t, "Resolve "+ref, err, domain.ErrNotFound)
		}
		if list, _ := s.service.List(ctx, user.ID, all); len(list.Items) > 0 {
			t.Errorf("%s is still a member of %+v", user.Name, list.Items)
		}
		if _, err := s.store.Users().Get(ctx, user.ID); err != nil {
			t.Errorf("%s is gone with the organization: %v", user.Name, err)
		}
	}
	if s.stored(s.globex) != globex || len(s.blobs.kept) != 1 || s.blobs.kept[globex.Logo] == "" {
		t.Errorf("another organization has changed, or a file is left: %v", s.blobs.kept)
	}

	s.clock.Advance(domain.SlugReservation - time.Microsecond)
	for _, slug := range []string{"rockets", "acme"} {
		_, err := s.service.Update(ctx, s.globex, organization.UpdateInput{Slug: &slug}, nil)
		wantError(t, "an Update to "+slug+" a moment before 90 days", err, domain.ErrSlugTaken)
	}
	s.clock.Advance(time.Microsecond)
	for _, slug := range []string{"rockets", "acme"} {
		_, err := s.service.Update(ctx, s.globex, organization.UpdateInput{Slug: &slug}, nil)
		wantError(t, "an Update to "+slug+" after 90 days", err, nil)
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
			_, err := s.service.TransferOwnership(s.t.Context(), s.owner, s.admin.Membership)
			s.must(err)
			return s.owner // what the request began with
		}, "acme", nil, domain.ErrForbidden},
		{"somebody who has left meanwhile", func(s *scene) domain.Actor {
			_, err := s.service.TransferOwnership(s.t.Context(), s.owner, s.admin.Membership)
			s.must(err)
			s.must(s.tenant(s.owner).Memberships().Remove(s.t.Context(), s.owner.Membership))
			return s.owner
		}, "acme", nil, domain.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			for _, slug := range []string{"acme-old", "acme"} {
				_, err := s.service.Update(t.Context(), s.owner, organization.UpdateInput{Slug: &slug}, nil)
				s.must(err)
			}
			_, err := s.service.SetLogo(t.Context(), s.owner, []byte("logo"))
			s.must(err)
			actor := tt.actor(s)
			s.wantUnchanged("Delete", tt.want, func() error { return s.service.Delete(t.Context(), actor, tt.confirm, tt.match) })
		})
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		_, err := s.service.SetLogo(t.Context(), s.owner, []byte("logo"))
		s.must(err)
		s.wantAllOrNothing("Delete", func(ctx context.Context) error { return s.service.Delete(ctx, s.owner, "acme", nil) })
	})
}

func TestDeleteTellsOfAFileThatStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	_, err := s.service.SetLogo(t.Context(), s.owner, []byte("logo"))
	s.must(err)
	s.blobs.noRemove = errors.New("outage")
	wantError(t, "Delete", s.service.Delete(t.Context(), s.owner, "acme", nil), s.blobs.noRemove)
}

func TestLogo(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	before := s.stored(s.owner)

	got, err := s.service.SetLogo(ctx, s.admin, []byte("one"))
	s.must(err)
	first := got.Logo
	want := before
	want.Logo, want.LogoBytes, want.UpdatedAt, want.Version = first, int64(len("png:one")), s.clock.Now(), before.Version+1
	if got.Organization != want || s.stored(s.owner) != want {
		t.Errorf("SetLogo = %+v\nwant %+v", got.Organization, want)
	}
	if got.Role != domain.RoleAdmin || got.Membership != s.admin.Membership {
		t.Errorf("SetLogo = %+v, want it as the admin sees it", got)
	}
	wantFiles(s, map[domain.BlobKey]string{first: "png:one"})
	wantStorage(s, int64(len("png:one")))
	if prefix := "t/" + string(s.owner.Organization) + "/"; string(first[:len(prefix)]) != prefix {
		t.Errorf("the file is %q, want it below %q", first, prefix)
	}

	got, err = s.service.SetLogo(ctx, s.owner, []byte("another"))
	s.must(err)
	if got.Logo == first {
		t.Error("another picture has the same name: browsers would show the old one")
	}
	wantFiles(s, map[domain.BlobKey]string{got.Logo: "png:another"})
	wantStorage(s, int64(len("png:another")))

	s.clock.Advance(40 * 24 * time.Hour) // into the next period, which the level is carried into
	got, err = s.service.SetLogo(ctx, s.owner, []byte("1"))
	s.must(err)
	wantFiles(s, map[domain.BlobKey]string{got.Logo: "png:1"})
	wantStorage(s, int64(len("png:1")))

	got, err = s.service.RemoveLogo(ctx, s.admin)
	s.must(err)
	if got.Logo != "" || got.LogoBytes != 0 || s.stored(s.owner).Logo != "" {
		t.Errorf("RemoveLogo = %+v, want no logo", got)
	}
	wantFiles(s, nil)
	wantStorage(s, 0)

	if got, err = s.service.RemoveLogo(ctx, s.admin); got.Logo != "" || err != nil {
		t.Errorf("RemoveLogo without one = %+v, %v; want no logo", got, err)
	}
	wantStorage(s, 0)
}

func wantFiles(s *scene, want map[domain.BlobKey]string) {
	s.t.Helper()
	if len(s.blobs.kept) != len(want) {
		s.t.Errorf("files %v, want %v", s.blobs.kept, want)
	}
	for key, content := range want {
		if s.blobs.kept[key] != content {
			s.t.Errorf("file %q = %q, want %q", key, s.blobs.kept[key], content)
		}
	}
}

// wantStorage checks what the present period counts.
func wantStorage(s *scene, want int64) {
	s.t.Helper()
	rows, err := s.tenant(s.owner).Usage().At(s.t.Context(), s.clock.Now())
	s.must(err)
	if len(rows) != 3 || rows[1].Metric != domain.MetricStorageBytes || rows[1].Quantity != want || !s.clock.Now().Before(rows[1].Period.End) {
		s.t.Errorf("usage = %+v, want %d bytes in the present period", rows, want)
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
		_, err := s.service.SetLogo(t.Context(), s.owner, []byte("old"))
		s.must(err)
		return s
	}
	t.Run("a member", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.wantUnchanged("SetLogo", domain.ErrForbidden, func() error { return set(s.member, "new")(s, t.Context()) })
		s.wantUnchanged("RemoveLogo", domain.ErrForbidden, func() error {
			_, err := s.service.RemoveLogo(t.Context(), s.member)
			return err
		})
	})
	t.Run("what is no picture", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.wantUnchanged("SetLogo", domain.ErrImageUnsupported, func() error { return set(s.admin, "text")(s, t.Context()) })
	})
	t.Run("a file that cannot be kept", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.blobs.noPut = errors.New("outage")
		s.wantUnchanged("SetLogo", s.blobs.noPut, func() error { return set(s.admin, "new")(s, t.Context()) })
	})
	t.Run("a picture that cannot be recorded is discarded, and the old one stays", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.wantAllOrNothing("SetLogo", func(ctx context.Context) error { return set(s.admin, "new")(s, ctx) })
		wantFiles(s, map[domain.BlobKey]string{s.stored(s.owner).Logo: "png:new"})
	})
	t.Run("a removal that cannot be recorded leaves the file", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.wantAllOrNothing("RemoveLogo", func(ctx context.Context) error {
			_, err := s.service.RemoveLogo(ctx, s.admin)
			return err
		})
		wantFiles(s, nil)
	})
	t.Run("an old file that cannot be deleted is told", func(t *testing.T) {
		t.Parallel()
		s := withLogo(t)
		s.blobs.noRemove = errors.New("outage")
		wantError(t, "SetLogo", set(s.admin, "new")(s, t.Context()), s.blobs.noRemove)
		if s.blobs.kept[s.stored(s.owner).Logo] != "png:new" {
			t.Errorf("the logo is %q, want the new one", s.stored(s.owner).Logo)
		}
	})
}
