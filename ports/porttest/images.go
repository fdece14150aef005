package porttest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestImages checks that a ports.Images does what its documentation says. It
// calls open once per subtest.
func TestImages(t *testing.T, open func(*testing.T) ports.Images) {
	tests := []struct {
		name string
		test func(*testing.T, ports.Images)
	}{
		{"PNG, JPEG and WebP become PNG", testImageFormats},
		{"a large picture shrinks and keeps its proportions", testImageSizes},
		{"a picture that fits keeps its pixels", testImagePixels},
		{"transparency is kept", testImageAlpha},
		{"nothing is left but the picture", testImageMetadata},
		{"a photo is upright", testImageOrientation},
		{"everything else is refused", testImageUnsupported},
		{"what is too large is refused", testImageTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, open(t))
		})
	}
}

func testImageFormats(t *testing.T, images ports.Images) {
	picture := plainImage(60, 40, color.NRGBA{200, 30, 60, 255})
	lossyWebP, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		upload []byte
		size   image.Point
	}{
		{"PNG", encodePNG(t, picture), image.Pt(60, 40)},
		{"JPEG", encodeJPEG(t, picture), image.Pt(60, 40)},
		{"lossless WebP", plainWebP(60, 40, color.NRGBA{200, 30, 60, 255}), image.Pt(60, 40)},
		{"lossy WebP", lossyWebP, image.Pt(1, 1)},
	}
	for _, tt := range tests {
		got := normalize(t, images, tt.upload)
		if got.Bounds().Size() != tt.size {
			t.Errorf("%s: the picture is %v, want %v", tt.name, got.Bounds().Size(), tt.size)
		}
		if tt.size.X > 1 {
			wantColor(t, tt.name, got, image.Pt(30, 20), color.NRGBA{200, 30, 60, 255})
		}
	}
}

func testImageSizes(t *testing.T, images ports.Images) {
	tests := []struct{ w, h, wantW, wantH int }{
		{1, 1, 1, 1},
		{512, 512, 512, 512},
		{513, 512, 512, 511},
		{1024, 512, 512, 256},
		{700, 1400, 256, 512},
		{4096, 1, 512, 1},
		{1, 4096, 1, 512},
	}
	for _, tt := range tests {
		got := normalize(t, images, plainWebP(tt.w, tt.h, color.NRGBA{10, 120, 230, 255})).Bounds().Size()
		if want := image.Pt(tt.wantW, tt.wantH); got != want {
			t.Errorf("a picture of %dx%d becomes %v, want %v", tt.w, tt.h, got, want)
		}
	}
}

func testImagePixels(t *testing.T, images ports.Images) {
	want := image.NewNRGBA(image.Rect(0, 0, 37, 23))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range want.Pix {
		want.Pix[i] = byte(random.Uint32())
		if i%4 == 3 {
			want.Pix[i] = 255
		}
	}
	got := normalize(t, images, encodePNG(t, want))
	for y := range 23 {
		for x := range 37 {
			if g, w := color.NRGBAModel.Convert(got.At(x, y)), want.NRGBAAt(x, y); g != w {
				t.Fatalf("pixel %d,%d = %v, want %v", x, y, g, w)
			}
		}
	}
}

func testImageAlpha(t *testing.T, images ports.Images) {
	for _, size := range []int{64, 1024} {
		// Left half see-through, right half opaque.
		picture := plainImage(size, size, color.NRGBA{0, 160, 0, 255})
		for y := range size {
			for x := range size / 2 {
				picture.SetNRGBA(x, y, color.NRGBA{0, 160, 0, 128})
			}
		}
		got := normalize(t, images, encodePNG(t, picture))
		w := got.Bounds().Dx()
		wantColor(t, "left", got, image.Pt(w/4, w/2), color.NRGBA{0, 160, 0, 128})
		wantColor(t, "right", got, image.Pt(w*3/4, w/2), color.NRGBA{0, 160, 0, 255})
	}
	got := normalize(t, images, plainWebP(8, 8, color.NRGBA{0, 0, 0, 0}))
	wantColor(t, "WebP", got, image.Pt(4, 4), color.NRGBA{})
}

