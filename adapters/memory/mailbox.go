package memory

import (
	"context"
	"slices"
	"sync"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// MailboxSize is how many mails a Mailbox keeps.
const MailboxSize = 500

// Mailbox is a ports.Mailbox that keeps the latest MailboxSize mails.
type Mailbox struct {
	mu    sync.RWMutex
	mails []domain.Mail // oldest first
}

var _ ports.Mailbox = (*Mailbox)(nil)

// NewMailbox returns an empty Mailbox.
func NewMailbox() *Mailbox { return &Mailbox{} }

// Send implements ports.Mailer.
func (m *Mailbox) Send(ctx context.Context, mail domain.Mail) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.mails) == MailboxSize {
		m.mails = append(m.mails[:0], m.mails[1:]...)
	}
	m.mails = append(m.mails, mail)
	return nil
}

// List implements ports.Mailbox.
func (m *Mailbox) List(ctx context.Context, to domain.Email) ([]domain.Mail, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []domain.Mail
	for _, mail := range slices.Backward(m.mails) {
		if to == "" || mail.To == to {
			found = append(found, mail)
		}
	}
	return found, nil
}
