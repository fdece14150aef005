package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"rowhouse/test/apitest"
)

// A request that gives its length twice over, once as a number and once by
// chunks, may be read as one request here and as two by a proxy in front. It
// is refused, and nothing that follows on the connection is read (RFC 9112,
// section 6.1).
func TestHostile_TwoWaysToEndABody(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	const first, second = "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"
	for name, headers := range map[string]string{"length first": first + second, "chunks first": second + first, "in any case": "content-LENGTH: 5\r\ntransfer-ENCODING: chunked\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.Dial(t)
			if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			_, err := fmt.Fprintf(conn, "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: rowhouse.test\r\nContent-Type: application/json\r\n%s\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: rowhouse.test\r\n\r\n", headers)
			if err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(conn)
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			if res.StatusCode != http.StatusBadRequest || !res.Close || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("the answer is %s, closing %t, %s; want a 400 problem that closes", res.Status, res.Close, res.Header.Get("Content-Type"))
			}
			_ = res.Body.Close()
			if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
				t.Errorf("behind it came %q, %v; want nothing", rest, err)
			}
		})
	}
}
