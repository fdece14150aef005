package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"rowhouse/test/apitest"
)

// webpPixel is a WebP of one pixel.
const webpPixel = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"

// fileOf returns the path of a file below our own origin.
func fileOf(t *testing.T, address string) string {
	t.Helper()
	if !aFileURL.MatchString(address) {
		t.Fatalf("%q is no address of a file", address)
	}
	return strings.TrimPrefix(address, apitest.PublicURL)
}

func TestPictures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		field  string
		whose  func(apitest.Company) *apitest.Client
		upload func(apitest.Company) string
	}{
		{"a logo", "logo_url", func(c apitest.Company) *apitest.Client { return c.Admin }, func(c apitest.Company) string { return c.Path("/logo") }},
		{"an avatar", "avatar_url", func(c apitest.Company) *apitest.Client { return c.Member }, func(apitest.Company) string { return "/me/avatar" }},
	} {
		t.Run(tc.name+" is public at a random address, and gone when it is replaced or removed", func(t *testing.T) {
			t.Parallel()
			s := apitest.New(t)
			c := s.Found(t, "Acme")
			who, path := tc.whose(c), tc.upload(c)

			res := who.Upload(path, picture(t, 600, 300)).Want(http.StatusOK)
			first := fileOf(t, res.Text(tc.field))
			file := s.Anonymous(t).Send(http.MethodGet, first, nil, nil).Want(http.StatusOK)
			for name, want := range map[string]string{
				"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable",
				"Content-Security-Policy": "sandbox; default-src 'none'", "Cross-Origin-Resource-Policy": "cross-origin",
			} {
				wantHeader(t, file, name, want)
			}
			config, err := png.DecodeConfig(bytes.NewReader(file.Body))
			if err != nil || config.Width != 512 || config.Height != 256 {
				t.Errorf("stored as %v, %v; want a PNG of 512 by 256", config, err)
			}
			if len(file.Cookies()) > 0 {
				t.Error("a public file sets cookies")
			}
			head := s.Anonymous(t).Send(http.MethodHead, first, nil, nil).Want(http.StatusOK)
			if len(head.Body) > 0 || head.Header.Get("Content-Type") != "image/png" {
				t.Errorf("HEAD: %q %v", head.Body, head.Header)
			}

			second := fileOf(t, who.Upload(path, picture(t, 8, 8)).Want(http.StatusOK).Text(tc.field))
			s.Anonymous(t).Send(http.MethodGet, first, nil, nil).WantProblem(http.StatusNotFound, "not_found")
			s.Anonymous(t).Send(http.MethodGet, second, nil, nil).Want(http.StatusOK)

			if got := who.Delete(path).Want(http.StatusOK).JSON()[tc.field]; got != nil {
				t.Errorf("%s = %v, want null", tc.field, got)
			}
			s.Anonymous(t).Send(http.MethodGet, second, nil, nil).WantProblem(http.StatusNotFound, "not_found")
			who.Delete(path).Want(http.StatusOK) // there is none any more: as it should be
		})
	}

	t.Run("an avatar shows wherever its user does", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		c := s.Found(t, "Acme")
		address := c.Owner.Upload("/me/avatar", picture(t, 8, 8)).Want(http.StatusOK).Text("avatar_url")
		for _, path := range []string{c.Path("/members/" + c.OwnerID)} {
			if got := c.Member.Get(path).Object("user")["avatar_url"]; got != address {
				t.Errorf("%s: %v, want %s", path, got, address)
			}
		}
		added := c.Member.Get(c.Path("/workspaces/" + c.Open + "/members")).Data()[0]["user"].(M)
		if added["avatar_url"] != address {
			t.Errorf("workspace member: %v", added)
		}
		c.Member.Upload(c.Path("/logo"), picture(t, 8, 8)).WantProblem(http.StatusForbidden, "forbidden")
		c.Member.Delete(c.Path("/logo")).WantProblem(http.StatusForbidden, "forbidden")
	})
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a small PNG that says it is 20000 pixels wide and high.
func bomb(t *testing.T) []byte {
	t.Helper()
	b := picture(t, 1, 1)
	header := b[12 : 12+4+13] // the type and data of IHDR
	binary.BigEndian.PutUint32(header[4:], 20_000)
	binary.BigEndian.PutUint32(header[8:], 20_000)
	binary.BigEndian.PutUint32(b[12+4+13:], crc32.ChecksumIEEE(header))
	return b
}

