// Package mailing decides which mail follows from what, and writes it when its
// job comes up. A job carries no secret and no words: only what the mail is
// about.
package mailing

import (
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// The kinds of jobs, one for each mail.
const (
	KindVerifyEmail      domain.JobKind = "mail.verify_email"
	KindResetPassword    domain.JobKind = "mail.reset_password"
	KindPasswordChanged  domain.JobKind = "mail.password_changed"
	KindConfirmNewEmail  domain.JobKind = "mail.confirm_new_email"
	KindEmailChangeAsked domain.JobKind = "mail.email_change_asked"
	KindEmailChanged     domain.JobKind = "mail.email_changed"
	KindNewSignIn        domain.JobKind = "mail.new_sign_in"
	KindInvitation       domain.JobKind = "mail.invitation"
)

// Jobs makes the jobs, to be recorded with the change that causes them.
type Jobs struct {
	clock ports.Clock
	ids   ports.IDs
}

// NewJobs returns Jobs.
func NewJobs(clock ports.Clock, ids ports.IDs) Jobs { return Jobs{clock: clock, ids: ids} }

// aboutUser is what the mails about an account are about.
type aboutUser struct {
	User domain.UserID `json:"user"`
	// Link is the id that the token of the mail's link is made from; "" for a
	// mail without one.
	Link string `json:"link,omitempty"`
	// Address is the one that the mail goes to, where it is not the user's.
	Address domain.Email `json:"address,omitempty"`
}

// VerifyEmail asks a user to prove their address.
func (j Jobs) VerifyEmail(user domain.UserID, link string) domain.Job {
	return j.about(KindVerifyEmail, aboutUser{User: user, Link: link})
}

// ResetPassword sends the link to set a new password.
func (j Jobs) ResetPassword(user domain.UserID, link string) domain.Job {
	return j.about(KindResetPassword, aboutUser{User: user, Link: link})
}

// PasswordChanged tells a user that their password is another.
func (j Jobs) PasswordChanged(user domain.UserID) domain.Job {
	return j.about(KindPasswordChanged, aboutUser{User: user})
}

// ConfirmNewEmail asks the address that an account shall move to.
func (j Jobs) ConfirmNewEmail(user domain.UserID, link string) domain.Job {
	return j.about(KindConfirmNewEmail, aboutUser{User: user, Link: link})
}

// EmailChangeAsked tells the present address about it.
func (j Jobs) EmailChangeAsked(user domain.User) domain.Job {
	return j.about(KindEmailChangeAsked, aboutUser{User: user.ID, Address: user.Email})
}

// EmailChanged tells the old address that the account has moved. revert is the
// link that takes it back; "" without one.
func (j Jobs) EmailChanged(user domain.UserID, old domain.Email, revert string) domain.Job {
	return j.about(KindEmailChanged, aboutUser{User: user, Link: revert, Address: old})
}

func (j Jobs) about(kind domain.JobKind, payload aboutUser) domain.Job {
	return domain.NewJob(domain.JobID(j.ids.New()), "", kind, payload, j.clock.Now())
}

// newSignIn is a sign-in from a device that was not known.
type newSignIn struct {
	User      domain.UserID `json:"user"`
	UserAgent string        `json:"user_agent"`
	IP        string        `json:"ip"`
	At        time.Time     `json:"at"`
}

// NewSignIn tells a user about a sign-in from a device that was not known.
func (j Jobs) NewSignIn(session domain.Session) domain.Job {
	return domain.NewJob(domain.JobID(j.ids.New()), "", KindNewSignIn, newSignIn{
		User: session.User, UserAgent: session.UserAgent, IP: session.IP, At: session.CreatedAt,
	}, j.clock.Now())
}

// aboutInvitation is one of the mails about an invitation.
type aboutInvitation struct {
	Invitation domain.InvitationID `json:"invitation"`
	Sent       int64               `json:"sent"` // which of them
}

// Invitation sends an invitation.
func (j Jobs) Invitation(organization domain.OrganizationID, i domain.Invitation) domain.Job {
	return domain.NewJob(domain.JobID(j.ids.New()), organization, KindInvitation,
		aboutInvitation{Invitation: i.ID, Sent: i.Sent}, j.clock.Now())
}
