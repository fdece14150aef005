package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rowhouse/core/account"
	"rowhouse/core/coretest"
	"rowhouse/core/domain"
)

func TestRename(t *testing.T) {
	t.Parallel()
	t.Run("changes the name alone", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		want := s.ada()
		s.Clock.Advance(time.Minute)
		name := " Countess Lovelace "
		got, err := s.service.Rename(t.Context(), s.laptop.Caller, &name)
		s.Must(err)
		want.Name, want.UpdatedAt = "Countess Lovelace", s.Clock.Now()
		if got != want || s.ada() != want {
			t.Errorf("Rename = %#v\nwant %#v", got, want)
		}
		s.wantMails()
	})
	t.Run("leaves it where none is given", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.WantUnchanged("Rename", nil, func() error {
			got, err := s.service.Rename(t.Context(), s.laptop.Caller, nil)
			if got != s.ada() {
				t.Errorf("Rename = %#v, want it as it is", got)
			}
			return err
		})
	})
	t.Run("refuses what is no name", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for name, code := range map[string]string{"": "required", "A\u202eB": "invalid_characters", strings.Repeat("a", 65): "too_long"} {
			s.WantUnchanged("Rename", field("name", code), func() error {
				_, err := s.service.Rename(t.Context(), s.laptop.Caller, &name)
				return err
			})
		}
	})
	t.Run("changes what is stored, not what the request began with", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		user := s.ada()
		user.PasswordHash, user.Email = "today:changed meanwhile", "countess@example.com"
		s.Must(s.Store.Users().Save(t.Context(), user))
		name := "Countess"
		got, err := s.service.Rename(t.Context(), s.laptop.Caller, &name)
		user.Name = name
		if got != user || s.ada() != user || err != nil {
			t.Errorf("Rename = %#v, %v\nwant %#v", got, err, user)
		}
	})
	t.Run("is all or nothing", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		name := "Countess"
		s.wantAllOrNothing("Rename", func(service *account.Service, ctx context.Context) error {
			_, err := service.Rename(ctx, s.laptop.Caller, &name)
			return err
		})
	})
}

func TestAvatar(t *testing.T) {
	t.Parallel()
	set := func(s *scene, service *account.Service, ctx context.Context, upload string) (domain.User, error) {
		return service.SetAvatar(ctx, s.laptop.Caller, []byte(upload))
	}
	wantFiles := func(s *scene, want map[domain.BlobKey]string) {
		s.T.Helper()
		if fmt.Sprint(s.Blobs.Kept) != fmt.Sprint(want) {
			s.T.Errorf("files %v, want %v", s.Blobs.Kept, want)
		}
	}
	t.Run("is set, replaced and removed", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		want := s.ada()
		s.Clock.Advance(time.Minute)
		first, err := set(s, s.service, t.Context(), "one")
		s.Must(err)
		want.Avatar, want.UpdatedAt = first.Avatar, s.Clock.Now()
		if first != want || s.ada() != want || !strings.HasPrefix(string(first.Avatar), "u/"+string(want.ID)+"/") {
			t.Errorf("SetAvatar = %#v\nwant %#v", first, want)
		}
		wantFiles(s, map[domain.BlobKey]string{first.Avatar: "png:one"})

		// The request began before the first picture was there.
		second, err := set(s, s.service, t.Context(), "two")
		s.Must(err)
		if second.Avatar == first.Avatar {
			t.Error("another picture has the same name: browsers would show the old one")
		}
		wantFiles(s, map[domain.BlobKey]string{second.Avatar: "png:two"})

		removed, err := s.service.RemoveAvatar(t.Context(), s.laptop.Caller)
		if removed.Avatar != "" || s.ada().Avatar != "" || err != nil {
			t.Errorf("RemoveAvatar = %#v, %v; want none", removed, err)
		}
		wantFiles(s, map[domain.BlobKey]string{})
		if removed, err := s.service.RemoveAvatar(t.Context(), s.laptop.Caller); removed.Avatar != "" || err != nil {
			t.Errorf("RemoveAvatar without one = %#v, %v; want none", removed, err)
		}
	})
	withAvatar := func(t *testing.T) *scene {
		t.Helper()
		s := newScene(t)
		_, err := set(s, s.service, t.Context(), "old")
		s.Must(err)
		return s
	}
	t.Run("refuses what is no picture", func(t *testing.T) {
		t.Parallel()
		s := withAvatar(t)
		s.WantUnchanged("SetAvatar", domain.ErrImageUnsupported, func() error {
			_, err := set(s, s.service, t.Context(), "text")
			return err
		})
	})
	t.Run("stays where the new one cannot be kept", func(t *testing.T) {
		t.Parallel()
		s := withAvatar(t)
		s.Blobs.NoPut = errors.New("outage")
		s.WantUnchanged("SetAvatar", s.Blobs.NoPut, func() error {
			_, err := set(s, s.service, t.Context(), "new")
			return err
		})
	})
	t.Run("stays where the new one cannot be recorded, which is discarded", func(t *testing.T) {
		t.Parallel()
		s := withAvatar(t)
		s.wantAllOrNothing("SetAvatar", func(service *account.Service, ctx context.Context) error {
			_, err := set(s, service, ctx, "new")
			return err
		})
		wantFiles(s, map[domain.BlobKey]string{s.ada().Avatar: "png:new"})
	})
	t.Run("stays where its removal cannot be recorded", func(t *testing.T) {
		t.Parallel()
		s := withAvatar(t)
		s.wantAllOrNothing("RemoveAvatar", func(service *account.Service, ctx context.Context) error {
			_, err := service.RemoveAvatar(ctx, s.laptop.Caller)
			return err
		})
		wantFiles(s, map[domain.BlobKey]string{})
	})
	t.Run("of somebody who is gone is discarded", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Must(s.Store.Users().Remove(t.Context(), s.laptop.Caller.User.ID))
		s.WantUnchanged("SetAvatar", domain.ErrNotFound, func() error {
			_, err := set(s, s.service, t.Context(), "new")
			return err
		})
	})
	t.Run("an old file that cannot be deleted is told", func(t *testing.T) {
		t.Parallel()
		s := withAvatar(t)
		s.Blobs.NoRemove = errors.New("outage")
		_, err := set(s, s.service, t.Context(), "new")
		coretest.WantError(t, "SetAvatar", err, s.Blobs.NoRemove)
	})
}
