package image_test

import (
	"context"
	"errors"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/core/image"
)

// images turns an upload into something of another length, or refuses it.
type images struct{ refusal error }

func (i images) Normalize(_ context.Context, upload []byte) (domain.Blob, error) {
	if i.refusal != nil {
		return domain.Blob{}, i.refusal
	}
	return domain.Blob{ContentType: "image/png", Content: append([]byte("png:"), upload...)}, nil
}

// blobs keeps files in a map, and what it was asked for in a list.
type blobs struct {
	kept   map[domain.BlobKey]domain.Blob
	outage error
	asked  int
}

func (b *blobs) Put(_ context.Context, key domain.BlobKey, blob domain.Blob) error {
	if b.asked++; b.outage == nil {
		b.kept[key] = blob
	}
	return b.outage
}

func (b *blobs) Get(_ context.Context, key domain.BlobKey) (domain.Blob, error) {
	b.asked++
	blob, ok := b.kept[key]
	if !ok {
		return blob, domain.ErrNotFound
	}
	return blob, b.outage
}

func (b *blobs) Remove(_ context.Context, key domain.BlobKey) error {
	if b.asked++; b.outage == nil {
		delete(b.kept, key)
	}
	return b.outage
}

const (
	owner  = "0190163d-8694-739b-aea5-966c26f8ad91"
	random = "0190163d-8694-739b-aea5-966c26f8ad92"
)

func TestStore(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]domain.BlobKey{
		"of an organization": domain.NewOrganizationBlobKey(owner, random),
		"of a user":          domain.NewUserBlobKey(owner, random),
	} {
		t.Run("a picture "+name, func(t *testing.T) {
			t.Parallel()
			files := &blobs{kept: map[domain.BlobKey]domain.Blob{"t/other": {}}}
			store := image.NewStore(images{}, files)

			size, err := store.Keep(t.Context(), key, []byte("cat"))
			if size != int64(len("png:cat")) || err != nil {
				t.Errorf("Keep = %d, %v; want the size of what is kept", size, err)
			}
			got, err := store.Get(t.Context(), key.FileName())
			if string(got.Content) != "png:cat" || got.ContentType != "image/png" || err != nil {
				t.Errorf("Get = %q of %s, %v; want the picture as it is kept", got.Content, got.ContentType, err)
			}
			if err := store.Discard(t.Context(), key); err != nil {
				t.Errorf("Discard = %v, want nil", err)
			}
			if _, err := store.Get(t.Context(), key.FileName()); !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("Get afterwards = %v, want %v", err, domain.ErrNotFound)
			}
			if len(files.kept) != 1 {
				t.Errorf("files %v, want the other one alone", files.kept)
			}
		})
	}
}

func TestStoreRefuses(t *testing.T) {
	t.Parallel()
	outage := errors.New("outage")
	t.Run("what is no picture, before anything is kept", func(t *testing.T) {
		t.Parallel()
		for _, refusal := range []error{domain.ErrImageUnsupported, domain.ErrImageTooLarge} {
			files := &blobs{}
			if size, err := image.NewStore(images{refusal}, files).Keep(t.Context(), "t/x", []byte("cat")); size != 0 || !errors.Is(err, refusal) {
				t.Errorf("Keep = %d, %v; want %v", size, err, refusal)
			}
			if files.asked > 0 {
				t.Error("the storage was asked")
			}
		}
	})
	t.Run("nothing while the storage is out", func(t *testing.T) {
		t.Parallel()
		store := image.NewStore(images{}, &blobs{outage: outage})
		if _, err := store.Keep(t.Context(), "t/x", []byte("cat")); !errors.Is(err, outage) {
			t.Errorf("Keep = %v, want %v", err, outage)
		}
		if err := store.Discard(t.Context(), "t/x"); !errors.Is(err, outage) {
			t.Errorf("Discard = %v, want %v", err, outage)
		}
	})
	t.Run("hostile names, without asking the storage", func(t *testing.T) {
		t.Parallel()
		files := &blobs{}
		store := image.NewStore(images{}, files)
		for _, name := range []string{"", "t", "../../etc/passwd", "t/" + owner + "/" + random, "t%2f" + owner, "x0190163d8694739baea5966c26f8ad910190163d8694739baea5966c26f8ad92"} {
			if _, err := store.Get(t.Context(), name); !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("Get(%q) = %v, want %v", name, err, domain.ErrNotFound)
			}
		}
		if files.asked > 0 {
			t.Error("the storage was asked")
		}
	})
	t.Run("to discard what is not there", func(t *testing.T) {
		t.Parallel()
		files := &blobs{outage: outage}
		if err := image.NewStore(images{}, files).Discard(t.Context(), ""); err != nil || files.asked > 0 {
			t.Errorf("Discard of nothing = %v, and the storage was asked %d times", err, files.asked)
		}
	})
}
