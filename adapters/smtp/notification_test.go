package smtp_test

import (
	"strings"
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/core/notification"
	"rowhouse/ports"
)

// Whatever people call themselves, each mail of ours reaches one person, with
// the headers that it should have, and says on the other side what was written.
func TestEveryMailOfOursArrives(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{
		"plain":                        "Grace Hopper",
		"lines":                        "A\r\nBcc: v@x",
		"markup":                       "<img src=x>",
		"an override of direction":     "Acme \u202egpj.exe",
		"another script":               "Юлия 北京 🚀 =?utf-8?q?x?=",
		"10,000 characters":            strings.Repeat("Acme ж ", 1_430),
		"the end of a mail and beyond": "\r\n.\r\nMAIL FROM:<v@x>\r\n",
	} {
		for _, p := range notification.Previews() {
			t.Run(p.Name+", "+name, func(t *testing.T) {
				t.Parallel()
				about := notification.NewSample("grace@example.com")
				about.Name, about.Organization, about.Inviter, about.UserAgent, about.IP = typed, typed, typed, typed, typed
				written := memory.NewMailbox()
				preview(t, p, written, about)
				mails, err := written.List(t.Context(), "")
				if err != nil || len(mails) != 1 {
					t.Fatalf("%d mails, %v; want one", len(mails), err)
				}
				s := serve(t, nil)
				preview(t, p, s.mailer(t, "smtp://127.0.0.1"), about)
				wantMail(t, s.arrived(), mails[0])
			})
		}
	}
}

// preview sends a preview through a mailer.
func preview(t *testing.T, p notification.Preview, mailer ports.Mailer, about notification.Sample) {
	t.Helper()
	service := notification.NewService(mailer, memory.NewClock(), memory.NewIDs(), "https://rowhouse.example")
	if err := p.Send(t.Context(), service, about); err != nil {
		t.Fatalf("Send = %v", err)
	}
}

func wantMail(t *testing.T, arrived []envelope, want domain.Mail) {
	t.Helper()
	if len(arrived) != 1 || len(arrived[0].to) != 1 || arrived[0].to[0] != string(want.To) {
		t.Fatalf("%+v arrived, want one mail to one person", arrived)
	}
	headers := arrived[0].headers(t).Header
	if len(headers) != 8 || headers.Get("Bcc") != "" || headers.Get("Cc") != "" {
		t.Errorf("a mail with the headers %v", headers)
	}
	for line := range strings.Lines(string(arrived[0].content)) {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r >= 0x7f }) {
			t.Errorf("the line %q is too long, or more than ASCII", line)
		}
	}
	got := arrived[0].read(t)
	if got.ID != want.ID || got.Subject != want.Subject || !got.SentAt.Equal(want.SentAt) {
		t.Errorf("mail %s, %q, of %v arrived; want %s, %q, of %v", got.ID, got.Subject, got.SentAt, want.ID, want.Subject, want.SentAt)
	}
	if lines(got.Text) != lines(want.Text) || lines(got.HTML) != lines(want.HTML) {
		t.Errorf("what arrived is\n%s\n%s\nwant\n%s\n%s", got.Text, got.HTML, want.Text, want.HTML)
	}
}

// lines makes line ends those of Go, and drops the last.
func lines(s string) string { return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n") }
