package smtp

import (
	"context"
	"crypto/x509"
	"net"
)

// Trust makes the Mailer believe certificates that these vouch for.
func (m *Mailer) Trust(roots *x509.CertPool) { m.tls.RootCAs = roots }

// DialWith makes the Mailer reach its server by dial.
func (m *Mailer) DialWith(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	m.dial = dial
}
