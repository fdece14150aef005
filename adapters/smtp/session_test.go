package smtp_test

import (
	"io"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// session is one connection to a mailServer.
type session struct {
	server *mailServer
	conn   *gosmtp.Conn
	user   string
	mail   envelope
}

func (s *session) AuthMechanisms() []string { return s.server.mechs }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if err := s.server.reach(stageAuth); err != nil {
			return err
		}
		if password != s.server.password {
			return gosmtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}
	if mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer is a sasl.Server for LOGIN, which the library has none for.
type loginServer struct {
	check   func(user, password string) error
	answers []string
}

func (l *loginServer) Next(answer []byte) (challenge []byte, done bool, err error) {
	if answer != nil {
		l.answers = append(l.answers, string(answer))
	}
	if len(l.answers) < 2 {
		return []byte([]string{"Username:", "Password:"}[len(l.answers)]), false, nil
	}
	return nil, true, l.check(l.answers[0], l.answers[1])
}

func (s *session) Mail(from string, options *gosmtp.MailOptions) error {
	_, encrypted := s.conn.TLSConnectionState()
	s.mail = envelope{from: from, user: s.user, encrypted: encrypted, utf8: options.UTF8}
	return s.server.reach(stageMail)
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.mail.to = append(s.mail.to, to)
	return s.server.reach(stageRcpt)
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.reach(stageData); err != nil {
		return err
	}
	s.mail.content = content
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.mail)
	return nil
}

func (s *session) Reset() { s.mail = envelope{} }

func (s *session) Logout() error { return nil }
