package imaging_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowhouse/adapters/imaging"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestImages(t *testing.T) {
	t.Parallel()
	porttest.TestImages(t, func(*testing.T) ports.Images { return imaging.New(imaging.DefaultConfig()) })
}

// Not parallel, since it measures the memory of the whole process.
func TestRefusingTakesNoMemory(t *testing.T) {
	tests := []struct {
		name   string
		upload []byte
		want   string
	}{
		{"a PNG of 20000 by 20000", pngHeader(20000, 20000), "image_too_large"},
		{"a progressive JPEG of 4096 by 4096", scans(4096, 10), "image_too_large"},
		{"a JPEG of thousands of scans", scans(3000, 30_000), "unsupported_image"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.upload) > domain.MaxImageBytes {
				t.Fatalf("the upload has %d bytes: its length would refuse it", len(tt.upload))
			}
			images := imaging.New(imaging.DefaultConfig())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := images.Normalize(t.Context(), tt.upload)
			runtime.ReadMemStats(&after)
			if got := fieldCode(err); got != tt.want {
				t.Errorf("Normalize = %v, want %s", err, tt.want)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 256<<10 {
				t.Errorf("Normalize allocated %d KiB, want at most 256", grown>>10)
			}
		})
	}
}

func TestProgressiveJPEG(t *testing.T) {
	t.Parallel()
	blob, err := imaging.New(imaging.DefaultConfig()).Normalize(t.Context(), scans(1000, 10))
	if err != nil {
		t.Fatalf("Normalize = %v, want nil", err)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(blob.Content)); err != nil || c.Width != 512 {
		t.Errorf("the result is %d pixels wide, %v; want 512, nil", c.Width, err)
	}
}

func TestLargestPicture(t *testing.T) {
	t.Parallel()
	var upload bytes.Buffer
	if err := png.Encode(&upload, image.NewGray(image.Rect(0, 0, 4096, 4096))); err != nil {
		t.Fatal(err)
	}
	c := imaging.DefaultConfig()
	c.Work = time.Minute // the race detector makes it ten times slower
	if _, err := imaging.New(c).Normalize(t.Context(), upload.Bytes()); err != nil {
		t.Errorf("Normalize = %v, want nil", err)
	}
}

// What is wrong with the metadata of a photo must not keep anybody from it.
func TestBrokenEXIF(t *testing.T) {
	t.Parallel()

	const entry = "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
	tests := []struct {
		name    string
		segment string
	}{
		{"a segment without a byte", ""},
		{"no header", "Exif\x00\x00"},
		{"half a header", "Exif\x00\x00MM\x00*\x00\x00"},
		{"neither byte order", "Exif\x00\x00ZZ\x00*\x00\x00\x00\x08\x00\x01" + entry},
		{"a directory that begins with the last byte", "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00"},
		{"a directory that begins at the end", "Exif\x00\x00MM\x00*\x00\x00\x00\x08"},
		{"a directory far behind the end", "Exif\x00\x00MM\x00*\xff\xff\xff\xff\x00\x01" + entry},
		{"a directory without entries", "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00" + entry},
		{"fewer entries than it says", "Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + strings.Repeat("\x00", 12)},
		{"half an entry", "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01" + entry[:6]},
		{"an orientation that is text", "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x02" + entry[4:]},
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewNRGBA(image.Rect(0, 0, 9, 7)), nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			segment := slices.Concat([]byte{0xff, 0xe1, 0, byte(2 + len(tt.segment))}, []byte(tt.segment))
			upload := slices.Concat(photo.Bytes()[:2], segment, photo.Bytes()[2:])
			blob, err := imaging.New(imaging.DefaultConfig()).Normalize(t.Context(), upload)
			if err != nil {
				t.Fatalf("Normalize = %v, want nil", err)
			}
			c, err := png.DecodeConfig(bytes.NewReader(blob.Content))
			if err != nil || c.Width != 9 || c.Height != 7 {
				t.Errorf("the result is %dx%d, %v; want 9x7, nil", c.Width, c.Height, err)
			}
		})
	}
}

