package domain

import "time"

// Mail is a message to one person, in both forms.
type Mail struct {
	ID      MailID
	To      Email
	Subject string // one line
	HTML    string
	Text    string
	Links   []string // the addresses that the mail asks to open
	SentAt  time.Time
}
