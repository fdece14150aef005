package domain_test

import (
	"strings"
	"testing"

	"rowhouse/core/domain"
)

const (
	ownerID  = "0190163d-8694-739b-aea5-966c26f8ad91"
	randomID = "0190163d-8694-739b-aea5-966c26f8ad92"
)

func TestBlobKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		key      domain.BlobKey
		want     domain.BlobKey
		fileName string
	}{
		{
			"a file of an organization", domain.NewOrganizationBlobKey(ownerID, randomID),
			"t/" + ownerID + "/" + randomID, "t0190163d8694739baea5966c26f8ad910190163d8694739baea5966c26f8ad92",
		},
		{
			"a file of a user", domain.NewUserBlobKey(ownerID, randomID),
			"u/" + ownerID + "/" + randomID, "u0190163d8694739baea5966c26f8ad910190163d8694739baea5966c26f8ad92",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name+" is found by its name", func(t *testing.T) {
			t.Parallel()
			if tt.key != tt.want {
				t.Errorf("key = %q, want %q", tt.key, tt.want)
			}
			if got := tt.key.FileName(); got != tt.fileName {
				t.Errorf("FileName = %q, want %q", got, tt.fileName)
			}
			if got, err := domain.BlobKeyOf(tt.fileName); got != tt.want || err != nil {
				t.Errorf("BlobKeyOf = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestBlobKeyOfRefuses(t *testing.T) {
	t.Parallel()
	const digits = "0190163d8694739baea5966c26f8ad910190163d8694739baea5966c26f8ad92"
	for name, fileName := range map[string]string{
		"nothing":                     "",
		"only the kind":               "t",
		"another kind":                "x" + digits,
		"a kind in capitals":          "T" + digits,
		"a digit too few":             "t" + digits[1:],
		"a digit too many":            "t" + digits + "0",
		"an ending":                   "t" + digits + ".png",
		"capitals, which name no key": "t" + strings.ToUpper(digits),
		"a capital in the last digit": "t" + digits[:63] + "A",
		"a letter that is no digit":   "t" + digits[:63] + "g",
		"dots":                        "t" + strings.Repeat("../", 21) + "x",
		"slashes":                     "t/" + digits[:63],
		"an escape":                   "t%2e" + digits[:61],
		"a zero byte":                 "t" + digits[:63] + "\x00",
		"letters of several bytes":    "t" + strings.Repeat("é", 32),
		"the key itself":              "t/" + ownerID + "/" + randomID,
		"hyphens":                     "t" + strings.Repeat("-", 64),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := domain.BlobKeyOf(fileName)
			wantError(t, "BlobKeyOf", err, domain.ErrNotFound)
			if got != "" {
				t.Errorf("BlobKeyOf = %q beside the error, want nothing", got)
			}
		})
	}
}

func FuzzBlobKeyOf(f *testing.F) {
	for _, seed := range []string{
		"t0190163d8694739baea5966c26f8ad910190163d8694739baea5966c26f8ad92", "u" + strings.Repeat("0", 64), "t" + strings.Repeat("A", 64),
		"t/../../etc/passwd", "", "t" + strings.Repeat("é", 32), "t" + strings.Repeat("\x00", 64),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, fileName string) {
		key, err := domain.BlobKeyOf(fileName)
		if err != nil {
			wantError(t, "BlobKeyOf", err, domain.ErrNotFound)
			return
		}
		if got := key.FileName(); got != fileName {
			t.Errorf("BlobKeyOf(%q) = %q, whose name is %q", fileName, key, got)
		}
		parts := strings.Split(string(key), "/")
		if len(parts) != 3 || parts[0] != "t" && parts[0] != "u" || !domain.IsUUID(parts[1]) || !domain.IsUUID(parts[2]) {
			t.Errorf("BlobKeyOf(%q) = %q, which is outside of where files lie", fileName, key)
		}
	})
}
