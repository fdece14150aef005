package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// M is a JSON object.
type M = map[string]any

// browser is one person's, signed in or not. It keeps its connections. Asked
// several times at once, it opens several.
type browser struct {
	client    *http.Client
	processes []*process // that it asks in turn
	asked     *atomic.Uint64

	session, csrf string
}

// newBrowser returns one that nobody is signed in with. It goes on with the
// addresses of the processes, whatever takes their place.
func newBrowser(t *testing.T, processes ...*process) *browser {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{client: &http.Client{Transport: transport, Timeout: patience}, processes: slices.Clone(processes), asked: &atomic.Uint64{}}
}

// on returns the same browser, asking only one process.
func (b *browser) on(p *process) *browser {
	copied := *b
	copied.processes = []*process{p}
	return &copied
}

// response is an answer whose body has been read.
type response struct {
	status     int
	body       []byte
	code       string // of a problem
	retryAfter time.Duration
	cookies    []*http.Cookie
}

// try sends a request to a path below /api/v1, with a JSON body unless it is
// nil.
func (b *browser) try(ctx context.Context, method, path string, body any) (response, error) {
	req, err := b.request(ctx, b.processes[b.asked.Add(1)%uint64(len(b.processes))], method, path, body)
	if err != nil {
		return response{}, err
	}
	answer, err := b.client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	return readResponse(answer)
}

// request makes one to a process, and says who is asking.
func (b *browser) request(ctx context.Context, p *process, method, path string, body any) (*http.Request, error) {
	var raw bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&raw).Encode(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.address+"/api/v1"+path, &raw)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if b.session != "" {
		req.Header.Set("Cookie", "rowhouse_session="+b.session+"; csrf_token="+b.csrf)
		req.Header.Set("X-CSRF-Token", b.csrf)
	}
	return req, nil
}

func readResponse(answer *http.Response) (response, error) {
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return response{}, err
	}
	res := response{status: answer.StatusCode, body: content, cookies: answer.Cookies()}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		res.retryAfter = time.Duration(seconds) * time.Second
	}
	if res.status >= http.StatusBadRequest {
		var problem struct {
			Code string `json:"code"`
		}
		if err := json.Unmarshal(content, &problem); err != nil {
			return res, fmt.Errorf("%d is no problem: %w: %s", res.status, err, content)
		}
		res.code = problem.Code
	}
	return res, nil
}

// unavailable says what is wrong with an answer that should say that something
// is not there for the moment.
func (r response) unavailable() error {
	if r.status != http.StatusServiceUnavailable || r.code != "unavailable" || r.retryAfter <= 0 {
		return fmt.Errorf("answered %d %q, Retry-After %s; want 503 unavailable and when to try again", r.status, r.code, r.retryAfter)
	}
	return nil
}

// do sends a request, which must get this status.
func (b *browser) do(t *testing.T, want int, method, path string, body any) response {
	t.Helper()
	res, err := b.try(t.Context(), method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if res.status != want {
		t.Fatalf("%s %s = %d %s, want %d", method, path, res.status, res.body, want)
	}
	return res
}

// get sends a GET, which must get 200.
func (b *browser) get(t *testing.T, path string) response {
	t.Helper()
	return b.do(t, http.StatusOK, http.MethodGet, path, nil)
}

// keep takes the cookies that the answer sets.
func (b *browser) keep(res response) {
	for _, cookie := range res.cookies {
		switch cookie.Name {
		case "rowhouse_session":
			b.session = cookie.Value
		case "csrf_token":
			b.csrf = cookie.Value
		}
	}
}

// object reads the body.
func (r response) object(t *testing.T) M {
	t.Helper()
	var object M
	if err := json.Unmarshal(r.body, &object); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return object
}

// text returns a field of the body.
func (r response) text(t *testing.T, field string) string {
	t.Helper()
	text, ok := r.object(t)[field].(string)
	if !ok {
		t.Fatalf("%s is no text in %s", field, r.body)
	}
	return text
}
