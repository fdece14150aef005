// Package notification says what people are told by mail, and in which words.
package notification

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	texttemplate "text/template"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

//go:embed templates
var files embed.FS

// PublicURL is where people reach the web app, without a slash at the end.
// Every link is made from it, never from what a request says.
type PublicURL string

// Service writes and sends the mails.
type Service struct {
	mailer ports.Mailer
	clock  ports.Clock
	ids    ports.IDs
	url    PublicURL
	html   *template.Template
	text   *texttemplate.Template
}

// NewService returns a Service. All arguments are required.
func NewService(mailer ports.Mailer, clock ports.Clock, ids ports.IDs, url PublicURL) *Service {
	return &Service{
		mailer: mailer, clock: clock, ids: ids, url: url,
		html: template.Must(template.ParseFS(files, "templates/layout.html")),
		text: texttemplate.Must(texttemplate.ParseFS(files, "templates/layout.txt")),
	}
}

// letter is what a mail says. The words are ours; names and addresses of
// people are only ever data in them.
type letter struct {
	Subject    string
	Name       string   // whom it greets
	Paragraphs []string // before the link
	Action     string   // what the link says; "" without one
	Link       string
	Footnote   string // after the link
}

// VerifyEmail asks a new user to prove their address.
func (s *Service) VerifyEmail(ctx context.Context, user domain.User, token domain.Token) error {
	return s.send(ctx, user.Email, letter{
		Subject: "Confirm your e-mail address", Name: user.Name,
		Paragraphs: []string{"Welcome to Rowhouse. Please confirm that this address is yours."},
		Action:     "Confirm address", Link: s.link("/verify-email", token),
		Footnote: "The link works for 24 hours. If you did not sign up, ignore this mail.",
	})
}

// ResetPassword sends the link to set a new password.
func (s *Service) ResetPassword(ctx context.Context, user domain.User, token domain.Token) error {
	return s.send(ctx, user.Email, letter{
		Subject: "Set a new password", Name: user.Name,
		Paragraphs: []string{"Somebody, most likely you, asked for a new password for your account."},
		Action:     "Set a new password", Link: s.link("/reset-password", token),
		Footnote: "The link works once, for 30 minutes. If you did not ask, ignore this mail: nothing has changed.",
	})
}

// PasswordChanged tells a user that their password is another.
func (s *Service) PasswordChanged(ctx context.Context, user domain.User) error {
	return s.send(ctx, user.Email, letter{
		Subject: "Your password was changed", Name: user.Name,
		Paragraphs: []string{"The password of your account was just changed, and other devices were signed out."},
		Action:     "Set another password", Link: string(s.url) + "/forgot-password",
		Footnote: "If this was not you, set another password now.",
	})
}

// ChangeEmail asks the new address to confirm, and tells the present one.
func (s *Service) ChangeEmail(ctx context.Context, user domain.User, to domain.Email, token domain.Token) error {
	if err := s.send(ctx, to, letter{
		Subject: "Confirm your new e-mail address", Name: user.Name,
		Paragraphs: []string{"You asked to use this address for your account from now on."},
		Action:     "Confirm address", Link: s.link("/verify-email", token),
		Footnote: "The link works for 24 hours. If you did not ask, ignore this mail: nothing has changed.",
	}); err != nil {
		return err
	}
	return s.send(ctx, user.Email, letter{
		Subject: "A change of your e-mail address was asked for", Name: user.Name,
		Paragraphs: []string{"Your account will move to another address once that address is confirmed."},
		Footnote:   "If you did not ask for this, change your password now.",
	})
}

// EmailChanged tells the old address that the account has moved, with the
// link that takes it back. Without one, an address before that has it.
func (s *Service) EmailChanged(ctx context.Context, user domain.User, old domain.Email, revert domain.Token) error {
	l := letter{
		Subject: "Your e-mail address was changed", Name: user.Name,
		Paragraphs: []string{"Your account now uses another address, " + user.Email.Masked() + "."},
		Footnote:   "If this was not you, use the link that was mailed to the address before this one.",
	}
	if revert != "" {
		l.Action, l.Link = "Take the change back", s.link("/verify-email", revert)
		l.Footnote = "If this was not you, take it back within 72 hours: that also signs out every device."
	}
	return s.send(ctx, old, l)
}

// link puts the token into the fragment, which browsers do not send: it
// reaches no access log.
func (s *Service) link(path string, token domain.Token) string {
	return string(s.url) + path + "#" + string(token)
}

func (s *Service) send(ctx context.Context, to domain.Email, l letter) error {
	var html, text bytes.Buffer
	if err := s.html.Execute(&html, l); err != nil {
		return fmt.Errorf("write mail %q: %w", l.Subject, err)
	}
	if err := s.text.Execute(&text, l); err != nil {
		return fmt.Errorf("write mail %q: %w", l.Subject, err)
	}
	mail := domain.Mail{
		ID: domain.MailID(s.ids.New()), To: to, Subject: l.Subject,
		HTML: html.String(), Text: text.String(), SentAt: s.clock.Now(),
	}
	if l.Link != "" {
		mail.Links = []string{l.Link}
	}
	if err := s.mailer.Send(ctx, mail); err != nil {
		return fmt.Errorf("send mail %q: %w", l.Subject, err)
	}
	return nil
}
