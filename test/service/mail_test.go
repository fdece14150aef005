package service_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mailServer takes every mail and keeps it.
type mailServer struct {
	address string // as processes take it
	taken   atomic.Int64
	delay   atomic.Int64 // before a mail is taken, in nanoseconds

	mu    sync.Mutex
	mails []mail
}

// mail is one that was taken.
type mail struct {
	to, id string // the recipient, and the Message-ID
	at     time.Time
	raw    string
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &mailServer{address: "smtp://" + listener.Addr().String() + "?tls=none"}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go s.talk(client)
		}
	}()
	return s
}

// talk is the little of SMTP (RFC 5321) that it takes.
func (s *mailServer) talk(client net.Conn) {
	defer client.Close()
	fmt.Fprint(client, "220 test\r\n")
	inMail := false
	var raw strings.Builder
	var to string
	for lines := bufio.NewScanner(client); lines.Scan(); {
		line := lines.Text()
		word, rest, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case inMail && line != ".":
			raw.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
		case inMail:
			inMail = false
			time.Sleep(time.Duration(s.delay.Load()))
			s.keep(to, raw.String())
			raw.Reset()
			fmt.Fprint(client, "250 taken\r\n")
		case word == "DATA":
			inMail = true
			fmt.Fprint(client, "354 go on\r\n")
		case word == "RCPT" && strings.HasPrefix(rest, "TO:"):
			to, _, _ = strings.Cut(line[strings.Index(line, "<")+1:], ">")
			fmt.Fprint(client, "250 fine\r\n")
		default:
			fmt.Fprint(client, "250 fine\r\n")
		}
	}
}

var messageID = regexp.MustCompile(`(?im)^Message-ID: *<([^>]*)>`)

func (s *mailServer) keep(to, raw string) {
	one := mail{to: to, at: time.Now(), raw: raw}
	if found := messageID.FindStringSubmatch(raw); found != nil {
		one.id = found[1]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, one)
	s.taken.Add(1)
}

// all returns the mails until now, in the order they came.
func (s *mailServer) all() []mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]mail(nil), s.mails...)
}

// to returns the mails to an address, in the order they came.
func (s *mailServer) to(address string) []mail {
	var found []mail
	for _, one := range s.all() {
		if strings.EqualFold(one.to, address) {
			found = append(found, one)
		}
	}
	return found
}

// await waits for the n-th mail to an address, counted from 1.
func (s *mailServer) await(t *testing.T, address string, n int) mail {
	t.Helper()
	var found []mail
	eventually(t, patience, fmt.Sprintf("mail %d to %s", n, address), func() bool {
		found = s.to(address)
		return len(found) >= n
	})
	return found[n-1]
}

// text is what the reader of plain text sees.
func (m mail) text(t *testing.T) string {
	t.Helper()
	message, err := netmail.ReadMessage(strings.NewReader(m.raw))
	if err != nil {
		t.Fatal(err)
	}
	_, boundary, _ := strings.Cut(message.Header.Get("Content-Type"), "boundary=")
	part, err := multipart.NewReader(message.Body, strings.Trim(strings.TrimSpace(boundary), `"`)).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var linkToken = regexp.MustCompile(`/[a-z-]+#([0-9A-Za-z_-]{20,})`)

// token is that of the mail's link.
func (m mail) token(t *testing.T) string {
	t.Helper()
	found := linkToken.FindStringSubmatch(m.text(t))
	if found == nil {
		t.Fatalf("no link in the mail: %s", m.text(t))
	}
	return found[1]
}

// twice returns how many mails were taken more than once (by their
// Message-ID), and how many times too often.
func (s *mailServer) twice() (mails, times int) {
	seen := map[string]int{}
	for _, one := range s.all() {
		seen[one.id]++
	}
	for _, n := range seen {
		if n > 1 {
			mails, times = mails+1, times+n-1
		}
	}
	return mails, times
}
