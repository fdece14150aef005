package memory_test

import (
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
)

func TestMailbox_KeepsTheLatest(t *testing.T) {
	t.Parallel()
	mailbox, ids := memory.NewMailbox(), memory.NewIDs()
	var sent []domain.MailID
	for range memory.MailboxSize + 3 {
		mail := domain.Mail{ID: domain.MailID(ids.New()), To: "ada@example.com"}
		if err := mailbox.Send(t.Context(), mail); err != nil {
			t.Fatal(err)
		}
		sent = append(sent, mail.ID)
	}
	mails, err := mailbox.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) != memory.MailboxSize {
		t.Fatalf("List = %d mails, want %d", len(mails), memory.MailboxSize)
	}
	for i, mail := range mails {
		if want := sent[len(sent)-1-i]; mail.ID != want {
			t.Fatalf("mail %d = %s, want %s", i, mail.ID, want)
		}
	}
}
