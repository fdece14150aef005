package smtp

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"
)

// talk connects to the server, logs in if it is told how, lets say do what is
// to be done, and takes its leave. Once say has succeeded, nothing can fail.
func (m *Mailer) talk(ctx context.Context, newLogin func() *login, say func(*gosmtp.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	conn, err := m.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	// The library forgets its connection when something goes wrong before it
	// is logged in, and knows of no context afterwards.
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()

	client, err := m.greet(ctx, conn, newLogin)
	if err == nil {
		err = say(client)
	}
	if client != nil {
		_ = client.UpdateDeadline(quitTimeout)
		_ = client.Quit()
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
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
		gomail.WithTimeout(2 * sendTimeout), // never the first to give up: ctx is
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
