package smtp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowhouse/adapters/smtp"
)

// Each test runs on a clock that jumps to the next timer once everybody waits,
// and fails if anybody still waits at its end.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		t.Run("a server that does not answer to "+word+" is given up", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := conversation()
				delete(s, word)
				m, heard := s.follow(t, "smtp://127.0.0.1")
				start := time.Now()
				err := m.Send(t.Context(), newMail())
				if waited := time.Since(start); waited != 20*time.Second || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Send = %v after %v, want %v after 20s", err, waited, context.DeadlineExceeded)
				}
				wantTransient(t, err)
				<-heard
			})
		})
		t.Run("a caller who does not wait for "+word+" need not", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := conversation()
				delete(s, word)
				m, heard := s.follow(t, "smtp://127.0.0.1")
				ctx, cancel := context.WithCancel(t.Context())
				sent := make(chan error, 1)
				start := time.Now()
				go func() { sent <- m.Send(ctx, newMail()) }()
				synctest.Wait()
				cancel()
				err := <-sent
				if waited := time.Since(start); waited != 0 || !errors.Is(err, context.Canceled) {
					t.Errorf("Send = %v after %v, want %v at once", err, waited, context.Canceled)
				}
				wantTransient(t, err)
				<-heard
			})
		})
	}
	for name, test := range map[string]func(*testing.T){
		"a server that can not be reached is given up": testUnreachable,
		"a server that stops listening is given up":    testDeafness,
		"a mail that is cut off is not ended":          testCutOff,
		"who does not encrypt is left":                 testNoEncryption,
		"who does not take the password is left":       testNoLogin,
		"a farewell that nobody answers is no error":   testNoFarewell,
		"a refusal is followed by a farewell":          testRefusedFarewell,
		"a ping does not wait forever":                 testPingSilence,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test)
		})
	}
}

func testUnreachable(t *testing.T) {
	m := newMailer(t, "smtp://127.0.0.1")
	m.DialWith(func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	start := time.Now()
	err := m.Send(t.Context(), newMail())
	if waited := time.Since(start); waited != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send = %v after %v, want %v after 5s", err, waited, context.DeadlineExceeded)
	}
	wantTransient(t, err)
}

// The server is busy talking: nobody reads all that it says.
func testDeafness(t *testing.T) {
	s := conversation()
	s["DATA"] = "354 go on\r\n" + strings.Repeat("and on", 10_000)
	m, heard := s.follow(t, "smtp://127.0.0.1")
	mail := newMail()
	mail.Text = strings.Repeat(mail.Text+"\n", 10_000)
	start := time.Now()
	err := m.Send(t.Context(), mail)
	if waited := time.Since(start); waited != 20*time.Second || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send = %v after %v, want %v after 20s", err, waited, context.DeadlineExceeded)
	}
	wantTransient(t, err)
	wantHeard(t, <-heard, "EHLO MAIL RCPT DATA")
}

func testNoEncryption(t *testing.T) {
	m, heard := conversation().follow(t, "smtp://"+login+"mail.example.com")
	wantTransient(t, m.Send(t.Context(), newMail()))
	wantHeard(t, <-heard, "EHLO")
}

func testNoLogin(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	user, again := encode([]byte("user")), encode([]byte(password))
	for _, tt := range []struct {
		answers script
		heard   string
	}{
		{script{"EHLO": "250-mail.example.com\r\n250 AUTH PLAIN", "AUTH": "535 " + password + " is wrong"}, "EHLO AUTH * QUIT"},
		{script{"EHLO": "250-mail.example.com\r\n250 AUTH PLAIN", "AUTH": password}, "EHLO AUTH"},
		{
			script{"EHLO": "250-mail.example.com\r\n250 AUTH LOGIN", "AUTH": "334 name", user: "334 word", again: "334 " + again},
			"EHLO AUTH " + user + " " + again + " * QUIT",
		},
	} {
		s := conversation()
		maps.Copy(s, tt.answers)
		s["*"] = "500 what?" // which the library says after a refusal
		m, heard := s.follow(t, "smtp://"+login+"127.0.0.1")
		wantTransient(t, m.Send(t.Context(), newMail()))
		wantHeard(t, <-heard, tt.heard)
	}
}

// A mail that has arrived must not be sent again, nor wait for what follows.
func testNoFarewell(t *testing.T) {
	s := conversation()
	delete(s, "QUIT")
	m, heard := s.follow(t, "smtp://127.0.0.1")
	start := time.Now()
	if err := m.Send(t.Context(), newMail()); err != nil {
		t.Errorf("Send = %v", err)
	}
	if waited := time.Since(start); waited != 0 {
		t.Errorf("Send waited %v for a farewell", waited)
	}
	wantHeard(t, <-heard, "EHLO MAIL RCPT DATA . QUIT")
	if waited := time.Since(start); waited != 17*time.Second {
		t.Errorf("the connection ended after %v, want it 2s after it was idle for 15s", waited)
	}
}

// brittle is a connection that loses all that has the token in it.
type brittle struct{ net.Conn }

func (b brittle) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(token)) {
		return 0, errNoServer
	}
	return b.Conn.Write(p)
}

func testCutOff(t *testing.T) {
	conn, heard := conversation().dial()
	m := newMailer(t, "smtp://127.0.0.1")
	m.DialWith(func(context.Context, string, string) (net.Conn, error) { return brittle{conn}, nil })
	mail := newMail()
	mail.Text = strings.Repeat(mail.Text+"\n", 1000)
	err := m.Send(t.Context(), mail)
	if !errors.Is(err, errNoServer) {
		t.Errorf("Send = %v, want %v", err, errNoServer)
	}
	wantTransient(t, err)
	wantHeard(t, <-heard, "EHLO MAIL RCPT DATA")
}

func testRefusedFarewell(t *testing.T) {
	for word, want := range map[string]string{
		"RCPT": "EHLO MAIL RCPT QUIT",
		"DATA": "EHLO MAIL RCPT DATA QUIT",
		".":    "EHLO MAIL RCPT DATA . QUIT",
	} {
		s := conversation()
		s[word] = "550 5.1.1 nobody here"
		m, heard := s.follow(t, "smtp://127.0.0.1")
		if err := m.Send(t.Context(), newMail()); !smtp.Permanent(err) {
			t.Errorf("Send = %v, want an error that is permanent", err)
		}
		wantHeard(t, <-heard, want)
	}
}

func testPingSilence(t *testing.T) {
	m, heard := conversation().follow(t, "smtp://127.0.0.1")
	if err := m.Ping(t.Context()); err != nil {
		t.Errorf("Ping = %v", err)
	}
	wantHeard(t, <-heard, "EHLO QUIT")

	m, heard = script{}.follow(t, "smtp://127.0.0.1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	err := m.Ping(ctx)
	if waited := time.Since(start); waited != time.Second || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ping = %v after %v, want %v after 1s", err, waited, context.DeadlineExceeded)
	}
	<-heard
}

func TestNonsense(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		for _, nonsense := range []string{"", "x", "99 " + token, "2500", "250-" + token + "\r\n999 x", "700 " + token, "600"} {
			t.Run(word+" answered by "+nonsense, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := conversation()
					s[word] = nonsense
					if word == "EHLO" {
						s["HELO"] = nonsense // which is tried instead
					}
					m, heard := s.follow(t, "smtp://127.0.0.1")
					err := m.Send(t.Context(), newMail())
					if err == nil || smtp.Permanent(err) {
						t.Errorf("Send = %v, want an error that is not permanent", err)
					}
					if word == "." {
						wantNoSecret(t, err) // it knew no secret before
					}
					<-heard
				})
			})
		}
	}
}
