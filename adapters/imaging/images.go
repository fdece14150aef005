// Package imaging makes uploaded pictures harmless.
package imaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	scale "golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Config says how much work is done at once. Start from DefaultConfig.
type Config struct {
	// Slots is how many pictures are worked on at once, at least 1. A large
	// one can take 250 MiB for a second. Defaults to 2.
	Slots int
	// Wait is how long a call waits for a slot. Defaults to 5 s.
	Wait time.Duration
	// Work is how long a picture may take to decode; one that takes longer
	// was made for that. Defaults to 5 s.
	Work time.Duration
}

// DefaultConfig returns the limits for production.
func DefaultConfig() Config {
	return Config{Slots: 2, Wait: 5 * time.Second, Work: 5 * time.Second}
}

// The largest picture that is decoded, and the largest that comes out.
const (
	maxSide      = 4096
	maxPixels    = maxSide * maxSide
	maxDecoded   = 192 << 20 // bytes that a decoder needs
	resultSide   = 512
	resultFormat = "image/png"
)

// A progressive JPEG refines its picture in scans, ten or so. A scan can take
// 30 bytes and visit every pixel: as many as fit an upload take minutes.
const (
	startOfScan = "\xff\xda"
	maxScans    = 64
)

// Images is a ports.Images.
type Images struct {
	formats []format
	slots   chan struct{} // holds one item for each picture at work
	wait    time.Duration
	work    time.Duration
}

var _ ports.Images = (*Images)(nil)

// New returns an Images with the limits of c.
func New(c Config) *Images {
	return &Images{
		formats: []format{
			{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
			{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
			{"RIFF????WEBPVP8", webp.DecodeConfig, webp.Decode},
		},
		slots: make(chan struct{}, max(c.Slots, 1)),
		wait:  c.Wait,
		work:  c.Work,
	}
}

// Normalize implements ports.Images. It fails with domain.ErrOverloaded where
// too many pictures come at once. Photos are turned upright.
func (i *Images) Normalize(ctx context.Context, upload []byte) (domain.Blob, error) {
	if len(upload) > domain.MaxImageBytes {
		return domain.Blob{}, domain.ErrImageTooLarge
	}
	f, ok := i.formatOf(upload)
	if !ok {
		return domain.Blob{}, domain.ErrImageUnsupported
	}
	if err := f.check(upload); err != nil {
		return domain.Blob{}, err
	}
	if err := i.acquire(ctx); err != nil {
		return domain.Blob{}, err
	}
	defer i.release()
	picture, err := i.decode(ctx, f, upload)
	if err != nil {
		return domain.Blob{}, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, upright(fit(picture), orientation(upload))); err != nil {
		return domain.Blob{}, fmt.Errorf("encode image: %w", err)
	}
	return domain.Blob{ContentType: resultFormat, Content: out.Bytes()}, nil
}

// decode reads the picture. The decoders know no context, so it ends what they
// read from.
func (i *Images) decode(ctx context.Context, f format, upload []byte) (image.Image, error) {
	work, cancel := context.WithTimeout(ctx, i.work)
	defer cancel()
	picture, err := f.picture(&reader{ctx: work, from: bytes.NewReader(upload)})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("decode image: %w", ctx.Err())
	}
	if err != nil {
		return nil, domain.ErrImageUnsupported
	}
	return picture, nil
}

// acquire takes a slot; the caller gives it back with release.
func (i *Images) acquire(ctx context.Context) error {
	timer := time.NewTimer(i.wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait to decode an image: %w", ctx.Err())
	case i.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return domain.ErrOverloaded
	}
}

func (i *Images) release() { <-i.slots }

func (i *Images) formatOf(upload []byte) (format, bool) {
	for _, f := range i.formats {
		if f.matches(upload) {
			return f, true
		}
	}
	return format{}, false
}

// format is a kind of image that is accepted. The registry of package image is
// not used: any import could add a decoder to it.
type format struct {
	magic  string // what it begins with; "?" stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

func (f format) matches(upload []byte) bool {
	if len(upload) < len(f.magic) {
		return false
	}
	for i := range len(f.magic) {
		if f.magic[i] != '?' && f.magic[i] != upload[i] {
			return false
		}
	}
	return true
}

// check reads the header and refuses what would be too large to decode.
func (f format) check(upload []byte) (err error) {
	defer recovered(&err)
	c, err := f.config(bytes.NewReader(upload))
	switch {
	case err != nil || c.Width < 1 || c.Height < 1:
		return domain.ErrImageUnsupported
	case c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels:
		return domain.ErrImageTooLarge
	case c.Width*c.Height*bytesPerPixel(upload, c.ColorModel) > maxDecoded:
		return domain.ErrImageTooLarge
	case bytes.Count(upload, []byte(startOfScan)) > maxScans:
		return domain.ErrImageUnsupported
	}
	return nil
}

// bytesPerPixel returns how much memory a decoder needs at most. Progressive
// JPEGs stand out: their decoder keeps 32 bits for every sample of every
// channel until the last scan.
func bytesPerPixel(upload []byte, model color.Model) int {
	const (
		progressiveRGB  = 3 * (1 + 4)
		progressiveCMYK = 4*(1+4) + 4
		other           = 8 + 4 // an interlaced PNG of 16 bits: the picture and one pass
	)
	// FF C2 begins a progressive frame. It can stand in metadata or a table
	// too, where it merely makes the limit stricter.
	progressive := bytes.Contains(upload, []byte{0xff, 0xc2})
	switch {
	case upload[0] != 0xff || !progressive:
		return other
	case model == color.CMYKModel:
		return progressiveCMYK
	default:
		return progressiveRGB
	}
}

// picture decodes.
func (f format) picture(r io.Reader) (picture image.Image, err error) {
	defer recovered(&err)
	return f.decode(r)
}

// recovered turns a panic into an error. Decoders read what strangers made up,
// and one of their bugs must cost no more than that picture.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = domain.ErrImageUnsupported
	}
}

// reader reads until ctx ends.
type reader struct {
	ctx  context.Context
	from io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

// fit returns the picture in plain pixels, made smaller where it does not fit
// the result. Whatever a transparent pixel hid is gone.
func fit(picture image.Image) *image.RGBA {
	from := picture.Bounds()
	w, h := from.Dx(), from.Dy()
	if longer := max(w, h); longer > resultSide {
		w, h = max(w*resultSide/longer, 1), max(h*resultSide/longer, 1)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if out.Rect.Size() == from.Size() {
		draw.Draw(out, out.Rect, picture, from.Min, draw.Src)
	} else {
		scale.CatmullRom.Scale(out, out.Rect, picture, from, scale.Src, nil)
	}
	return out
}
