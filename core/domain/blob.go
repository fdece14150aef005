package domain

import "strings"

// BlobKey names a stored file. It begins with whose it is, so that files of
// one tenant lie together: "t/{organization}/{random}" or "u/{user}/{random}".
type BlobKey string

// NewOrganizationBlobKey names a file of an organization. random is a UUID of
// its own.
func NewOrganizationBlobKey(id OrganizationID, random string) BlobKey {
	return BlobKey("t/" + string(id) + "/" + random)
}

// NewUserBlobKey names a file of a user. random is a UUID of its own.
func NewUserBlobKey(id UserID, random string) BlobKey {
	return BlobKey("u/" + string(id) + "/" + random)
}

// FileName is the key as one path segment, for public addresses: the same
// letters without separators.
func (k BlobKey) FileName() string {
	return strings.NewReplacer("/", "", "-", "").Replace(string(k))
}

// BlobKeyOf is the inverse of FileName. It fails with ErrNotFound.
func BlobKeyOf(fileName string) (BlobKey, error) {
	const hexLength = 32
	if len(fileName) != 1+2*hexLength || fileName[0] != 't' && fileName[0] != 'u' {
		return "", ErrNotFound
	}
	owner, ok1 := uuidOfHex(fileName[1 : 1+hexLength])
	random, ok2 := uuidOfHex(fileName[1+hexLength:])
	if !ok1 || !ok2 {
		return "", ErrNotFound
	}
	return BlobKey(fileName[:1] + "/" + owner + "/" + random), nil
}

func uuidOfHex(s string) (string, bool) {
	id := s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	return id, IsUUID(id) && id == strings.ToLower(id)
}

// Blob is a stored file.
type Blob struct {
	ContentType string
	Content     []byte
}

// MaxImageBytes is the largest image that can be uploaded.
const MaxImageBytes = 1 << 20

// Reasons why an image is refused.
var (
	ErrImageUnsupported = Invalid("file", "unsupported_image", "Choose a PNG, JPEG or WebP image.")
	ErrImageTooLarge    = Invalid("file", "image_too_large", "Choose an image of at most 4096 by 4096 pixels and 1 MiB.")
)
