package demo_test

import (
	"errors"
	"slices"
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/demo"
	"rowhouse/core/domain"
)

func TestMailbox(t *testing.T) {
	t.Parallel()
	mailbox := memory.NewMailbox()
	for _, mail := range []domain.Mail{
		{ID: "1", To: "ada@example.com"}, {ID: "2", To: "grace@example.com"}, {ID: "3", To: "ada@example.com"}, {ID: "4", To: "ada+x@example.com"},
	} {
		if err := mailbox.Send(t.Context(), mail); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		to   string
		want []domain.MailID
	}{
		"everybody's, newest first":         {"", []domain.MailID{"4", "3", "2", "1"}},
		"one person's, newest first":        {"ada@example.com", []domain.MailID{"3", "1"}},
		"one person's, however it is typed": {" ADA@Example.com ", []domain.MailID{"3", "1"}},
		"one with a tag":                    {"ada+x@example.com", []domain.MailID{"4"}},
		"nobody's":                          {"linus@example.com", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mails, err := demo.NewService(mailbox).Mailbox(t.Context(), tt.to)
			var got []domain.MailID
			for _, mail := range mails {
				got = append(got, mail.ID)
			}
			if !slices.Equal(got, tt.want) || err != nil {
				t.Errorf("Mailbox(%q) = %q, %v; want %q", tt.to, got, err, tt.want)
			}
		})
	}
	t.Run("no address", func(t *testing.T) {
		t.Parallel()
		mails, err := demo.NewService(mailbox).Mailbox(t.Context(), "ada")
		if !errors.Is(err, domain.Invalid("to", "invalid_email", "")) || mails != nil {
			t.Errorf("Mailbox = %v, %v; want an error about to", mails, err)
		}
	})
}
