package smtp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"rowhouse/adapters/smtp"
)

// sendAll sends n mails, one after the other.
func sendAll(t *testing.T, m *smtp.Mailer, n int) {
	t.Helper()
	for range n {
		if err := m.Send(t.Context(), newMail()); err != nil {
			t.Fatalf("Send = %v", err)
		}
	}
}

func (s *mailServer) want(t *testing.T, mails, connections int) {
	t.Helper()
	if got := len(s.arrived()); got != mails {
		t.Errorf("%d mails arrived, want %d", got, mails)
	}
	if got := s.connections(); got != connections {
		t.Errorf("over %d connections, want %d", got, connections)
	}
}

func TestOneConnectionForMailsInARow(t *testing.T) {
	t.Parallel()
	for url, configure := range map[string]func(*mailServer){
		"smtp://mail.example.com":               nil,
		"smtp://" + login + "mail.example.com":  nil,
		"smtps://" + login + "mail.example.com": sealed,
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			s := serve(t, configure)
			sendAll(t, s.mailer(t, url), 5)
			s.want(t, 5, 1)
			for _, e := range s.arrived() {
				if len(e.to) != 1 || e.from != "no-reply@example.com" || !e.encrypted {
					t.Errorf("a mail from %s to %q, encrypted: %v", e.from, e.to, e.encrypted)
				}
			}
		})
	}
}

func TestFewConnectionsForMailsAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	m := s.mailer(t, "smtp://"+login+"mail.example.com")
	const mails = 40
	var group sync.WaitGroup
	for range mails {
		group.Go(func() {
			if err := m.Send(t.Context(), newMail()); err != nil {
				t.Errorf("Send = %v", err)
			}
		})
	}
	group.Wait()
	if got := len(s.arrived()); got != mails {
		t.Errorf("%d mails arrived, want %d", got, mails)
	}
	if got := s.connections(); got > 4 {
		t.Errorf("over %d connections, want 4 at most", got)
	}
}

func TestAConnectionIsNotUsedForever(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	sendAll(t, s.mailer(t, "smtp://127.0.0.1"), 51)
	s.want(t, 51, 2)
}

func TestAConnectionIsLeftAfterARefusal(t *testing.T) {
	t.Parallel()
	for _, at := range []stage{stageRcpt, stageData} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			refused := false
			s := serve(t, func(s *mailServer) {
				s.refusal = func(reached stage) error {
					if reached == at && !refused {
						refused = true
						return refuse(at, 550)(at)
					}
					return nil
				}
			})
			m := s.mailer(t, "smtp://127.0.0.1")
			if err := m.Send(t.Context(), newMail()); !smtp.Permanent(err) {
				t.Errorf("Send = %v, want an error that is permanent", err)
			}
			sendAll(t, m, 2)
			s.want(t, 2, 2)
		})
	}
}

// A server may say at any time that it has enough of a connection.
func TestAServerThatHasEnoughOfAConnectionGetsAnother(t *testing.T) {
	t.Parallel()
	s := serve(t, func(s *mailServer) {
		began := 0
		s.refusal = func(at stage) error {
			if at != stageMail {
				return nil
			}
			if began++; began == 2 {
				return &gosmtp.SMTPError{Code: 421, EnhancedCode: gosmtp.EnhancedCode{4, 7, 0}, Message: "too many"}
			}
			return nil
		}
	})
	sendAll(t, s.mailer(t, "smtp://127.0.0.1"), 3)
	s.want(t, 3, 2)
}

func TestWhoGivesUpSendsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	m := s.mailer(t, "smtp://127.0.0.1")
	sendAll(t, m, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // with a connection at hand
		if err := m.Send(ctx, newMail()); !errors.Is(err, context.Canceled) {
			t.Errorf("Send = %v, want %v", err, context.Canceled)
		}
	}
	s.want(t, 1, 1)
}

func TestAClosedMailerKeepsNoConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	m := s.mailer(t, "smtp://127.0.0.1")
	sendAll(t, m, 2)
	m.Close()
	sendAll(t, m, 2)
	m.Close()
	s.want(t, 4, 3)
}

// fading is a connection that breaks once it is told to: with an error, or in
// silence.
type fading struct {
	net.Conn

	broken, silent *atomic.Bool
}

func (f fading) Write(p []byte) (int, error) {
	switch {
	case f.broken.Load():
		return 0, syscall.EPIPE
	case f.silent.Load():
		return len(p), nil
	}
	return f.Conn.Write(p)
}

// fade returns a Mailer whose first connection is fading.
func fade(t *testing.T) (m *smtp.Mailer, first fading, heard [2]<-chan []string) {
	t.Helper()
	var conns [2]net.Conn
	for i := range conns {
		conns[i], heard[i] = conversation().dial()
	}
	first = fading{conns[0], new(atomic.Bool), new(atomic.Bool)}
	conns[0] = first
	m = newMailer(t, "smtp://127.0.0.1")
	dialed := 0
	m.DialWith(func(context.Context, string, string) (net.Conn, error) {
		dialed++
		return conns[dialed-1], nil
	})
	return m, first, heard
}

func TestABrokenConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, first, heard := fade(t)
		sendAll(t, m, 1)
		first.broken.Store(true)
		start := time.Now()
		sendAll(t, m, 1)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("Send took %v", waited)
		}
		m.Close()
		wantHeard(t, <-heard[0], "EHLO MAIL RCPT DATA .")
		wantHeard(t, <-heard[1], "EHLO MAIL RCPT DATA . QUIT")
	})
}

func TestASilentConnectionIsReplacedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, first, heard := fade(t)
		sendAll(t, m, 1)
		first.silent.Store(true)
		start := time.Now()
		sendAll(t, m, 1)
		// Five seconds until it is given up, two for a farewell.
		if waited := time.Since(start); waited != 7*time.Second {
			t.Errorf("Send took %v, want 7s", waited)
		}
		m.Close()
		wantHeard(t, <-heard[0], "EHLO MAIL RCPT DATA .")
		wantHeard(t, <-heard[1], "EHLO MAIL RCPT DATA . QUIT")
	})
}

func TestAnIdleConnectionIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, heard := conversation().follow(t, "smtp://127.0.0.1")
		start := time.Now()
		sendAll(t, m, 1)
		time.Sleep(14 * time.Second) // on the clock of this test
		sendAll(t, m, 1)
		wantHeard(t, <-heard, "EHLO MAIL RCPT DATA . MAIL RCPT DATA . QUIT")
		if open := time.Since(start); open != 29*time.Second {
			t.Errorf("the connection was open for %v, want 29s: 15s after the last mail", open)
		}
	})
}

func TestNobodyWaitsForeverForAConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMailer(t, "smtp://127.0.0.1")
		dialed := atomic.Int64{}
		m.DialWith(func(ctx context.Context, _, _ string) (net.Conn, error) {
			dialed.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { wantTransient(t, m.Send(t.Context(), newMail())) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := m.Send(ctx, newMail())
		if waited := time.Since(start); waited != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Send = %v after %v, want %v after 1s", err, waited, context.DeadlineExceeded)
		}
		wantTransient(t, err)
		if n := dialed.Load(); n != 4 {
			t.Errorf("%d connections at once, want 4", n)
		}
		all.Wait()
	})
}
