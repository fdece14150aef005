package blob_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"rowhouse/adapters/blob"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	porttest.TestBlobs(t, func(t *testing.T) ports.Blobs { return open(t, "mem://") })
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	porttest.TestBlobs(t, func(t *testing.T) ports.Blobs { return open(t, "file://"+t.TempDir()) })
}

// Not parallel, since credentials come from the environment.
func TestS3(t *testing.T) {
	porttest.TestBlobs(t, func(t *testing.T) ports.Blobs { return open(t, s3(t)) })
}

func TestOpen(t *testing.T) {
	t.Parallel()

	plain := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		address string
	}{
		{"no scheme", "/var/lib/rowhouse"},
		{"another scheme", "gs://bucket"},
		{"no address", ""},
		{"not an address", "://"},
		{"a directory without a path", "file://"},
		{"a directory on another machine", "file://var/lib/rowhouse"},
		{"a directory with parameters", "file:///tmp/rowhouse?metadata=skip"},
		{"a directory that is a file", "file://" + plain},
		{"a directory below a file", "file://" + plain + "/below"},
		{"S3 without a bucket", "s3://"},
		{"S3 with an unknown parameter", "s3://bucket?colour=red"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" is refused", func(t *testing.T) {
			t.Parallel()
			if _, _, err := blob.Open(t.Context(), tt.address); err == nil || !strings.HasPrefix(err.Error(), "open blob store: ") {
				t.Errorf("Open(%q) = %v, want an error that says what failed", tt.address, err)
			}
		})
	}
}

func TestDirectoryLastsAndIsPrivate(t *testing.T) {
	t.Parallel()

	// The directory itself exists already and is open to all.
	base := t.TempDir()
	dir := filepath.Join(base, "made", "by us")
	address := (&url.URL{Scheme: "file", Path: dir}).String()
	if err := open(t, address).Put(t.Context(), key, picture); err != nil {
		t.Fatal(err)
	}

	got, err := open(t, address).Get(t.Context(), key)
	if err != nil || got.ContentType != picture.ContentType || string(got.Content) != string(picture.Content) {
		t.Errorf("Get from a store opened again = %v, %v; want what was put", got, err)
	}

	files := 0
	err = filepath.WalkDir(filepath.Join(base, "made"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files != 2 {
		t.Errorf("%d files lie in the directory, want the content and its type", files)
	}
}

func TestKeysStayInside(t *testing.T) {
	t.Parallel()

	base := t.TempDir()
	outside := filepath.Join(base, "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(base, "store")
	store := open(t, "file://"+dir)
	if err := store.Put(t.Context(), key, picture); err != nil {
		t.Fatal(err)
	}
	keys := []domain.BlobKey{
		"", ".", "/", "..", "../outside", "../../outside", "t/../../outside", "t/" + owner + "/../../../outside",
		domain.BlobKey(outside), "/t/" + owner + "/" + random, "t//" + owner + "/" + random,
		"t/" + owner, "t/" + owner + "/", "t/" + owner + "/" + random + "/", "t/" + owner + "/" + random + ".attrs",
		"x/" + owner + "/" + random, "T/" + owner + "/" + random, `t\` + owner + `\` + random,
		"t/" + owner + "/" + random + "\x00", domain.BlobKey(strings.ToUpper(string(key))),
	}
	for _, k := range keys {
		if err := store.Put(t.Context(), k, picture); err == nil {
			t.Errorf("Put %q = nil, want an error", k)
		}
		if _, err := store.Get(t.Context(), k); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("Get %q = %v, want ErrNotFound", k, err)
		}
		if err := store.Remove(t.Context(), k); err != nil {
			t.Errorf("Remove %q = %v, want nil", k, err)
		}
	}
	if content, err := os.ReadFile(outside); err != nil || string(content) != "secret" {
		t.Errorf("the file outside is %q, %v; want it untouched", content, err)
	}
	if entries, err := os.ReadDir(base); err != nil || len(entries) != 2 {
		t.Errorf("%d entries lie beside the store, %v; want 2", len(entries), err)
	}
	if _, err := store.Get(t.Context(), key); err != nil {
		t.Errorf("Get %s = %v, want nil", key, err)
	}
}

func TestUnreachable(t *testing.T) {
	address := s3(t)
	store := open(t, strings.Replace(address, "bucket", "other-bucket", 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	tests := []struct {
		name string
		call func(context.Context) error
	}{
		{"Put", func(ctx context.Context) error { return store.Put(ctx, key, picture) }},
		{"Get", func(ctx context.Context) error { _, err := store.Get(ctx, key); return err }},
		{"Remove", func(ctx context.Context) error { return store.Remove(ctx, key) }},
	}
	for _, tt := range tests {
		if err := tt.call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s that is cancelled = %v, want %v", tt.name, err, context.Canceled)
		}
	}
	if err := store.Put(t.Context(), key, picture); err == nil || errors.Is(err, domain.ErrNotFound) {
		t.Errorf("Put into a bucket that is not there = %v, want an error other than ErrNotFound", err)
	}
}

// A key and a file to put there.
const (
	owner  = "01890a5d-ac96-774b-bcce-b302099a8057"
	random = "01890a5d-ac96-7f3a-8000-000000000001"
	key    = domain.BlobKey("t/" + owner + "/" + random)
)

var picture = domain.Blob{ContentType: "image/png", Content: []byte("\x89PNG")}

func open(t *testing.T, address string) *blob.Store {
	t.Helper()
	store, closeStore, err := blob.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeStore)
	return store
}

// s3 returns the address of an empty bucket on a server of its own.
func s3(t *testing.T) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	q := url.Values{"region": {"eu-north-1"}, "endpoint": {server.URL}, "use_path_style": {"true"}}
	return "s3://bucket?" + q.Encode()
}
