package imaging

import (
	"image"
	"io"
)

// NewWithDecoder returns an Images that takes uploads beginning with "TEST",
// believes them to be of the given size and decodes them with decode.
func NewWithDecoder(c Config, w, h int, decode func(io.Reader) (image.Image, error)) *Images {
	i := New(c)
	i.formats = []format{{
		magic:  "TEST",
		config: func(io.Reader) (image.Config, error) { return image.Config{Width: w, Height: h}, nil },
		decode: decode,
	}}
	return i
}
