package porttest

import (
	"context"
	"strings"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestMailer checks that a ports.Mailer does what its documentation says. It
// calls open once for each subtest, in parallel. arrived returns what has been
// delivered since, oldest first; of each mail only To, Subject, HTML and Text
// are looked at, and line ends may be those of the wire.
func TestMailer(t *testing.T, open func(*testing.T) (mailer ports.Mailer, arrived func(*testing.T) []domain.Mail)) {
	t.Helper()
	for _, tt := range []struct {
		name  string
		mails []domain.Mail
	}{
		{"a mail arrives in both forms", []domain.Mail{newMail(1, "ada@example.com")}},
		{"mails arrive at the address of each", []domain.Mail{newMail(1, "ada@example.com"), newMail(2, "grace@example.com")}},
		{"a mail that is sent again is no error", []domain.Mail{newMail(1, "ada@example.com"), newMail(1, "ada@example.com")}},
		{"a mail with long lines and lines of one dot arrives whole", []domain.Mail{awkwardMail()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mailer, arrived := open(t)
			for _, mail := range tt.mails {
				if err := mailer.Send(t.Context(), mail); err != nil {
					t.Fatalf("Send = %v", err)
				}
			}
			wantArrived(t, arrived(t), tt.mails)
		})
	}
	t.Run("a call fails once its context is cancelled, and sends nothing", func(t *testing.T) {
		t.Parallel()
		mailer, arrived := open(t)
		wantError(t, "Send", mailer.Send(cancelled(t), newMail(1, "ada@example.com")), context.Canceled)
		wantArrived(t, arrived(t), nil)
	})
}

// awkwardMail returns what a careless writer of messages breaks.
func awkwardMail() domain.Mail {
	mail := newMail(1, "ada+filter@example.com")
	mail.Subject = strings.Repeat("Sehr lange Überschrift ", 12) + "=?utf-8?q?end?="
	mail.Text = ".\n..\nFrom here on\n" + strings.Repeat("ä=20 ", 500) + "\n\n.\nend\n"
	mail.HTML = "<p>" + strings.Repeat("long line ", 500) + "</p>\n.\n--boundary--\n"
	return mail
}

func wantArrived(t *testing.T, got, want []domain.Mail) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d mails arrived, want %d", len(got), len(want))
	}
	for i := range want {
		wantEqual(t, "the address", got[i].To, want[i].To)
		wantEqual(t, "the subject", got[i].Subject, want[i].Subject)
		wantEqual(t, "the text", plainLines(got[i].Text), plainLines(want[i].Text))
		wantEqual(t, "the HTML", plainLines(got[i].HTML), plainLines(want[i].HTML))
	}
}

// plainLines makes line ends those of Go, and drops the last.
func plainLines(s string) string {
	return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
}
