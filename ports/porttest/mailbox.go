package porttest

import (
	"context"
	"reflect"
	"strconv"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestMailbox checks that a ports.Mailbox does what its documentation says. It
// calls open once for each subtest, in parallel; the mailbox must be empty, and
// have room for a hundred mails.
func TestMailbox(t *testing.T, open func(*testing.T) ports.Mailbox) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(*testing.T, ports.Mailbox)
	}{
		{"a mail comes back as sent", testMailRoundTrip},
		{"mails are listed newest first, of one address or of all", testMailList},
		{"mails sent at once all arrive", testMailAtOnce},
		{"a call fails once its context is cancelled, and sends nothing", testMailCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mailbox := open(t)
			send(t, mailbox, newMail(1, "early@example.com"))
			tt.run(t, mailbox)
		})
	}
}

// newMail returns the n-th mail.
func newMail(n int, to domain.Email) domain.Mail {
	ids := &sequence{}
	ids.made.Store(int64(n))
	return domain.Mail{
		ID: newID[domain.MailID](ids), To: to, Subject: "Nummer " + strconv.Itoa(n) + ": Grüße 🦉",
		HTML: "<p>Grüße &amp; <a href=\"https://example.com/?a=1&amp;b=2\">mehr</a></p>\r\n", Text: "Grüße\n.\nmehr\n",
		Links:  []string{"https://example.com/?a=1&b=2", "https://example.com/#token=" + strconv.Itoa(n)},
		SentAt: noon.Add(time.Duration(n) * time.Microsecond),
	}
}

func send(t *testing.T, mailbox ports.Mailbox, mail domain.Mail) {
	t.Helper()
	if err := mailbox.Send(t.Context(), mail); err != nil {
		t.Fatalf("Send = %v", err)
	}
}

// wantMails checks what a mailbox lists for an address.
func wantMails(t *testing.T, mailbox ports.Mailbox, to domain.Email, want ...domain.Mail) {
	t.Helper()
	got, err := mailbox.List(t.Context(), to)
	if err != nil {
		t.Fatalf("List = %v", err)
	}
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("List of %q =\n  %+v, want\n  %+v", to, got, want)
	}
}

func testMailRoundTrip(t *testing.T, mailbox ports.Mailbox) {
	full, plain := newMail(2, "ada@example.com"), domain.Mail{
		ID: newMail(3, "").ID, To: "grace@example.com", Subject: "Plain", Text: "Text", SentAt: noon.Add(time.Second),
	}
	send(t, mailbox, full)
	send(t, mailbox, plain)
	wantMails(t, mailbox, "ada@example.com", full)
	wantMails(t, mailbox, "grace@example.com", plain)
}

func testMailList(t *testing.T, mailbox ports.Mailbox) {
	first, second, third := newMail(2, "ada@example.com"), newMail(3, "grace@example.com"), newMail(4, "ada@example.com")
	for _, mail := range []domain.Mail{first, second, third} {
		send(t, mailbox, mail)
	}
	wantMails(t, mailbox, "ada@example.com", third, first)
	wantMails(t, mailbox, "grace@example.com", second)
	wantMails(t, mailbox, "", third, second, first, newMail(1, "early@example.com"))
	for _, nobody := range []domain.Email{"linus@example.com", "a@example.com", "ada@example.co", "da@example.com", "%", "ada@example.com,grace@example.com"} {
		wantMails(t, mailbox, nobody)
	}
}

func testMailAtOnce(t *testing.T, mailbox ports.Mailbox) {
	errs := atOnce(takers, func(i int) error { return mailbox.Send(t.Context(), newMail(i+2, "ada@example.com")) })
	for _, err := range errs {
		if err != nil {
			t.Fatalf("Send = %v", err)
		}
	}
	mails, err := mailbox.List(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatalf("List = %v", err)
	}
	arrived := map[domain.MailID]bool{}
	for _, mail := range mails {
		arrived[mail.ID] = true
	}
	wantEqual(t, "mails that arrived", len(arrived), takers)
	wantEqual(t, "mails listed", len(mails), takers)
}

func testMailCancelled(t *testing.T, mailbox ports.Mailbox) {
	ctx := cancelled(t)
	wantError(t, "Send", mailbox.Send(ctx, newMail(2, "ada@example.com")), context.Canceled)
	_, err := mailbox.List(ctx, "")
	wantError(t, "List", err, context.Canceled)
	wantMails(t, mailbox, "", newMail(1, "early@example.com"))
}
