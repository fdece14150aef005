package ports

import (
	"context"

	"rowhouse/core/domain"
)

// Mailer sends mail.
type Mailer interface {
	// Send hands the mail to whoever delivers it. It may be called again for
	// the same mail after an error: that may come when the mail is on its way
	// already, which is what its ID is for.
	//
	// An error that is about this very mail, and will be the same next time,
	// has another in its chain with a method Permanent() bool that returns
	// true. All others may pass.
	Send(ctx context.Context, mail domain.Mail) error
}

// Mailbox is a Mailer that keeps what it is given, for demos and tests.
type Mailbox interface {
	Mailer

	// List returns the mails to one address, newest first, or all if to is
	// empty.
	List(ctx context.Context, to domain.Email) ([]domain.Mail, error)
}
