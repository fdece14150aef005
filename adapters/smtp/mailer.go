// Package smtp sends mail through a server that speaks SMTP (RFC 5321).
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// How long things may take.
const (
	dialTimeout = 5 * time.Second
	sendTimeout = 20 * time.Second // a whole mail, waiting and dialing included
	talkTimeout = 2 * sendTimeout  // a mail without: never the first to end
	quitTimeout = 2 * time.Second  // the farewell, once all is done
)

// Mailer is a ports.Mailer. It keeps a few connections open for a while, so that
// a burst of mails does not greet the server for each; Close leaves them.
type Mailer struct {
	server server
	from   netmail.Address
	domain string // of from
	tls    *tls.Config
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	pool   *pool
}

var _ ports.Mailer = (*Mailer)(nil)

// New returns a Mailer that hands its mails to the server that an address
// names:
//
//	smtp://host:port                 port 25 unless said otherwise
//	smtp://user:password@host:port   port 587 unless said otherwise
//	smtps://user:password@host:port  encrypted from the start; port 465
//
// Characters of user and password that mean something in addresses are written
// as %XX. With smtp, ?tls= says whether to encrypt (STARTTLS): required, which
// is the default with a user; opportunistic, if the server offers it, which is
// the default without one and for a server on this machine; or none. The
// certificate is checked whenever there is one, and a password leaves this
// machine encrypted only.
//
// from is the sender, such as "Rowhouse <no-reply@example.com>". New does not
// reach for the server: Ping does. Its errors repeat nothing that it was given.
func New(smtpURL, from string) (*Mailer, error) {
	s, err := parseServer(smtpURL)
	if err != nil {
		return nil, fmt.Errorf("address of the mail server: %w", err)
	}
	sender, err := parseSender(from)
	if err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	return &Mailer{
		server: s,
		from:   sender,
		domain: sender.Address[strings.LastIndexByte(sender.Address, '@')+1:],
		tls:    &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12},
		dial:   new(net.Dialer).DialContext,
		pool:   newPool(),
	}, nil
}

var errSender = errors.New("it is no single address in ASCII, with or without a name; write a domain in its xn-- form")

func parseSender(s string) (netmail.Address, error) {
	a, err := netmail.ParseAddress(s)
	if err != nil || !isASCII(a.Address) {
		return netmail.Address{}, errSender
	}
	return *a, nil
}

// isASCII reports whether every server takes an address.
func isASCII(address string) bool {
	return !strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r >= 0x7f })
}

// Send implements ports.Mailer. Permanent says what its errors mean. The same
// mail has the same Message-ID each time, and the errors tell nothing of what
// is in it.
func (m *Mailer) Send(ctx context.Context, mail domain.Mail) error {
	l, err := m.write(mail)
	if err == nil {
		err = m.deliver(ctx, l)
	}
	if err != nil {
		return fmt.Errorf("send mail %s: %w", mail.ID, err)
	}
	return nil
}

// Ping fails if the server can not be reached or does not greet us, encrypted
// if that is required. It does not log in.
func (m *Mailer) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	c, err := m.open(ctx, nil)
	if err != nil {
		return fmt.Errorf("ping mail server: %w", err)
	}
	c.leave(ctx)
	return nil
}

// Close leaves the connections that wait for another mail. A mail that is under
// way, or sent later, has its connection to itself.
func (m *Mailer) Close() { m.pool.close() }
