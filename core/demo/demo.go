// Package demo has what only the demo mode offers.
package demo

import (
	"context"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Clock is a product clock that can be moved ahead.
type Clock interface {
	ports.Clock

	// Advance moves the clock ahead.
	Advance(d time.Duration)
}

// Work does all that is due by the clock, and returns when it is done.
type Work func(context.Context) error

// Service has the use cases of this package.
type Service struct {
	mailbox ports.Mailbox
	clock   Clock
	work    Work
}

// NewService returns a Service. All arguments are required.
func NewService(mailbox ports.Mailbox, clock Clock, work Work) *Service {
	return &Service{mailbox: mailbox, clock: clock, work: work}
}

// MaxAdvance is how many days the clock is moved at once at most.
const MaxAdvance = 400

// Advance lets days of the product's time pass, does the work that is due by
// then, and returns the time. Sessions and limits on attempts go by the time
// that nobody moves.
func (s *Service) Advance(ctx context.Context, days int64) (time.Time, error) {
	if days < 1 || days > MaxAdvance {
		return time.Time{}, domain.Invalid("advance_days", "out_of_range", "Give 1 to 400 days.")
	}
	s.clock.Advance(time.Duration(days) * 24 * time.Hour)
	return s.clock.Now(), s.work(ctx)
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
