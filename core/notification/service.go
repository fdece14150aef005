// Package notification says what people are told by mail, and in which words.
//
// Each mail is one method of Service, which returns once the mail was handed
// over, so that a job can send one and be tried again. The words of a mail stand
// once, as a letter; two layouts make its HTML and its plain text of it.
package notification

import (
	"context"
	"fmt"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// PublicURL is where people reach the web app, without a slash at the end.
// Every link is made from it, never from what a request says.
type PublicURL string

// Service writes and sends the mails. What its methods are told of people and
// organizations may be any text: it is shown as a name and nothing else.
type Service struct {
	mailer  ports.Mailer
	clock   ports.Clock
	ids     ports.IDs
	url     PublicURL
	layouts layouts
	id      domain.MailID // of the mail to send; "" for a new one each time
}

// NewService returns a Service. All arguments are required.
func NewService(mailer ports.Mailer, clock ports.Clock, ids ports.IDs, url PublicURL) *Service {
	return &Service{mailer: mailer, clock: clock, ids: ids, url: url, layouts: parseLayouts()}
}

// WithID returns a Service whose mail has this id, for one call. A job passes
// its own, so that a mail that it sends again, because nobody knows whether it
// arrived, is known to be the same (domain.Mail). Without it each mail has a new
// id.
func (s *Service) WithID(id domain.MailID) *Service {
	same := *s
	same.id = id
	return &same
}

// link puts the token into the fragment, which browsers do not send: it
// reaches no access log.
func (s *Service) link(path string, token domain.Token) string {
	return string(s.url) + path + "#" + string(token)
}

// send writes the letter and hands it over. Its errors name the mail by what it
// is for: subjects have names in them.
func (s *Service) send(ctx context.Context, to domain.Email, l letter) error {
	html, text, err := s.layouts.write(l)
	if err != nil {
		return fmt.Errorf("write mail %s: %w", l.Kind, err)
	}
	mail := domain.Mail{
		ID: s.id, To: to, Subject: shorten(l.Subject, maxSubject),
		HTML: html, Text: text, SentAt: s.clock.Now(),
	}
	if mail.ID == "" {
		mail.ID = domain.MailID(s.ids.New())
	}
	if l.Link != "" {
		mail.Links = []string{l.Link}
	}
	if err := s.mailer.Send(ctx, mail); err != nil {
		return fmt.Errorf("send mail %s: %w", l.Kind, err)
	}
	return nil
}
