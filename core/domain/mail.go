package domain

import "time"

// Mail is a message to one person, in both forms. It has no List-Unsubscribe:
// all that is sent so far was asked for or is about the security of an account,
// and none of it can be opted out of.
type Mail struct {
	// ID is of this one mail and stays the same however often it is sent, which
	// happens again where nobody knows whether it arrived. The Message-ID is
	// made from it, and tells its readers' programs that they have it already.
	// A mail that a job sends has the id of the job, which then sends no other.
	ID      MailID
	To      Email
	Subject string // one line
	HTML    string
	Text    string
	Links   []string // the addresses that the mail asks to open
	// SentAt is when the mail was written: for one that is sent again, again.
	SentAt time.Time
}