func testImageMetadata(t *testing.T, images ports.Images) {
	const secret = "52.5163N 13.3777E"
	picture := encodePNG(t, plainImage(20, 10, color.NRGBA{200, 30, 60, 255}))
	tests := []struct {
		name   string
		upload []byte
	}{
		{"EXIF in a JPEG", withEXIF(encodeJPEG(t, plainImage(20, 10, color.NRGBA{9, 9, 9, 255})), 1, secret)},
		{"a comment in a JPEG", withSegment(encodeJPEG(t, plainImage(20, 10, color.NRGBA{9, 9, 9, 255})), 0xfe, []byte(secret))},
		{"text in a PNG", slices.Concat(picture[:33], pngChunk("tEXt", []byte("Comment\x00"+secret)), picture[33:])},
		{"EXIF in a PNG", slices.Concat(picture[:33], pngChunk("eXIf", []byte("II*\x00"+secret)), picture[33:])},
		{"a chunk of nobody's in a PNG", slices.Concat(picture[:33], pngChunk("roWh", []byte(secret)), picture[33:])},
		{"what follows the end of a PNG", slices.Concat(picture, []byte("PK\x03\x04<script>"+secret))},
	}
	for _, tt := range tests {
		blob, err := images.Normalize(t.Context(), tt.upload)
		if err != nil {
			t.Errorf("%s: Normalize = %v", tt.name, err)
			continue
		}
		if bytes.Contains(blob.Content, []byte(secret)) {
			t.Errorf("%s survives", tt.name)
		}
		wantOnlyPixels(t, tt.name, blob.Content)
	}

	// A picture can hide another one where it is wholly transparent.
	hidden := plainImage(8, 8, color.NRGBA{1, 2, 3, 0})
	wantColor(t, "transparent", normalize(t, images, encodePNG(t, hidden)), image.Pt(4, 4), color.NRGBA{})
}

// testImageOrientation turns a picture of four colors in all eight ways.
func testImageOrientation(t *testing.T, images ports.Images) {
	red, green := color.NRGBA{230, 20, 20, 255}, color.NRGBA{20, 200, 20, 255}
	blue, grey := color.NRGBA{20, 20, 230, 255}, color.NRGBA{128, 128, 128, 255}
	const w, h = 64, 32
	picture := plainImage(w, h, red)
	for y := range h {
		for x := range w {
			switch {
			case x >= w/2 && y < h/2:
				picture.SetNRGBA(x, y, green)
			case x < w/2 && y >= h/2:
				picture.SetNRGBA(x, y, blue)
			case x >= w/2:
				picture.SetNRGBA(x, y, grey)
			}
		}
	}
	upload := encodeJPEG(t, picture)
	// The corners in reading order, as they are seen.
	tests := map[int][4]color.NRGBA{
		0: {red, green, blue, grey}, // not an orientation
		1: {red, green, blue, grey},
		2: {green, red, grey, blue},
		3: {grey, blue, green, red},
		4: {blue, grey, red, green},
		5: {red, blue, green, grey},
		6: {blue, red, grey, green},
		7: {grey, green, blue, red},
		8: {green, grey, red, blue},
		9: {red, green, blue, grey}, // not an orientation
	}
	for orientation, corners := range tests {
		got := normalize(t, images, withEXIF(upload, orientation, "52.5163N 13.3777E"))
		size := image.Pt(w, h)
		if orientation >= 5 && orientation <= 8 {
			size = image.Pt(h, w)
		}
		if got.Bounds().Size() != size {
			t.Errorf("orientation %d: the picture is %v, want %v", orientation, got.Bounds().Size(), size)
			continue
		}
		for i, want := range corners {
			at := image.Pt(size.X/4+i%2*size.X/2, size.Y/4+i/2*size.Y/2)
			wantColor(t, "orientation "+string(rune('0'+orientation)), got, at, want)
		}
	}
}

