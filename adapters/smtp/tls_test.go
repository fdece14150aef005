package smtp_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"rowhouse/adapters/smtp"
)

// plain is a server that does not encrypt, and asks for passwords all the same.
func plain(s *mailServer) { s.TLSConfig, s.AllowInsecureAuth = nil, true }

func plainLogin(s *mailServer) {
	plain(s)
	s.mechs = []string{sasl.Login}
}

// sealed is a server that encrypts from the start.
func sealed(s *mailServer) { s.implicit = true }

const login = "user:correct%23horse@"

func TestEncryption(t *testing.T) {
	t.Parallel()

	type want struct {
		sent, encrypted bool
		user            string
	}
	for _, tt := range []struct {
		name      string
		url       string
		configure func(*mailServer)
		want      want
	}{
		{"a mail is encrypted where that is offered", "smtp://mail.example.com", nil, want{sent: true, encrypted: true}},
		{"a mail without a password goes without", "smtp://mail.example.com", plain, want{sent: true}},
		{"a password is told once encrypted", "smtp://" + login + "mail.example.com", nil, want{true, true, "user"}},
		{"a password requires encryption", "smtp://" + login + "mail.example.com", plain, want{}},
		{"a password is not told unencrypted", "smtp://" + login + "mail.example.com?tls=opportunistic", plain, want{}},
		{"a password is not told unencrypted, by LOGIN", "smtp://" + login + "mail.example.com?tls=opportunistic", plainLogin, want{}},
		{"a password is told opportunistically", "smtp://" + login + "mail.example.com?tls=opportunistic", nil, want{true, true, "user"}},
		{"a password may stay on this machine unencrypted", "smtp://" + login + "127.0.0.1", plain, want{true, false, "user"}},
		{"a password on this machine is encrypted if possible", "smtp://" + login + "127.0.0.1", nil, want{true, true, "user"}},
		{"encryption can be required without a password", "smtp://mail.example.com?tls=required", plain, want{}},
		{"encryption can be required on this machine", "smtp://" + login + "localhost?tls=required", plain, want{}},
		{"encryption that is required is used", "smtp://127.0.0.1?tls=required", nil, want{sent: true, encrypted: true}},
		{"encryption can be declined", "smtp://mail.example.com?tls=none", nil, want{sent: true}},
		{"a certificate for another host is not believed", "smtp://mail.example.org", nil, want{}},
		{"encryption can be declined despite a bad certificate", "smtp://mail.example.org?tls=none", nil, want{sent: true}},
		{"smtps begins encrypted", "smtps://mail.example.com", sealed, want{sent: true, encrypted: true}},
		{"smtps tells a password", "smtps://" + login + "mail.example.com", sealed, want{true, true, "user"}},
		{"smtps believes no certificate for another host", "smtps://mail.example.org", sealed, want{}},
		{"smtps does not begin unencrypted", "smtps://" + login + "mail.example.com", plain, want{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tt.configure)
			m := s.mailer(t, tt.url)
			err := m.Send(t.Context(), newMail())
			var got want
			for _, e := range s.arrived() {
				got = want{true, e.encrypted, e.user}
			}
			if got != tt.want || (err == nil) != tt.want.sent {
				t.Errorf("%+v, want %+v (Send = %v)", got, tt.want, err)
			}
			if !tt.want.sent {
				wantTransient(t, err)
				if reached := s.reached(); len(reached) > 0 {
					t.Errorf("the server was told %v", reached)
				}
			}
		})
	}
}

func TestCertificatesThatNobodyVouchesForAreNotBelieved(t *testing.T) {
	t.Parallel()
	for smtpURL, configure := range map[string]func(*mailServer){
		"smtp://mail.example.com":                    nil,
		"smtp://mail.example.com?tls=opportunistic":  nil,
		"smtp://" + login + "mail.example.com":       nil,
		"smtp://" + login + "127.0.0.1":              nil,
		"smtps://" + login + "mail.example.com:8465": sealed,
	} {
		t.Run(smtpURL, func(t *testing.T) {
			t.Parallel()
			s := serve(t, configure)
			m := s.mailer(t, smtpURL)
			m.Trust(x509.NewCertPool())
			err := m.Send(t.Context(), newMail())
			if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
				t.Errorf("Send = %v, want an error about the certificate", err)
			}
			if reached := s.reached(); len(reached) > 0 {
				t.Errorf("the server was told %v", reached)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name      string
		configure func(*mailServer)
		err       string // that Send says; "" if it sends
	}{
		{"by PLAIN", nil, ""},
		{"by LOGIN where there is no PLAIN", func(s *mailServer) { s.mechs = []string{sasl.Login} }, ""},
		{"by nothing else", func(s *mailServer) { s.mechs = []string{"CRAM-MD5", "XOAUTH2"} }, "neither by PLAIN nor by LOGIN"},
		{"not where there are no users", func(s *mailServer) { s.mechs = nil }, "neither by PLAIN nor by LOGIN"},
		{"with a wrong password", func(s *mailServer) { s.password = "another" }, "log in: 535"},
		{"with a wrong password, by LOGIN", func(s *mailServer) { s.mechs, s.password = []string{sasl.Login}, "another" }, "log in: 535"},
		{"to a server that tells everybody", func(s *mailServer) {
			s.refusal = func(stage) error {
				return &gosmtp.SMTPError{Code: 535, EnhancedCode: gosmtp.EnhancedCode{5, 7, 8}, Message: password + " is wrong"}
			}
		}, "log in: 535"},
		{"to a server that is busy", func(s *mailServer) {
			s.refusal = func(stage) error {
				return &gosmtp.SMTPError{Code: 454, EnhancedCode: gosmtp.EnhancedCode{4, 7, 0}, Message: "later"}
			}
		}, "log in: 454"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tt.configure)
			m := s.mailer(t, "smtp://"+login+"mail.example.com")
			err := m.Send(t.Context(), newMail())
			if tt.err == "" {
				if arrived := s.arrived(); err != nil || len(arrived) != 1 || arrived[0].user != "user" {
					t.Errorf("Send = %v, and %+v arrived", err, arrived)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("Send = %v, want %s", err, tt.err)
			}
			wantTransient(t, err)
			if slices.Contains(s.reached(), stageMail) {
				t.Error("the server was told about a mail")
			}
			// Who only pings tells nobody a password.
			if err := m.Ping(t.Context()); err != nil {
				t.Errorf("Ping = %v", err)
			}
		})
	}
}

// wantTransient checks that an error says neither that it is for good nor
// what is secret.
func wantTransient(t *testing.T, err error) {
	t.Helper()
	if err == nil || smtp.Permanent(err) {
		t.Errorf("%v, want an error that is not permanent", err)
	}
	wantNoSecret(t, err)
}

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{password, "horse", token, "ada@example.com"} {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error %q gives %s away", err, secret)
		}
	}
}
