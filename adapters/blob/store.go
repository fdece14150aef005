// Package blob keeps files in a directory, in S3 or in memory.
package blob

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Store is a ports.Blobs.
type Store struct {
	bucket *blob.Bucket
	dir    string // where the files lie; "" if that is no directory
}

var _ ports.Blobs = (*Store)(nil)

// Open returns the Store that an address names, and a function that closes it:
//
//	mem://                         in memory, gone with the process
//	file:///var/lib/rowhouse       in a directory, which is made if need be
//	s3://bucket?region=eu-north-1  in S3
//
// Other services that speak S3 want endpoint=https://host and mostly
// use_path_style=true too. Credentials come from where the AWS SDK looks for
// them, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Open does not
// reach for S3: the first use does.
func Open(ctx context.Context, address string) (*Store, func(), error) {
	s, err := open(ctx, address)
	if err != nil {
		return nil, nil, fmt.Errorf("open blob store: %w", err)
	}
	// The error would only tell of what is lost anyway: all is written when
	// Put returns.
	return s, func() { _ = s.bucket.Close() }, nil
}

func open(ctx context.Context, address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case memblob.Scheme:
		return &Store{bucket: memblob.OpenBucket(nil)}, nil
	case s3blob.Scheme:
		bucket, err := new(s3blob.URLOpener).OpenBucketURL(ctx, u)
		return &Store{bucket: bucket}, err
	case fileblob.Scheme:
		return openDirectory(u)
	default:
		return nil, fmt.Errorf("the scheme %q is none of mem, file and s3", u.Scheme)
	}
}

// Only the process itself may read what its users upload.
const (
	directoryMode = 0o700
	fileMode      = 0o600
)

func openDirectory(u *url.URL) (*Store, error) {
	if u.Host != "" || u.RawQuery != "" || !filepath.IsAbs(u.Path) {
		return nil, fmt.Errorf("%q does not name a directory as file:///path does", u)
	}
	bucket, err := fileblob.OpenBucket(u.Path, &fileblob.Options{
		CreateDir:   true,
		DirFileMode: directoryMode,
		NoTempDir:   true, // a rename from another file system would fail
	})
	return &Store{bucket: bucket, dir: u.Path}, err
}

// Put implements ports.Blobs. It fails on a key that is not of the form that
// domain.BlobKey describes.
func (s *Store) Put(ctx context.Context, key domain.BlobKey, b domain.Blob) error {
	if !wellFormed(key) {
		return fmt.Errorf("put blob: %q is no key", key)
	}
	err := s.bucket.WriteAll(ctx, string(key), b.Content, &blob.WriterOptions{
		ContentType: b.ContentType,
		BeforeWrite: func(as func(any) bool) error { return s.protect(key, as) },
	})
	if err != nil {
		return fmt.Errorf("put blob %s: %w", key, err)
	}
	return nil
}

// protect hides a file from other users of the machine before anything is
// written to it; fileblob leaves that to the umask. It is called for every
// kind of bucket.
func (s *Store) protect(key domain.BlobKey, as func(any) bool) error {
	var file *os.File
	if s.dir == "" || !as(&file) {
		return nil
	}
	if err := file.Chmod(fileMode); err != nil {
		return err
	}
	// fileblob keeps the content type beside the file, and the mode of what
	// is there already.
	attributes := filepath.Join(s.dir, filepath.FromSlash(string(key))+".attrs")
	beside, err := os.OpenFile(attributes, os.O_CREATE, fileMode) //nolint:gosec // a well-formed key stays inside
	if err != nil {
		return err
	}
	return beside.Close()
}

// Get implements ports.Blobs.
func (s *Store) Get(ctx context.Context, key domain.BlobKey) (domain.Blob, error) {
	if !wellFormed(key) {
		return domain.Blob{}, domain.ErrNotFound
	}
	b, err := s.get(ctx, string(key))
	switch {
	case gcerrors.Code(err) == gcerrors.NotFound:
		return domain.Blob{}, domain.ErrNotFound
	case err != nil:
		return domain.Blob{}, fmt.Errorf("get blob %s: %w", key, err)
	}
	return b, nil
}

func (s *Store) get(ctx context.Context, key string) (domain.Blob, error) {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return domain.Blob{}, err
	}
	defer func() { _ = r.Close() }()
	content, err := io.ReadAll(r)
	return domain.Blob{ContentType: r.ContentType(), Content: content}, err
}

// Remove implements ports.Blobs.
func (s *Store) Remove(ctx context.Context, key domain.BlobKey) error {
	if !wellFormed(key) {
		return nil
	}
	err := s.bucket.Delete(ctx, string(key))
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("remove blob %s: %w", key, err)
	}
	return nil
}

// wellFormed reports whether key has the form of our keys. No other one can be
// a file, least of all one that leads out of the directory.
func wellFormed(key domain.BlobKey) bool {
	same, err := domain.BlobKeyOf(key.FileName())
	return err == nil && same == key
}
