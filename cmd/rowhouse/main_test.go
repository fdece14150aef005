package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rowhouse/bootstrap"
	"rowhouse/core/notification"
)

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// greeting is a writer that tells when the demo has said how to try it.
type greeting struct {
	mu    sync.Mutex
	text  strings.Builder
	ready chan string
}

var tryIt = regexp.MustCompile(`curl -b (\S+) (\S+)`)

func (g *greeting) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, err := g.text.Write(p)
	if line := tryIt.FindString(g.text.String()); line != "" && g.ready != nil {
		g.ready <- line
		g.ready = nil
	}
	return n, err
}

func TestDemoServesWhatItSaysAndStopsWhenTold(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	config, err := bootstrap.LoadDemoConfig([]string{"LISTEN_ADDR=" + addr, "PUBLIC_URL=http://" + addr, "LOG_LEVEL=info"}, newKey)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, logs, stopped := &greeting{ready: make(chan string, 1)}, &bytes.Buffer{}, make(chan error, 1)
	ready := out.ready
	go func() { stopped <- runDemo(ctx, config, out, logs) }()

	parts := tryIt.FindStringSubmatch(<-ready)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, parts[2], nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", parts[1])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"slug":"acme"`) {
		t.Errorf("the line to try answers %d %s", res.StatusCode, body)
	}
	wantPreviews(t, "http://"+addr)
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-stopped; err != nil {
		t.Errorf("runDemo = %v, want it to end in good order", err)
	}
	if !strings.Contains(logs.String(), `"msg":"request"`) || !strings.Contains(logs.String(), "stopping") {
		t.Errorf("logs = %s", logs)
	}
}

// wantPreviews checks that the mailbox has one of each mail, and nothing else.
func wantPreviews(t *testing.T, url string) {
	t.Helper()
	for _, query := range []string{"", "?to=" + previewsTo} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/demo/mailbox"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var mailbox struct {
			Data []struct {
				HTML string `json:"html"`
				Text string `json:"text"`
			} `json:"data"`
		}
		if err := json.NewDecoder(res.Body).Decode(&mailbox); err != nil {
			t.Fatal(err)
		}
		if got, want := len(mailbox.Data), len(notification.Previews()); got != want {
			t.Errorf("the mailbox%s has %d mails, want the %d previews", query, got, want)
		}
		for _, mail := range mailbox.Data {
			if mail.HTML == "" || !strings.Contains(mail.Text, "Rowhouse. You get this mail") {
				t.Errorf("the mailbox%s has the mail %+v", query, mail)
			}
		}
	}
}

func TestDemoSaysWhatToDoWhereTheAddressIsTaken(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	config, err := bootstrap.LoadDemoConfig([]string{"LISTEN_ADDR=" + l.Addr().String()}, newKey)
	if err != nil {
		t.Fatal(err)
	}
	err = runDemo(t.Context(), config, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "LISTEN_ADDR") {
		t.Errorf("runDemo = %v, want it to name LISTEN_ADDR", err)
	}
}

func TestOpenAPIWritesTheDocumentThatIsKept(t *testing.T) {
	t.Parallel()
	command, out := newCommand(), &bytes.Buffer{}
	command.SetArgs([]string{"openapi"})
	command.SetOut(out)
	if err := command.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var document struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(out.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" || document.Paths["/organizations/{organization}"] == nil {
		t.Errorf("document = %s with %d paths", document.OpenAPI, len(document.Paths))
	}
	kept, err := os.ReadFile("../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, out.Bytes()) {
		t.Error("docs/openapi.json is out of date: run make generate")
	}
}

func TestCommandsRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"fly"}, {"demo", "now"}, {"openapi", "--loud"}} {
		command := newCommand()
		command.SetArgs(args)
		command.SetOut(io.Discard)
		command.SetErr(io.Discard)
		if err := command.ExecuteContext(t.Context()); err == nil {
			t.Errorf("rowhouse %s succeeded", strings.Join(args, " "))
		}
	}
}
