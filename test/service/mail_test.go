package service_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// mailServer takes every mail and keeps none.
type mailServer struct {
	address string // as processes take it
	taken   atomic.Int64
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
	for lines := bufio.NewScanner(client); lines.Scan(); {
		word, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		switch {
		case inMail && word != ".":
		case inMail:
			inMail = false
			s.taken.Add(1)
			fmt.Fprint(client, "250 taken\r\n")
		case word == "DATA":
			inMail = true
			fmt.Fprint(client, "354 go on\r\n")
		default:
			fmt.Fprint(client, "250 fine\r\n")
		}
	}
}
