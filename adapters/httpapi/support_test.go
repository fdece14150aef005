package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

type M = apitest.M

// The clock of the tests stands here until it is moved.
const start = "2030-05-01T12:00:00Z"

// Limits and permissions as answers show them.
var (
	freeLimits = M{"members": 5, "workspaces": 3, "api_calls": 10_000, "storage_bytes": 1 << 30, "compute_seconds": 3600}

	adminPermissions = []any{"organization:update", "members:invite", "members:manage", "workspaces:manage", "usage:record"}
	ownerPermissions = []any{
		"organization:update", "organization:delete", "organization:transfer", "members:invite",
		"members:manage", "workspaces:manage", "billing:manage", "usage:record",
	}
)

// matching stands in an expected body for a text that is not known before.
type matching struct{ *regexp.Regexp }

var (
	anID      = matching{regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)}
	aFileURL  = matching{regexp.MustCompile(`^http://rowhouse\.test/files/[tu][0-9a-f]{64}$`)}
	aCursor   = matching{regexp.MustCompile(`^[A-Za-z0-9_-]{40,}$`)}
	aSentence = matching{regexp.MustCompile(`^[A-Z].*\.$`)}
)

// wantBody compares a whole body.
func wantBody(tb testing.TB, res *apitest.Response, want any) {
	tb.Helper()
	var got any
	if err := json.Unmarshal(res.Body, &got); err != nil {
		tb.Fatalf("body is not JSON: %v: %s", err, res.Body)
	}
	if diff := differ("body", got, want); diff != "" {
		tb.Errorf("%s %s: %s\n%s", res.Request.Method, res.Request.URL.Path, diff, res.Body)
	}
}

// differ says where got first differs from want, or "".
func differ(path string, got, want any) string {
	switch w := want.(type) {
	case matching:
		if text, ok := got.(string); !ok || !w.MatchString(text) {
			return fmt.Sprintf("%s = %v, want what matches %s", path, got, w)
		}
		return ""
	case M:
		g, ok := got.(M)
		if !ok {
			return fmt.Sprintf("%s = %v, want an object", path, got)
		}
		for name := range g {
			if _, ok := w[name]; !ok {
				return fmt.Sprintf("%s has %s = %v, which nobody expects", path, name, g[name])
			}
		}
		for name := range w {
			value, ok := g[name]
			if !ok {
				return fmt.Sprintf("%s has no %s", path, name)
			}
			if diff := differ(path+"."+name, value, w[name]); diff != "" {
				return diff
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Sprintf("%s = %v, want %d elements", path, got, len(w))
		}
		for i := range w {
			if diff := differ(fmt.Sprintf("%s[%d]", path, i), g[i], w[i]); diff != "" {
				return diff
			}
		}
		return ""
	case int:
		want = float64(w)
	}
	if got != want {
		return fmt.Sprintf("%s = %v, want %v", path, got, want)
	}
	return ""
}

// wantField fails the test unless the answer is a 422 about this one field.
func wantField(tb testing.TB, res *apitest.Response, field, code string) {
	tb.Helper()
	res.WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	if codes := res.FieldCodes(); len(codes) != 1 || codes[field] != code {
		tb.Errorf("fields = %v, want %s: %s", codes, field, code)
	}
}

// wantHeader fails the test unless the answer has the header exactly so.
func wantHeader(tb testing.TB, res *apitest.Response, name, want string) {
	tb.Helper()
	if got := strings.Join(res.Header.Values(name), " | "); got != want {
		tb.Errorf("%s %s: %s = %q, want %q", res.Request.Method, res.Request.URL.Path, name, got, want)
	}
}

// mails returns what was sent to an address, newest first.
func mails(tb testing.TB, s *apitest.Server, to string) []domain.Mail {
	tb.Helper()
	return s.Mails(tb, domain.Email(to))
}

// wantTold fails the test unless a mail to the user has the subject.
func wantTold(tb testing.TB, s *apitest.Server, who *apitest.Client, subject string) {
	tb.Helper()
	list := mails(tb, s, who.Email())
	if !slices.ContainsFunc(list, func(m domain.Mail) bool { return m.Subject == subject }) {
		tb.Errorf("nothing in %d mails to %s is about %q", len(list), who.Email(), subject)
	}
}

// mailedToken returns the token in the newest mail to an address.
func mailedToken(tb testing.TB, s *apitest.Server, to string) string {
	tb.Helper()
	list := mails(tb, s, to)
	if len(list) == 0 || len(list[0].Links) != 1 {
		tb.Fatalf("no link was mailed to %s: %v", to, list)
	}
	_, token, ok := strings.Cut(list[0].Links[0], "#")
	if !ok {
		tb.Fatalf("no token in %s", list[0].Links[0])
	}
	return token
}

// signInAs opens another session of the same user.
func signInAs(tb testing.TB, s *apitest.Server, who *apitest.Client, password string) *apitest.Client {
	tb.Helper()
	c := s.Anonymous(tb)
	c.Post("/auth/sign-in", M{"email": who.Email(), "password": password}).Want(http.StatusOK)
	return c
}

// withCookie returns a client that holds one cookie and nothing else.
func withCookie(tb testing.TB, s *apitest.Server, session string) *apitest.Client {
	tb.Helper()
	c := s.Anonymous(tb)
	c.SetCookie("rowhouse_session", session)
	return c
}

// picture returns a PNG of one colour.
func picture(tb testing.TB, width, height int) []byte {
	tb.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.NRGBA{R: 40, G: 90, B: 200, A: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// form returns a multipart body and its headers.
func form(tb testing.TB, write func(*multipart.Writer) error) (http.Header, []byte) {
	tb.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := write(w); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return http.Header{"Content-Type": {w.FormDataContentType()}}, body.Bytes()
}

// addFile puts a file into a form.
func addFile(w *multipart.Writer, field, name string, content []byte) error {
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	return err
}

// answer is the head of an answer to raw bytes.
type answer struct {
	StatusCode int
	Header     http.Header
}

// raw sends bytes that no client would send, and reads one answer.
func raw(tb testing.TB, s *apitest.Server, request string) (head answer, text string) {
	tb.Helper()
	conn := s.Dial(tb)
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		tb.Fatal(err)
	}
	go io.WriteString(conn, request) // a refusal may come before the end of it
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		tb.Fatalf("answer to %.60q: %v", request, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatalf("answer to %.60q: %v", request, err)
	}
	return answer{res.StatusCode, res.Header}, string(body)
}

// rawAs is the head of a raw request by somebody who is signed in.
func rawAs(c *apitest.Client, line string) string {
	return line + " HTTP/1.1\r\nHost: rowhouse.test\r\nConnection: close\r\nCookie: rowhouse_session=" + c.Cookie("rowhouse_session") +
		"; csrf_token=" + c.Cookie("csrf_token") + "\r\nX-CSRF-Token: " + c.Cookie("csrf_token") + "\r\n"
}

// jsonHeader is what comes with a JSON body.
func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// stripped returns status, headers and body of an answer without what differs
// from answer to answer.
func stripped(res *apitest.Response) string {
	header := res.Header.Clone()
	id := header.Get("X-Request-Id")
	header.Del("Date")
	header.Del("X-Request-Id")
	return fmt.Sprint(res.StatusCode, header, strings.ReplaceAll(string(res.Body), id, ""))
}

func itoa(n int) string { return strconv.Itoa(n) }

func mustJSON(tb testing.TB, v any) []byte {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