func TestDecoderFailure(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		decode func(io.Reader) (image.Image, error)
	}{
		{"an error refuses the picture", func(io.Reader) (image.Image, error) { return nil, errors.New("torn") }},
		{"a panic refuses the picture", func(io.Reader) (image.Image, error) { panic("index out of range") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := imaging.DefaultConfig()
			c.Slots = 1
			images := imaging.NewWithDecoder(c, 8, 8, tt.decode)
			for range 3 { // the slot is free again each time
				if _, err := images.Normalize(t.Context(), []byte("TEST")); fieldCode(err) != "unsupported_image" {
					t.Errorf("Normalize = %v, want ErrImageUnsupported", err)
				}
			}
		})
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()

	// Each test runs on a clock that jumps to the next timer once everybody
	// waits, so that five seconds take no time.
	tests := []struct {
		name string
		test func(*testing.T)
	}{
		{"two pictures are decoded at once, and the third waits", func(t *testing.T) {
			d := newSlowDecoder()
			images := d.images()
			var done []<-chan error
			for range 3 {
				done = append(done, normalize(t.Context(), images))
			}
			synctest.Wait()
			if got := len(d.started); got != 2 {
				t.Errorf("%d decode at once, want 2", got)
			}
			close(d.finish)
			for _, err := range done {
				if err := <-err; err != nil {
					t.Errorf("Normalize = %v, want nil", err)
				}
			}
			if got := len(d.started); got != 3 {
				t.Errorf("%d were decoded in all, want 3", got)
			}
		}},
		{"a call gives up after the longest wait", func(t *testing.T) {
			d := newSlowDecoder()
			images := d.images()
			first, second := normalize(t.Context(), images), normalize(t.Context(), images)
			synctest.Wait()
			start := time.Now()
			if err := <-normalize(t.Context(), images); !errors.Is(err, domain.ErrOverloaded) {
				t.Errorf("Normalize = %v, want ErrOverloaded", err)
			}
			if waited := time.Since(start); waited != 5*time.Second {
				t.Errorf("Normalize waited %v, want 5s", waited)
			}
			close(d.finish)
			<-first
			<-second
		}},
		{"a cancelled call does not wait", func(t *testing.T) {
			d := newSlowDecoder()
			images := d.images()
			first, second := normalize(t.Context(), images), normalize(t.Context(), images)
			synctest.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			third := normalize(ctx, images)
			synctest.Wait()
			cancel()
			if err := <-third; !errors.Is(err, context.Canceled) {
				t.Errorf("Normalize = %v, want %v", err, context.Canceled)
			}
			close(d.finish)
			<-first
			<-second
		}},
		{"a decoder reads no further once the call is cancelled", func(t *testing.T) {
			d := newSlowDecoder()
			ctx, cancel := context.WithCancel(t.Context())
			done := normalize(ctx, d.images())
			synctest.Wait()
			cancel()
			close(d.finish)
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("Normalize = %v, want %v", err, context.Canceled)
			}
		}},
		{"a picture that takes too long is refused", func(t *testing.T) {
			d := newSlowDecoder()
			done := normalize(t.Context(), d.images())
			time.AfterFunc(imaging.DefaultConfig().Work+time.Second, func() { close(d.finish) })
			if err := <-done; fieldCode(err) != "unsupported_image" {
				t.Errorf("Normalize = %v, want ErrImageUnsupported", err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, tt.test)
		})
	}
}

