package smtp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"rowhouse/adapters/smtp"
)

// envelope is what a server was handed.
type envelope struct {
	from, user string
	to         []string
	encrypted  bool
	utf8       bool // announced as more than ASCII
	content    []byte
}

// mailServer is an SMTP server that keeps what it is handed.
type mailServer struct {
	*gosmtp.Server

	address  string
	implicit bool              // TLS from the first byte on
	roots    *x509.CertPool    // vouch for its certificate
	refusal  func(stage) error // what to answer; nil accepts all
	mechs    []string          // to log in by
	password string            // that it takes, whoever the user is
	mu       sync.Mutex        // guards what follows
	mails    []envelope        // oldest first
	dialed   int               // how often
	stages   []stage           // that all connections went through
}

// stage is how far a client gets.
type stage string

const (
	stageAuth stage = "AUTH"
	stageMail stage = "MAIL"
	stageRcpt stage = "RCPT"
	stageData stage = "DATA"
)

// serve starts a server with a certificate. configure, if not nil, may change
// it before.
func serve(t *testing.T, configure func(*mailServer)) *mailServer {
	t.Helper()
	s := &mailServer{password: password, mechs: []string{sasl.Plain}}
	s.Server = gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	s.ErrorLog = log.New(io.Discard, "", 0)
	s.TLSConfig, s.roots = certified(t)
	if configure != nil {
		configure(s)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	if s.implicit {
		listener = tls.NewListener(listener, s.TLSConfig)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
		_ = listener.Close() // it may not be the server's yet
		if err := <-served; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
	return s
}

// certified returns a configuration with a certificate for this machine and
// for mail.example.com, and what vouches for it.
func certified(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"mail.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

// mailer returns a Mailer that reaches the server, whatever host its address
// names, and believes its certificate.
func (s *mailServer) mailer(t *testing.T, smtpURL string) *smtp.Mailer {
	t.Helper()
	m := newMailer(t, smtpURL)
	m.Trust(s.roots)
	m.DialWith(func(ctx context.Context, network, _ string) (net.Conn, error) {
		s.mu.Lock()
		s.dialed++
		s.mu.Unlock()
		return new(net.Dialer).DialContext(ctx, network, s.address)
	})
	return m
}

func newMailer(t *testing.T, smtpURL string) *smtp.Mailer {
	t.Helper()
	m, err := smtp.New(smtpURL, "Röwhouse <no-reply@example.com>")
	if err != nil {
		t.Fatalf("New = %v", err)
	}
	t.Cleanup(m.Close)
	return m
}

func (s *mailServer) arrived() []envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *mailServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialed
}

func (s *mailServer) reached() []stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.stages)
}

// reach notes a stage and says what to answer.
func (s *mailServer) reach(at stage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stages = append(s.stages, at)
	if s.refusal == nil {
		return nil
	}
	return s.refusal(at)
}
