package ports

import (
	"context"

	"rowhouse/core/domain"
)

// Blobs keeps files.
type Blobs interface {
	// Put stores a file. A key of another form than domain.BlobKey's is an
	// error here, and names nothing below.
	Put(ctx context.Context, key domain.BlobKey, blob domain.Blob) error
	// Get returns the file, or domain.ErrNotFound.
	Get(ctx context.Context, key domain.BlobKey) (domain.Blob, error)
	// Remove deletes the file; one that is not there is no error.
	Remove(ctx context.Context, key domain.BlobKey) error
}

// Images makes uploaded pictures harmless.
type Images interface {
	// Normalize decodes a PNG, JPEG or WebP image, known by its content alone,
	// and returns it as a PNG of at most 512 by 512 pixels that holds nothing
	// but the picture, upright. It fails with domain.ErrImageUnsupported, with
	// domain.ErrImageTooLarge before it decodes what would be too large, and
	// with domain.ErrOverloaded.
	Normalize(ctx context.Context, upload []byte) (domain.Blob, error)
}

// Transliterator writes other scripts in ASCII letters.
type Transliterator interface {
	// ASCII returns text with every character replaced by what comes closest
	// to it in ASCII, or by nothing.
	ASCII(text string) string
}
