package smtp_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rowhouse/adapters/smtp"
	"rowhouse/core/domain"
)

// password is what no error may say; token neither.
const (
	password = "correct#horse"
	token    = "s3cr3t-t0k3n"
)

func newMail() domain.Mail {
	return domain.Mail{
		ID: "0193-mail", To: "ada@example.com", Subject: "Hello",
		HTML: `<a href="https://example.com/#` + token + `">open</a>`, Text: "https://example.com/#" + token,
		Links:  []string{"https://example.com/#" + token},
		SentAt: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
	}
}

// deliver sends a mail and returns what arrives.
func deliver(t *testing.T, mail domain.Mail) envelope {
	t.Helper()
	s := serve(t, nil)
	if err := s.mailer(t, "smtp://127.0.0.1").Send(t.Context(), mail); err != nil {
		t.Fatalf("Send = %v", err)
	}
	arrived := s.arrived()
	if len(arrived) != 1 {
		t.Fatalf("%d mails arrived, want 1", len(arrived))
	}
	return arrived[0]
}

func TestAMailSaysWhatItIs(t *testing.T) {
	t.Parallel()
	arrived := deliver(t, newMail())
	if arrived.from != "no-reply@example.com" {
		t.Errorf("the server was told %q as the sender", arrived.from)
	}
	headers := arrived.headers(t).Header
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated",
		"Date":           "Tue, 03 Feb 2026 04:05:06 +0000",
		"From":           "=?utf-8?q?R=C3=B6whouse?= <no-reply@example.com>",
		"Message-Id":     "<0193-mail@example.com>",
		"Mime-Version":   "1.0",
		"Subject":        "Hello",
		"To":             "<ada@example.com>",
	} {
		if got := headers.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if len(headers) != 8 { // and Content-Type
		t.Errorf("there are %d headers, want 8: %v", len(headers), headers)
	}
	want := newMail()
	want.Links = nil
	got := arrived.read(t)
	got.Links = nil
	if got.ID != want.ID || got.HTML != want.HTML || got.Text != want.Text || !got.SentAt.Equal(want.SentAt) {
		t.Errorf("%+v arrived, want %+v", got, want)
	}
}

func TestAMailWithoutHTMLIsPlain(t *testing.T) {
	t.Parallel()
	mail := newMail()
	mail.HTML = ""
	arrived := deliver(t, mail)
	if kind := arrived.headers(t).Header.Get("Content-Type"); kind != "text/plain; charset=UTF-8" {
		t.Errorf("Content-Type: %s, want text/plain", kind)
	}
	if got := strings.TrimSpace(arrived.read(t).Text); got != mail.Text {
		t.Errorf("the text is %q, want %q", got, mail.Text)
	}
}

func TestNothingInASubjectMakesAHeader(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{
		"",
		"A\r\nBcc: v@example.com",
		"A\nBcc: v@example.com",
		"A\rBcc: v@example.com",
		"A\r\n\r\nand a body",
		"A\r\n.\r\nMAIL FROM:<v@example.com>",
		"\x00\x7f\v\f",
		"=?utf-8?q?A=0D=0ABcc:_v@example.com?=",
		"ä=?utf-8?q?A=0D=0ABcc:_v@example.com?=",
		"a line separator\u2028Bcc: v@example.com\u0085Cc: v@example.com",
		strings.Repeat("ä", 2000),
		strings.Repeat("a", 2000),
		strings.Repeat("a word\t", 300) + ".",
	} {
		t.Run(subject[:min(len(subject), 30)], func(t *testing.T) {
			t.Parallel()
			mail := newMail()
			mail.Subject = subject
			arrived := deliver(t, mail)
			if got := arrived.read(t); got.Subject != subject || got.To != mail.To || got.Text != mail.Text {
				t.Errorf("%q to %s arrived, with the text %q", got.Subject, got.To, got.Text)
			}
			if headers := arrived.headers(t).Header; len(headers) != 8 {
				t.Errorf("there are %d headers, want 8: %v", len(headers), headers)
			}
			for line := range bytes.Lines(arrived.content) {
				if len(line) > 1000 || bytes.ContainsFunc(line, func(r rune) bool { return r >= 0x7f }) {
					t.Errorf("the line %q is too long, or more than ASCII", line)
				}
			}
		})
	}
}

func TestAnAddressIsOneAddress(t *testing.T) {
	t.Parallel()
	for _, to := range []domain.Email{
		"",
		"ada",
		"ada@example.com,v@example.com",
		"ada@example.com;v@example.com",
		"ada@example.com\r\nBcc: v@example.com",
		"ada@example.com>\r\nRCPT TO:<v@example.com",
		"ada@example.com\n",
		"\r\nada@example.com",
		"<ada@example.com>",
		"Ada <ada@example.com>",
		"ada@example.com (Ada)",
		`"ada\r\n"@example.com`,
		`"ada,v"@example.com`,
		"adä@example.com",
	} {
		t.Run(string(to), func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil)
			mail := newMail()
			mail.To = to
			err := s.mailer(t, "smtp://127.0.0.1").Send(t.Context(), mail)
			if err == nil || !smtp.Permanent(err) {
				t.Errorf("Send = %v, want an error that is permanent", err)
			}
			if reached := s.reached(); len(reached) > 0 {
				t.Errorf("the server was told %v", reached)
			}
		})
	}
}

func TestTheSenderIsOneAddressAndAName(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"no-reply@example.com":                                             "no-reply@example.com",
		"Röwhouse, Inc <no-reply@example.com>":                             "",
		"\"Rowhouse, Inc\" <no-reply@example.com>":                         "no-reply@example.com",
		"<\"no reply\"@example.com>":                                       "no reply@example.com",
		"=?utf-8?q?A=0D=0ABcc=3A_v=40example.com?= <no-reply@example.com>": "no-reply@example.com",
	} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(s *mailServer) { s.EnableSMTPUTF8 = true })
			m, err := smtp.New("smtp://"+s.address+"?tls=none", from)
			if want == "" {
				if err == nil {
					t.Error("New = nil, want an error")
				}
				return
			}
			if err != nil {
				t.Fatalf("New = %v", err)
			}
			if err := m.Send(t.Context(), newMail()); err != nil {
				t.Fatalf("Send = %v", err)
			}
			e := s.arrived()[0]
			if headers := e.headers(t).Header; len(headers) != 8 || headers.Get("Message-Id") != "<0193-mail@example.com>" {
				t.Errorf("a mail with the headers %v", headers)
			}
			if e.from != want || e.utf8 || len(e.to) != 1 {
				t.Errorf("%q arrived from %q (beyond ASCII: %v), want it from %q", e.to, e.from, e.utf8, want)
			}
		})
	}
}
