package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

// connection is one to the server, greeted and ready for a mail.
type connection struct {
	client *gosmtp.Client
	conn   net.Conn
	mails  int  // that went over it
	cut    bool // by us: a context ended
}

// deliver hands the letter over, by a connection that is open already if there
// is one.
func (m *Mailer) deliver(ctx context.Context, l letter) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	leave, err := m.pool.enter(ctx)
	if err != nil {
		return fmt.Errorf("wait for a connection: %w", err)
	}
	defer leave()
	if c := m.pool.take(); c != nil {
		err := m.hand(ctx, c, l)
		if _, unsent := errors.AsType[senderError](err); !unsent || ctx.Err() != nil {
			return err
		}
		// The server has hung up meanwhile, or has enough of this connection.
	}
	c, err := m.open(ctx, m.server.login)
	if err != nil {
		return err
	}
	return m.hand(ctx, c, l)
}

// hand hands the letter over by a connection, and keeps that for the next if
// all went well.
func (m *Mailer) hand(ctx context.Context, c *connection, l letter) error {
	patience := talkTimeout
	if c.mails > 0 {
		patience = dialTimeout // it has been silent: who knows whether anybody is there
	}
	err := c.say(ctx, func(client *gosmtp.Client) error { return l.send(client, patience) })
	c.mails++
	if err != nil || !m.pool.put(ctx, c) {
		c.leave(ctx)
	}
	return err
}

// open connects to the server, and logs in if it is told how.
func (m *Mailer) open(ctx context.Context, newLogin func() *login) (*connection, error) {
	conn, err := m.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &connection{conn: conn}
	err = c.say(ctx, func(*gosmtp.Client) (err error) {
		c.client, err = m.greet(ctx, conn, newLogin)
		return err
	})
	if err != nil {
		// The library forgets its connection when something goes wrong before
		// it is logged in.
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// say lets do talk to the server until it is done or ctx ends, of which the
// library knows nothing.
func (c *connection) say(ctx context.Context, do func(*gosmtp.Client) error) error {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	err := do(c.client)
	c.cut = !stop()
	if c.cut && err != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// leave takes leave of the server, without waiting for it for long.
func (c *connection) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, quitTimeout)
	defer cancel()
	_ = c.client.UpdateDeadline(quitTimeout)
	_ = c.say(ctx, (*gosmtp.Client).Quit)
	_ = c.conn.Close()
}

func (m *Mailer) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return m.dial(ctx, "tcp", net.JoinHostPort(m.server.host, m.server.port))
}

// greet does all that comes before the first mail.
func (m *Mailer) greet(ctx context.Context, conn net.Conn, newLogin func() *login) (*gosmtp.Client, error) {
	if m.server.implicit {
		conn = tls.Client(conn, m.tls)
	}
	options := []gomail.Option{
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
		gomail.WithTimeout(talkTimeout),
		gomail.WithTLSConfig(m.tls),
		gomail.WithTLSPolicy(m.server.starttls),
		gomail.WithoutSMTPUTF8(), // our addresses are ASCII, and the next server may not know it
	}
	var who login
	if newLogin != nil {
		who = *newLogin()
		options = append(options, gomail.WithSMTPAuthCustom(&who))
	}
	client, err := gomail.NewClient(m.server.host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare to connect: %w", err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	switch {
	case err == nil:
		return session, nil
	case who.Auth != nil:
		return nil, fmt.Errorf("log in: %w", reworded(err, withoutWords))
	default:
		return nil, fmt.Errorf("greet the server: %w", err)
	}
}
