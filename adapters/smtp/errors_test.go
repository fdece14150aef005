package smtp_test

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"rowhouse/adapters/smtp"
	"rowhouse/core/domain"
)

func TestRefusals(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		at        stage
		code      int
		permanent bool
	}{
		{stageMail, 451, false},
		{stageMail, 530, false},
		{stageMail, 550, false}, // the sender of all mails, not this one
		{stageRcpt, 421, false},
		{stageRcpt, 450, false},
		{stageRcpt, 501, true},
		{stageRcpt, 503, false},
		{stageRcpt, 530, false},
		{stageRcpt, 535, false},
		{stageRcpt, 550, true},
		{stageRcpt, 556, true},
		{stageData, 451, false},
		{stageData, 530, false},
		{stageData, 552, true},
		{stageData, 554, true},
	} {
		t.Run(fmt.Sprintf("%d after %s", tt.code, tt.at), func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(s *mailServer) { s.refusal = refuse(tt.at, tt.code) })
			mail := newMail()
			err := s.mailer(t, "smtp://127.0.0.1").Send(t.Context(), mail)
			if err == nil || smtp.Permanent(err) != tt.permanent {
				t.Fatalf("Send = %v, permanent: %v; want %v", err, smtp.Permanent(err), tt.permanent)
			}
			for _, want := range []string{string(mail.ID), strconv.Itoa(tt.code), fmt.Sprintf("%d.7.1", tt.code/100)} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q does not say %s", err, want)
				}
			}
			wantNoSecret(t, err)
			quoted := strings.Contains(err.Error(), "no thanks")
			if quoted != (tt.at != stageData) {
				t.Errorf("the error %q quotes the server: %v", err, quoted)
			}
			if len(s.arrived()) > 0 {
				t.Error("the mail arrived")
			}
		})
	}
}

// refuse answers one stage with a code, and repeats what it was told.
func refuse(at stage, code int) func(stage) error {
	return func(reached stage) error {
		if reached != at {
			return nil
		}
		words := "no thanks, ada@example.com,\nnot even "
		if at == stageData {
			words += "https://example.com/#" + token
		}
		return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{code / 100, 7, 1}, Message: words}
	}
}

func TestPermanentAsksAboutOneMail(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errNoServer, domain.ErrNotFound, t.Context().Err()} {
		if smtp.Permanent(err) {
			t.Errorf("Permanent(%v) = true", err)
		}
	}
	mail := newMail()
	mail.To = "ada"
	err := newMailer(t, "smtp://127.0.0.1").Send(t.Context(), mail)
	wrapped := fmt.Errorf("do a job: %w", errors.Join(errNoServer, err))
	if !smtp.Permanent(wrapped) {
		t.Errorf("Permanent(%v) = false", wrapped)
	}
	// Who may not know this package can ask, too.
	var itself interface{ Permanent() bool }
	if !errors.As(wrapped, &itself) || !itself.Permanent() {
		t.Errorf("%v does not say that it is permanent", wrapped)
	}
}

func TestAMailArrivesOnceTheServerTakesIt(t *testing.T) {
	t.Parallel()
	s := serve(t, func(s *mailServer) {
		refusals := 0
		s.refusal = func(at stage) error {
			if at == stageData && refusals < 2 {
				refusals++
				return refuse(stageData, 451)(stageData)
			}
			return nil
		}
	})
	m := s.mailer(t, "smtp://127.0.0.1")
	for range 2 {
		wantTransient(t, m.Send(t.Context(), newMail()))
	}
	for range 2 { // a second delivery can be told by its Message-ID
		if err := m.Send(t.Context(), newMail()); err != nil {
			t.Fatalf("Send = %v", err)
		}
	}
	for _, e := range s.arrived() {
		if id := e.headers(t).Header.Get("Message-Id"); id != "<0193-mail@example.com>" {
			t.Errorf("Message-ID: %s, want the same each time", id)
		}
	}
}

func TestAClosedPort(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"smtp://", "smtps://"} {
		m := newMailer(t, scheme+login+address)
		for what, err := range map[string]error{"Send": m.Send(t.Context(), newMail()), "Ping": m.Ping(t.Context())} {
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s = %v, want %v", what, err, syscall.ECONNREFUSED)
			}
			wantTransient(t, err)
		}
	}
}

func TestMailsAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	m := s.mailer(t, "smtp://"+login+"mail.example.com")
	const mails = 8
	var group sync.WaitGroup
	for range mails {
		group.Go(func() {
			if err := m.Send(t.Context(), newMail()); err != nil {
				t.Errorf("Send = %v", err)
			}
		})
	}
	group.Wait()
	if arrived := len(s.arrived()); arrived != mails {
		t.Errorf("%d mails arrived, want %d", arrived, mails)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if err := s.mailer(t, "smtp://"+login+"mail.example.com").Ping(t.Context()); err != nil {
		t.Errorf("Ping = %v", err)
	}
	if reached := s.reached(); len(reached) > 0 {
		t.Errorf("the server was told %v", reached)
	}
	s = serve(t, plain)
	if err := s.mailer(t, "smtp://"+login+"mail.example.com").Ping(t.Context()); err == nil {
		t.Error("Ping = nil of a server that does not encrypt, want an error")
	}
}
