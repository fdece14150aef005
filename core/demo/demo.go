// Package demo has what only the demo mode offers.
package demo

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Service has the use cases of this package.
type Service struct {
	mailbox ports.Mailbox
}

// NewService returns a Service.
func NewService(mailbox ports.Mailbox) *Service {
	return &Service{mailbox: mailbox}
}

// Mailbox returns the mails that were sent to an address, or all of them if it
// is empty, newest first.
func (s *Service) Mailbox(ctx context.Context, to string) ([]domain.Mail, error) {
	if to == "" {
		return s.mailbox.List(ctx, "")
	}
	address, err := domain.ParseEmail("to", to)
	if err != nil {
		return nil, err
	}
	return s.mailbox.List(ctx, address)
}