func TestPictures_Uploads(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	small := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
	webp, err := base64.StdEncoding.DecodeString(webpPixel)
	if err != nil {
		t.Fatal(err)
	}
	jpg := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, small, nil) })
	withComment := append(append(append([]byte{}, jpg[:2]...), "\xff\xfe\x00\x1ecanary: 52.5163 N, 13.377 E"...), jpg[2:]...)

	for _, tc := range []struct {
		name    string
		content []byte
		code    string
	}{
		{"a PNG is taken", picture(t, 4, 4), ""},
		{"a JPEG is taken", jpg, ""},
		{"a WebP is taken", webp, ""},
		{"a JPEG is taken and what it says beside the picture dropped", withComment, ""},
		{"a PNG with HTML behind it is taken and the HTML dropped", append(picture(t, 4, 4), "canary<script>alert(1)</script>"...), ""},
		{"nothing", nil, "unsupported_image"},
		{"a GIF", encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, small, nil) }), "unsupported_image"},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "unsupported_image"},
		{"a text", []byte("hello"), "unsupported_image"},
		{"HTML", []byte("<!doctype html><script>alert(1)</script>"), "unsupported_image"},
		{"the beginning of a PNG", picture(t, 64, 64)[:40], "unsupported_image"},
		{"a PNG's signature alone", picture(t, 4, 4)[:8], "unsupported_image"},
		{"a PNG that says it is huge", bomb(t), "image_too_large"},
		{"a PNG of 4097 pixels", picture(t, 4097, 1), "image_too_large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			who := s.SignUp(t, "Ada")
			res := who.Upload("/me/avatar", tc.content)
			if tc.code != "" {
				wantField(t, res, "file", tc.code)
				if got := who.Get("/me").JSON()["avatar_url"]; got != nil {
					t.Errorf("avatar_url = %v", got)
				}
				wantField(t, c.Owner.On(t).Upload(c.Path("/logo"), tc.content), "file", tc.code)
				return
			}
			file := who.Send(http.MethodGet, fileOf(t, res.Want(http.StatusOK).Text("avatar_url")), nil, nil).Want(http.StatusOK)
			wantHeader(t, file, "Content-Type", "image/png")
			if bytes.Contains(file.Body, []byte("canary")) {
				t.Error("more than the picture was kept")
			}
		})
	}
}

