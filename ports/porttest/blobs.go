package porttest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestBlobs checks that a ports.Blobs does what its documentation says. It
// calls open once per subtest; open must return an empty store.
func TestBlobs(t *testing.T, open func(*testing.T) ports.Blobs) {
	tests := []struct {
		name string
		test func(*testing.T, ports.Blobs)
	}{
		{"what is put can be got", testBlobRoundTrip},
		{"a file that is not there is not found", testBlobNotFound},
		{"a removed file is gone, and no other", testBlobRemove},
		{"a file that is not there can be removed", testBlobRemoveTwice},
		{"files of different owners do not meet", testBlobOwners},
		{"the store keeps its own copy", testBlobCopy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

// Two owners and the names of two files, all of them UUIDs.
const (
	blobOwner1 = "01890a5d-ac96-774b-bcce-b302099a8057"
	blobOwner2 = "01890a5d-ac96-774b-bcce-b302099a8058"
	blobName1  = "01890a5d-ac96-7f3a-8000-000000000001"
	blobName2  = "01890a5d-ac96-7f3a-8000-000000000002"
)

func testBlobRoundTrip(t *testing.T, blobs ports.Blobs) {
	large := make([]byte, 2<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range large {
		large[i] = byte(random.Uint32())
	}
	tests := []struct {
		name string
		blob domain.Blob
	}{
		{"a picture", domain.Blob{ContentType: "image/png", Content: []byte("\x89PNG\r\n\x1a\n\x00\xff")}},
		{"text that says it is a picture", domain.Blob{ContentType: "image/webp", Content: []byte("<html>")}},
		{"a type with a parameter", domain.Blob{ContentType: "text/csv; charset=utf-8", Content: []byte("a,b\r\n")}},
		{"an empty file", domain.Blob{ContentType: "application/octet-stream", Content: nil}},
		{"a large file", domain.Blob{ContentType: "application/zip", Content: large}},
	}
	key := domain.NewOrganizationBlobKey(blobOwner1, blobName1)
	for _, tt := range tests {
		putBlob(t, blobs, key, tt.blob)
		wantBlob(t, tt.name, blobs, key, tt.blob)
		removeBlob(t, blobs, key)
	}
}

func testBlobNotFound(t *testing.T, blobs ports.Blobs) {
	// The store is not empty, and has files of the same owner.
	putBlob(t, blobs, domain.NewOrganizationBlobKey(blobOwner1, blobName1), textBlob("1"))
	wantNoBlob(t, blobs, domain.NewOrganizationBlobKey(blobOwner1, blobName2))
	wantNoBlob(t, blobs, domain.NewOrganizationBlobKey(blobOwner2, blobName1))
}

func testBlobRemove(t *testing.T, blobs ports.Blobs) {
	key, other := domain.NewUserBlobKey(blobOwner1, blobName1), domain.NewUserBlobKey(blobOwner1, blobName2)
	putBlob(t, blobs, key, textBlob("1"))
	putBlob(t, blobs, other, textBlob("2"))
	removeBlob(t, blobs, key)
	wantNoBlob(t, blobs, key)
	wantBlob(t, "the other file", blobs, other, textBlob("2"))
}

func testBlobRemoveTwice(t *testing.T, blobs ports.Blobs) {
	key, other := domain.NewUserBlobKey(blobOwner1, blobName1), domain.NewUserBlobKey(blobOwner1, blobName2)
	removeBlob(t, blobs, key)
	putBlob(t, blobs, other, textBlob("2"))
	removeBlob(t, blobs, key)
	wantBlob(t, "the other file", blobs, other, textBlob("2"))
}

func testBlobOwners(t *testing.T, blobs ports.Blobs) {
	keys := []domain.BlobKey{
		domain.NewOrganizationBlobKey(blobOwner1, blobName1),
		domain.NewOrganizationBlobKey(blobOwner2, blobName1),
		domain.NewUserBlobKey(blobOwner1, blobName1),
	}
	for _, key := range keys {
		putBlob(t, blobs, key, textBlob(string(key)))
	}
	for _, key := range keys {
		wantBlob(t, "the file", blobs, key, textBlob(string(key)))
	}
}

func testBlobCopy(t *testing.T, blobs ports.Blobs) {
	key := domain.NewOrganizationBlobKey(blobOwner1, blobName1)
	content := []byte("original")
	putBlob(t, blobs, key, domain.Blob{ContentType: "text/plain", Content: content})
	copy(content, "changed!")
	got, err := blobs.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get = %v, want nil", err)
	}
	copy(got.Content, "changed!")
	wantBlob(t, "after both slices changed", blobs, key, domain.Blob{ContentType: "text/plain", Content: []byte("original")})
}

func textBlob(text string) domain.Blob {
	return domain.Blob{ContentType: "text/plain", Content: []byte(text)}
}

func putBlob(t *testing.T, blobs ports.Blobs, key domain.BlobKey, blob domain.Blob) {
	t.Helper()
	if err := blobs.Put(t.Context(), key, blob); err != nil {
		t.Fatalf("Put %s = %v, want nil", key, err)
	}
}

func removeBlob(t *testing.T, blobs ports.Blobs, key domain.BlobKey) {
	t.Helper()
	if err := blobs.Remove(t.Context(), key); err != nil {
		t.Fatalf("Remove %s = %v, want nil", key, err)
	}
}

func wantBlob(t *testing.T, name string, blobs ports.Blobs, key domain.BlobKey, want domain.Blob) {
	t.Helper()
	got, err := blobs.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("%s: Get = %v, want nil", name, err)
	}
	if got.ContentType != want.ContentType {
		t.Errorf("%s: the content type is %q, want %q", name, got.ContentType, want.ContentType)
	}
	if !bytes.Equal(got.Content, want.Content) {
		t.Errorf("%s: Get returned other content (%d bytes) than was put (%d bytes)", name, len(got.Content), len(want.Content))
	}
}

func wantNoBlob(t *testing.T, blobs ports.Blobs, key domain.BlobKey) {
	t.Helper()
	if got, err := blobs.Get(t.Context(), key); !errors.Is(err, domain.ErrNotFound) || got.Content != nil {
		t.Errorf("Get %s = %d bytes, %v; want none, ErrNotFound", key, len(got.Content), err)
	}
}
