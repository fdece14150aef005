package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"rowhouse/adapters/smtp"
)

const sender = "no-reply@example.com"

var errNoServer = errors.New("no server here")

func TestTheServerThatAnAddressNames(t *testing.T) {
	t.Parallel()
	for smtpURL, want := range map[string]string{
		"smtp://mail.example.com":                         "mail.example.com:25",
		"smtp://mail.example.com/":                        "mail.example.com:25",
		"SMTP://mail.example.com:":                        "mail.example.com:25",
		"smtp://mail.example.com:2525":                    "mail.example.com:2525",
		"smtp://user:pass@mail.example.com":               "mail.example.com:587",
		"smtp://user:pass@mail.example.com:25":            "mail.example.com:25",
		"smtp://u%40example.com:p%2F%23@mail.example.com": "mail.example.com:587",
		"smtps://mail.example.com":                        "mail.example.com:465",
		"smtps://user:pass@mail.example.com":              "mail.example.com:465",
		"smtps://user:pass@mail.example.com:8465":         "mail.example.com:8465",
		"smtp://[::1]":                                    "[::1]:25",
		"smtp://user:pass@localhost?tls=none":             "localhost:587",
	} {
		t.Run(smtpURL, func(t *testing.T) {
			t.Parallel()
			m := newMailer(t, smtpURL)
			var dialed string
			m.DialWith(func(_ context.Context, network, address string) (net.Conn, error) {
				dialed = network + " " + address
				return nil, errNoServer
			})
			if err := m.Ping(t.Context()); !errors.Is(err, errNoServer) {
				t.Errorf("Ping = %v, want %v", err, errNoServer)
			}
			if dialed != "tcp "+want {
				t.Errorf("dialed %s, want tcp %s", dialed, want)
			}
		})
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	// Wherever a password ends up in a URL that is not well formed, no error
	// says it.
	for _, smtpURL := range []string{
		"",
		"hunter2",
		"user:hunter2@mail.example.com",
		"hunter2://mail.example.com",
		"http://user:hunter2@mail.example.com",
		"smtp:user:hunter2@mail.example.com",
		"smtp://",
		"smtp://:25",
		"smtp://user:hunter2@",
		"smtp://user:hunter2@:25",
		"smtp://user:hunter2@mail.example.com:hunter2",
		"smtp://user:hunter2@mail.example.com:0",
		"smtp://user:hunter2@mail.example.com:65536",
		"smtp://user:hunter2@mail.example.com:-1",
		"smtp://user@mail.example.com",
		"smtp://user:@mail.example.com",
		"smtp://:hunter2@mail.example.com",
		"smtp://user:hunter2/x@mail.example.com",
		"smtp://user:1/hunter2@mail.example.com",
		"smtp://user:1#hunter2@mail.example.com",
		"smtp://user:1?hunter2@mail.example.com",
		"smtp://user:1?hunter2=@mail.example.com",
		"smtp://user:hunter2%@mail.example.com",
		"smtp://user:%zzhunter2@mail.example.com",
		"smtp://user:hunter2@mail.example.com/hunter2",
		"smtp://user:hunter2@mail.example.com#hunter2",
		"smtp://user:hunter2@mail.example.com#",
		"smtp://user:hunter2@mail.example.com?tls=hunter2",
		"smtp://user:hunter2@mail.example.com?tls=",
		"smtp://user:hunter2@mail.example.com?tls=required&tls=none",
		"smtp://user:hunter2@mail.example.com?tls=none",
		"smtp://user:hunter2@localhost.example.com?tls=none",
		"smtp://user:hunter2@mail.example.com?hunter2",
		"smtp://user:hunter2@mail.example.com?hunter2=%zz",
		"smtps://user:hunter2@mail.example.com?tls=none",
		"smtp://user:hunter2@mail.example.com\r\n",
		"smtp://user:hunter2@mail example.com",
	} {
		t.Run(smtpURL, func(t *testing.T) {
			t.Parallel()
			m, err := smtp.New(smtpURL, sender)
			if m != nil || err == nil {
				t.Fatalf("New = %v, want an error", err)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error %q gives the password away", err)
			}
		})
	}
}

func TestSendersThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, from := range []string{
		"",
		"Rowhouse",
		"a@example.com, b@example.com",
		"Rowhouse\r\nBcc: v@example.com <a@example.com>",
		"\"Rowhouse\r\nBcc: v@example.com\" <a@example.com>",
		"a@example.com\r\nBcc: v@example.com",
		"ä@example.com",
		"a@exämple.com",
		"smtp://user:hunter2@mail.example.com",
	} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			if m, err := smtp.New("smtp://localhost", from); m != nil || err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("New = %v, want an error that does not repeat it", err)
			}
		})
	}
}

func TestAMailerDoesNotShowThePassword(t *testing.T) {
	t.Parallel()
	m := newMailer(t, "smtp://user:hunter2@localhost")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if shown := fmt.Sprintf(format, m) + fmt.Sprintf(format, *m); strings.Contains(shown, "hunter2") {
			t.Errorf("%s shows it: %s", format, shown)
		}
	}
}

// What docs/mail.md and .env.example tell people to write can be read.
func TestTheExamplesOfTheDocumentation(t *testing.T) {
	t.Parallel()
	setting := regexp.MustCompile(`(?m)\b(SMTP_URL|MAIL_FROM)="(.*)"$`)
	for _, file := range []string{"../../docs/mail.md", "../../.env.example"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples := setting.FindAllSubmatch(text, -1)
		if len(examples) < 2 {
			t.Errorf("%s has %d examples, want some", file, len(examples))
		}
		for _, e := range examples {
			smtpURL, from := "smtp://localhost", sender
			if string(e[1]) == "SMTP_URL" {
				smtpURL = string(e[2])
			} else {
				from = string(e[2])
			}
			if _, err := smtp.New(smtpURL, from); err != nil {
				t.Errorf("%s: %s: %v", file, e[0], err)
			}
		}
	}
}
