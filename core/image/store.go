// Package image keeps the pictures that people upload: logos and avatars.
package image

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Store cleans pictures and keeps them where everybody can see them.
type Store struct {
	images ports.Images
	blobs  ports.Blobs
}

// NewStore returns a Store.
func NewStore(images ports.Images, blobs ports.Blobs) *Store {
	return &Store{images: images, blobs: blobs}
}

// Keep stores an uploaded picture under a new key and returns its size in
// bytes as it is kept. It fails with domain.ErrImageUnsupported or
// domain.ErrImageTooLarge.
func (s *Store) Keep(ctx context.Context, key domain.BlobKey, upload []byte) (int64, error) {
	blob, err := s.images.Normalize(ctx, upload)
	if err != nil {
		return 0, err
	}
	return int64(len(blob.Content)), s.blobs.Put(ctx, key, blob)
}

// Discard deletes a picture that nothing points at any more. "" is none. It
// does so also where the caller has stopped waiting: what led here is done.
func (s *Store) Discard(ctx context.Context, key domain.BlobKey) error {
	if key == "" {
		return nil
	}
	return s.blobs.Remove(context.WithoutCancel(ctx), key)
}

// Get returns the picture with this public file name, or domain.ErrNotFound.
// It asks for no permission: who knows the random name may see it.
func (s *Store) Get(ctx context.Context, fileName string) (domain.Blob, error) {
	key, err := domain.BlobKeyOf(fileName)
	if err != nil {
		return domain.Blob{}, err
	}
	return s.blobs.Get(ctx, key)
}
