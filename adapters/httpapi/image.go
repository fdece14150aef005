package httpapi

import (
	"fmt"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"rowhouse/core/domain"
)

// ImageInput is an uploaded picture.
type ImageInput struct {
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `doc:"PNG, JPEG or WebP, at most 1 MiB and 4096 by 4096 pixels." form:"file" required:"true"`
	}]
}

// content reads the file. What it is, its content alone will tell: neither its
// name nor the type that the client claims is looked at.
func (in *ImageInput) content() ([]byte, error) {
	file := in.RawBody.Data().File
	content, err := io.ReadAll(io.LimitReader(file, domain.MaxImageBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	if len(content) > domain.MaxImageBytes {
		return nil, errBodyTooLarge
	}
	return content, nil
}
