package coretest

import (
	"context"
	"strings"
	"sync"

	"rowhouse/core/domain"
)

// Transliterator knows a few letters.
type Transliterator struct{}

// ASCII implements ports.Transliterator.
func (Transliterator) ASCII(text string) string {
	return strings.NewReplacer("Ž", "Z", "ü", "u", "Юлия", "Iuliia", "北京", "Bei Jing ").Replace(text)
}

// Images takes all but texts for pictures.
type Images struct{}

// Normalize implements ports.Images.
func (Images) Normalize(_ context.Context, upload []byte) (domain.Blob, error) {
	if strings.HasPrefix(string(upload), "text") {
		return domain.Blob{}, domain.ErrImageUnsupported
	}
	return domain.Blob{ContentType: "image/png", Content: append([]byte("png:"), upload...)}, nil
}

// Blobs keeps files in a map.
type Blobs struct {
	Kept            map[domain.BlobKey]string
	NoPut, NoRemove error // what Put and Remove fail with; nil if they don't

	mu sync.Mutex
}

// NewBlobs returns Blobs without any files.
func NewBlobs() *Blobs { return &Blobs{Kept: map[domain.BlobKey]string{}} }

// Put implements ports.Blobs.
func (b *Blobs) Put(_ context.Context, key domain.BlobKey, blob domain.Blob) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.NoPut != nil {
		return b.NoPut
	}
	b.Kept[key] = string(blob.Content)
	return nil
}

// Get implements ports.Blobs.
func (b *Blobs) Get(_ context.Context, key domain.BlobKey) (domain.Blob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.Kept[key]
	if !ok {
		return domain.Blob{}, domain.ErrNotFound
	}
	return domain.Blob{ContentType: "image/png", Content: []byte(content)}, nil
}

// Remove implements ports.Blobs.
func (b *Blobs) Remove(_ context.Context, key domain.BlobKey) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.NoRemove != nil {
		return b.NoRemove
	}
	delete(b.Kept, key)
	return nil
}