func testImageUnsupported(t *testing.T, images ports.Images) {
	picture := plainImage(300, 200, color.NRGBA{200, 30, 60, 255})
	asPNG, asJPEG, asWebP := encodePNG(t, picture), encodeJPEG(t, picture), plainWebP(300, 200, color.NRGBA{1, 2, 3, 255})
	var asGIF bytes.Buffer
	if err := gif.Encode(&asGIF, picture, nil); err != nil {
		t.Fatal(err)
	}
	const svg = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	tests := []struct {
		name   string
		upload []byte
	}{
		{"no bytes", nil},
		{"one byte", []byte{0x89}},
		{"a GIF", asGIF.Bytes()},
		{"a bitmap", []byte("BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00")},
		{"an SVG, whatever its file name was", []byte(svg)},
		{"an SVG behind an XML declaration", []byte(`<?xml version="1.0"?>` + svg)},
		{"a page", []byte("<!doctype html><script>alert(1)</script>")},
		{"a picture that begins as a page does", slices.Concat([]byte("<!doctype html>"), asPNG)},
		{"a page that begins as a PNG does", []byte("\x89PNG\r\n\x1a\n<script>alert(1)</script>")},
		{"a page that begins as a JPEG does", []byte("\xff\xd8\xff\xe0<script>alert(1)</script>")},
		{"a page that begins as a WebP does", []byte("RIFF\x40\x00\x00\x00WEBPVP8 <script>alert(1)</script>")},
		{"a PNG cut off in its header", asPNG[:20]},
		{"a PNG cut off in its pixels", asPNG[:len(asPNG)-30]},
		{"a JPEG cut off in its header", asJPEG[:100]},
		{"a JPEG cut off in its pixels", asJPEG[:len(asJPEG)-30]},
		{"a WebP cut off", asWebP[:len(asWebP)-6]},
		{"a PNG without area", pngOfSize(0, 10)},
		{"a PNG with a broken check sum", slices.Replace(slices.Clone(asPNG), 29, 30, asPNG[29]^1)},
	}
	for _, tt := range tests {
		blob, err := images.Normalize(t.Context(), tt.upload)
		wantRefusal(t, tt.name, blob, err, domain.ErrImageUnsupported)
	}
}

func testImageTooLarge(t *testing.T, images ports.Images) {
	small := encodePNG(t, plainImage(2, 2, color.NRGBA{1, 2, 3, 255}))
	padded := func(n int) []byte { return append(slices.Clone(small), make([]byte, n-len(small))...) }
	if _, err := images.Normalize(t.Context(), padded(domain.MaxImageBytes)); err != nil {
		t.Errorf("an upload of the largest size: Normalize = %v, want nil", err)
	}
	tests := []struct {
		name   string
		upload []byte
	}{
		{"one byte too many", padded(domain.MaxImageBytes + 1)},
		{"too much of what is no image", []byte(strings.Repeat(" ", domain.MaxImageBytes+1))},
		{"a PNG of 20000 by 20000", pngOfSize(20000, 20000)},
		{"a PNG of 2^20 by 2^20", pngOfSize(1<<20, 1<<20)},
		{"a PNG one pixel too wide", pngOfSize(4097, 1)},
		{"a PNG one pixel too high", pngOfSize(1, 4097)},
		{"a JPEG of 65500 by 65500", jpegOfSize(t, 65500, 65500)},
		{"a WebP one pixel too wide", plainWebP(4097, 1, color.NRGBA{1, 2, 3, 255})},
		{"a WebP of the largest size there is", plainWebP(16384, 16384, color.NRGBA{1, 2, 3, 255})},
	}
	for _, tt := range tests {
		blob, err := images.Normalize(t.Context(), tt.upload)
		wantRefusal(t, tt.name, blob, err, domain.ErrImageTooLarge)
	}
}

// normalize returns the picture that came out.
func normalize(t *testing.T, images ports.Images, upload []byte) image.Image {
	t.Helper()
	blob, err := images.Normalize(t.Context(), upload)
	if err != nil {
		t.Fatalf("Normalize = %v, want nil", err)
	}
	if blob.ContentType != "image/png" {
		t.Errorf("the content type is %q, want image/png", blob.ContentType)
	}
	picture, err := png.Decode(bytes.NewReader(blob.Content))
	if err != nil {
		t.Fatalf("the result is no PNG: %v", err)
	}
	wantOnlyPixels(t, "the result", blob.Content)
	return picture
}

// wantRefusal compares the codes of the field: the errors themselves all count
// as the same, since errors.Is looks at validation_failed.
func wantRefusal(t *testing.T, name string, blob domain.Blob, err error, want *domain.Error) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || len(e.Fields) != 1 || e.Fields[0] != want.Fields[0] {
		t.Errorf("%s: Normalize = %v, want %v", name, err, want)
	}
	if len(blob.Content) > 0 {
		t.Errorf("%s: Normalize returned %d bytes besides the error", name, len(blob.Content))
	}
}

