package smtp_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestMailer(t *testing.T) {
	t.Parallel()
	porttest.TestMailer(t, func(t *testing.T) (ports.Mailer, func(*testing.T) []domain.Mail) {
		t.Helper()
		s := serve(t, nil)
		return s.mailer(t, "smtp://127.0.0.1"), func(t *testing.T) []domain.Mail {
			t.Helper()
			var mails []domain.Mail
			for _, e := range s.arrived() {
				mails = append(mails, e.read(t))
			}
			return mails
		}
	})
}

// headers parses the content as a message.
func (e envelope) headers(t *testing.T) *netmail.Message {
	t.Helper()
	message, err := netmail.ReadMessage(bytes.NewReader(e.content))
	if err != nil {
		t.Fatalf("what arrived is no message: %v", err)
	}
	return message
}

// read makes a mail of what arrived, as its reader sees it. Links can not be
// told from the rest.
func (e envelope) read(t *testing.T) domain.Mail {
	t.Helper()
	message := e.headers(t)
	to, err := message.Header.AddressList("To")
	if err != nil || len(to) != 1 || len(e.to) != 1 || to[0].Address != e.to[0] {
		t.Fatalf("a mail for %q arrived, addressed to %v (%v)", e.to, to, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		t.Fatalf("the subject can not be decoded: %v", err)
	}
	sentAt, err := message.Header.Date()
	if err != nil {
		t.Fatalf("the date can not be read: %v", err)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(message.Header.Get("Message-Id"), "<"), "@")
	mail := domain.Mail{ID: domain.MailID(id), To: domain.Email(to[0].Address), Subject: subject, SentAt: sentAt.UTC()}
	mail.Text, mail.HTML = bodies(t, message)
	return mail
}

// bodies returns both forms of a message, "" for one that is not there.
func bodies(t *testing.T, message *netmail.Message) (text, html string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "text/plain" {
		content, err := io.ReadAll(quotedprintable.NewReader(message.Body))
		if err != nil {
			t.Fatal(err)
		}
		return string(content), ""
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for _, want := range []struct {
		kind string
		into *string
	}{{"text/plain; charset=UTF-8", &text}, {"text/html; charset=UTF-8", &html}} {
		part, err := parts.NextPart() // decodes quoted-printable
		if err != nil {
			t.Fatalf("no part that is %s: %v", want.kind, err)
		}
		content, err := io.ReadAll(part)
		if err != nil || kind != "multipart/alternative" || part.Header.Get("Content-Type") != want.kind {
			t.Fatalf("a part of %s that is %q, %v; want %q of multipart/alternative", kind, part.Header.Get("Content-Type"), err, want.kind)
		}
		*want.into = string(content)
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("more than two parts (%v)", err)
	}
	return text, html
}