func TestPictures_Forms(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	png := picture(t, 4, 4)
	for _, tc := range []struct {
		name   string
		write  func(*multipart.Writer) error
		change func(http.Header, []byte) (http.Header, []byte)
		status int
		code   string // of the problem, or of the field
		field  string
	}{
		{name: "a name that is a path does not matter", status: 200, write: func(w *multipart.Writer) error {
			return addFile(w, "file", "../../../etc/cron.d/x.svg", png)
		}},
		{name: "two files", status: 422, field: "file", code: "too_many", write: func(w *multipart.Writer) error {
			if err := addFile(w, "file", "a.png", png); err != nil {
				return err
			}
			return addFile(w, "file", "b.png", png)
		}},
		{name: "no file", status: 422, field: "file", code: "required", write: func(*multipart.Writer) error { return nil }},
		{name: "a value in place of the file", status: 422, field: "file", code: "required", write: func(w *multipart.Writer) error {
			return w.WriteField("file", string(png))
		}},
		{name: "another field beside it", status: 422, field: "organization_id", code: "unknown_field", write: func(w *multipart.Writer) error {
			if err := addFile(w, "file", "a.png", png); err != nil {
				return err
			}
			return w.WriteField("organization_id", "x")
		}},
		{name: "another file beside it", status: 422, field: "other", code: "unknown_field", write: func(w *multipart.Writer) error {
			if err := addFile(w, "file", "a.png", png); err != nil {
				return err
			}
			return addFile(w, "other", "a.png", png)
		}},
		{name: "a form cut short", status: 400, code: "malformed_body", change: func(h http.Header, b []byte) (http.Header, []byte) { return h, b[:len(b)-30] }},
		{name: "a form without a boundary", status: 400, code: "malformed_body", change: func(_ http.Header, b []byte) (http.Header, []byte) {
			return http.Header{"Content-Type": {"multipart/form-data"}}, b
		}},
		{name: "another boundary", status: 400, code: "malformed_body", change: func(_ http.Header, b []byte) (http.Header, []byte) {
			return http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, b
		}},
		{name: "no body", status: 400, code: "malformed_body", change: func(h http.Header, _ []byte) (http.Header, []byte) { return h, nil }},
		{name: "the picture itself", status: 415, code: "unsupported_media_type", change: func(http.Header, []byte) (http.Header, []byte) {
			return http.Header{"Content-Type": {"image/png"}}, png
		}},
		{name: "JSON", status: 415, code: "unsupported_media_type", change: func(http.Header, []byte) (http.Header, []byte) {
			return jsonHeader(), []byte(`{"file":"x"}`)
		}},
		{name: "no content type", status: 415, code: "unsupported_media_type", change: func(_ http.Header, b []byte) (http.Header, []byte) { return nil, b }},
		{name: "a form that is compressed", status: 415, code: "unsupported_media_type", change: func(h http.Header, b []byte) (http.Header, []byte) {
			h.Set("Content-Encoding", "gzip")
			return h, b
		}},
		{name: "a file of a mebibyte is looked at", status: 422, field: "file", code: "unsupported_image", write: func(w *multipart.Writer) error {
			return addFile(w, "file", "a.png", make([]byte, 1<<20))
		}},
		{name: "one byte more is too large", status: 413, code: "body_too_large", write: func(w *multipart.Writer) error {
			return addFile(w, "file", "a.png", make([]byte, 1<<20+1))
		}},
		{name: "a form far beyond it", status: 413, code: "body_too_large", write: func(w *multipart.Writer) error {
			return addFile(w, "file", "a.png", make([]byte, 1<<20+1<<19))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.write == nil {
				tc.write = func(w *multipart.Writer) error { return addFile(w, "file", "a.png", png) }
			}
			header, body := form(t, tc.write)
			if tc.change != nil {
				header, body = tc.change(header, body)
			}
			who := s.SignUp(t, "Ada")
			res := who.Send(http.MethodPut, "/api/v1/me/avatar", header, body)
			switch {
			case tc.field != "":
				wantField(t, res, tc.field, tc.code)
			case tc.code != "":
				res.WantProblem(tc.status, tc.code)
			default:
				res.Want(tc.status)
			}
		})
	}
}

func TestFiles_NotFound(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "Ada")
	file := fileOf(t, ada.Upload("/me/avatar", picture(t, 4, 4)).Want(http.StatusOK).Text("avatar_url"))
	for _, path := range []string{
		"/files/x", "/files/", "/files", file + "x", file[:len(file)-1], strings.ToUpper(file), "/files/..%2f..%2fetc%2fpasswd",
		"/files/" + strings.Repeat("t", 65), "/files/t" + file[len("/files/u"):], file + "/", file + "%00",
	} {
		res := s.Anonymous(t).Send(http.MethodGet, path, nil, nil)
		if path == file+"/" { // the same file, by a slash too many
			continue
		}
		res.WantProblem(http.StatusNotFound, "not_found")
		if got := res.Header.Get("Cache-Control"); strings.Contains(got, "public") {
			t.Errorf("%s may be kept for good: %s", path, got)
		}
	}
	ada.Send(http.MethodDelete, file, nil, nil).WantProblem(http.StatusMethodNotAllowed, "method_not_allowed")
}