// wantColor allows for what JPEG and scaling blur.
func wantColor(t *testing.T, name string, picture image.Image, at image.Point, want color.NRGBA) {
	t.Helper()
	at = at.Add(picture.Bounds().Min)
	got, ok := color.NRGBAModel.Convert(picture.At(at.X, at.Y)).(color.NRGBA)
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 12 }
	if !ok || !near(got.R, want.R) || !near(got.G, want.G) || !near(got.B, want.B) || !near(got.A, want.A) {
		t.Errorf("%s: pixel %v = %v, want about %v", name, at, got, want)
	}
}

// wantOnlyPixels checks that a PNG consists of nothing but the chunks that make
// the picture, and ends with the last of them.
func wantOnlyPixels(t *testing.T, name string, content []byte) {
	t.Helper()
	rest := content[min(8, len(content)):]
	for len(rest) >= 12 {
		kind := string(rest[4:8])
		if !slices.Contains([]string{"IHDR", "PLTE", "tRNS", "IDAT", "IEND"}, kind) {
			t.Errorf("%s: the PNG has a chunk %q", name, kind)
		}
		rest = rest[min(12+int(binary.BigEndian.Uint32(rest)), len(rest)):]
		if kind == "IEND" {
			break
		}
	}
	if len(rest) > 0 {
		t.Errorf("%s: %d bytes follow the end of the PNG", name, len(rest))
	}
}

func plainImage(w, h int, c color.NRGBA) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			picture.SetNRGBA(x, y, c)
		}
	}
	return picture
}

func encodePNG(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngChunk(kind string, data []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, kind...), data...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
}

// pngOfSize returns a PNG that claims a size and holds hardly any pixels.
func pngOfSize(w, h uint32) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	header = append(header, 8, 6, 0, 0, 0) // 8 bits, RGBA
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", header),
		pngChunk("IDAT", []byte{0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1}), pngChunk("IEND", nil))
}

// jpegOfSize returns a JPEG that claims a size and holds hardly any pixels.
func jpegOfSize(t *testing.T, w, h uint16) []byte {
	t.Helper()
	upload := encodeJPEG(t, plainImage(8, 8, color.NRGBA{1, 2, 3, 255}))
	frame := bytes.Index(upload, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(upload[frame+5:], h)
	binary.BigEndian.PutUint16(upload[frame+7:], w)
	return upload
}

// withSegment puts a segment in front of a JPEG.
func withSegment(upload []byte, marker byte, data []byte) []byte {
	segment := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2))
	return slices.Concat(upload[:2], segment, data, upload[2:])
}

// withEXIF puts an orientation and a note into a JPEG, as cameras do.
func withEXIF(upload []byte, orientation int, note string) []byte {
	order := binary.BigEndian
	tiff := append([]byte("Exif\x00\x00MM\x00*"), 0, 0, 0, 8, 0, 2)
	tiff = order.AppendUint16(tiff, 0x010e) // ImageDescription
	tiff = order.AppendUint16(tiff, 2)      // text
	tiff = order.AppendUint32(tiff, uint32(len(note)))
	tiff = order.AppendUint32(tiff, 8+2+2*12+4)
	tiff = order.AppendUint16(tiff, 0x0112) // Orientation
	tiff = order.AppendUint16(tiff, 3)      // number of 16 bits
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, uint16(orientation))
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	return withSegment(upload, 0xe1, append(tiff, note...))
}

// plainWebP returns a lossless WebP of one color, since Go has no encoder. Its
// five prefix codes have one symbol each, so that pixels take no bits at all
// (RFC 9649, section 3.7).
func plainWebP(w, h int, c color.NRGBA) []byte {
	var bits, n uint64
	stream := []byte{0x2f}
	write := func(value uint64, count uint64) {
		bits |= value << n
		for n += count; n >= 8; n -= 8 {
			stream = append(stream, byte(bits))
			bits >>= 8
		}
	}
	write(uint64(w-1), 14)
	write(uint64(h-1), 14)
	write(1, 1) // alpha is used
	write(0, 3) // version
	write(0, 1) // no transform
	write(0, 1) // no color cache
	write(0, 1) // one group of codes
	for _, symbol := range []uint8{c.G, c.R, c.B, c.A, 0} {
		write(0b101, 3) // a simple code with one symbol of 8 bits
		write(uint64(symbol), 8)
	}
	write(0, 7)
	if len(stream)%2 == 1 {
		stream = append(stream, 0)
	}
	chunk := binary.LittleEndian.AppendUint32([]byte("WEBPVP8L"), uint32(len(stream)))
	chunk = append(chunk, stream...)
	return slices.Concat(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(chunk))), chunk)
}