// FuzzNormalize looks for uploads that end the process, or that come out as
// anything but a small PNG.
func FuzzNormalize(f *testing.F) {
	var asPNG, asJPEG bytes.Buffer
	picture := image.NewNRGBA(image.Rect(0, 0, 9, 7))
	if err := errors.Join(png.Encode(&asPNG, picture), jpeg.Encode(&asJPEG, picture, nil)); err != nil {
		f.Fatal(err)
	}
	exif := "\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
	f.Add(asPNG.Bytes())
	f.Add(asJPEG.Bytes())
	f.Add(slices.Concat(asJPEG.Bytes()[:2], []byte(exif), asJPEG.Bytes()[2:]))
	f.Add([]byte("RIFF\x22\x00\x00\x00WEBPVP8 \x16\x00\x00\x00\x30\x01\x00\x9d\x01\x2a\x01\x00\x01\x00\x0e\xc0\xfe\x25\xa4\x00\x03\x70\x00\x00\x00\x00"))
	c := imaging.DefaultConfig()
	c.Work = time.Minute // the machine is busy
	images := imaging.New(c)
	f.Fuzz(func(t *testing.T, upload []byte) {
		blob, err := images.Normalize(t.Context(), upload)
		if err != nil {
			if fieldCode(err) == "" {
				t.Fatalf("Normalize = %v, want an error of the domain", err)
			}
			return
		}
		c, err := png.DecodeConfig(bytes.NewReader(blob.Content))
		if err != nil || c.Width > 512 || c.Height > 512 {
			t.Fatalf("the result is %dx%d, %v", c.Width, c.Height, err)
		}
	})
}

// slowDecoder decodes only once it is allowed to finish.
type slowDecoder struct {
	started chan struct{} // one item for each start
	finish  chan struct{}
}

func newSlowDecoder() *slowDecoder {
	return &slowDecoder{started: make(chan struct{}, 10), finish: make(chan struct{})}
}

func (d *slowDecoder) images() *imaging.Images {
	return imaging.NewWithDecoder(imaging.DefaultConfig(), 8, 8, func(r io.Reader) (image.Image, error) {
		d.started <- struct{}{}
		<-d.finish
		if _, err := io.ReadAll(r); err != nil {
			return nil, err
		}
		return image.NewGray(image.Rect(0, 0, 8, 8)), nil
	})
}

func normalize(ctx context.Context, images *imaging.Images) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := images.Normalize(ctx, []byte("TEST"))
		done <- err
	}()
	return done
}

// fieldCode returns the code of the only field of a domain.Error.
func fieldCode(err error) string {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || len(e.Fields) != 1 {
		return ""
	}
	return e.Fields[0].Code
}

// pngHeader returns the beginning of a PNG of 8-bit RGBA.
func pngHeader(w, h uint16) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	header := b.Bytes()[:33]
	copy(header[16:], []byte{0, 0, byte(w >> 8), byte(w), 0, 0, byte(h >> 8), byte(h)})
	binary.BigEndian.PutUint32(header[29:], crc32.ChecksumIEEE(header[12:29]))
	return b.Bytes()
}

// scans returns a grey progressive JPEG, a square of n scans. Each of them
// visits all blocks of the picture to say, in a few bytes, that nothing changes.
func scans(side, n int) []byte {
	hi, lo := byte(side>>8), byte(side)
	upload := []byte("\xff\xd8\xff\xdb\x00\x43\x00")
	upload = append(upload, bytes.Repeat([]byte{1}, 64)...)
	upload = append(upload, 0xff, 0xc2, 0, 11, 8, hi, lo, hi, lo, 1, 1, 0x11, 0)
	// One code of one bit: 2^14 blocks and more are at their end.
	upload = append(upload, 0xff, 0xc4, 0, 20, 0x10, 1)
	upload = append(upload, make([]byte, 15)...)
	upload = append(upload, 0xe0)
	blocks := ((side + 7) / 8) * ((side + 7) / 8)
	scan := append([]byte{0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0}, make([]byte, (blocks/(1<<14)+1)*15/8+1)...)
	upload = append(upload, bytes.Repeat(scan, n)...)
	return append(upload, 0xff, 0xd9)
}
