package smtp

import (
	"errors"
	"net/textproto"
	"regexp"
	"strings"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

// Permanent reports whether err, which Send has returned, is about this very
// mail and will be the same next time: the server refuses its recipient or its
// text for good, or there is no such address. All else may pass: a server that
// is away or busy, a password that it does not know.
func Permanent(err error) bool {
	_, ok := errors.AsType[interface {
		error
		Permanent() bool
	}](err)
	return ok
}

// permanentError marks what Permanent looks for. Its method tells the same to
// whoever does not know this package.
type permanentError struct{ error }

func (permanentError) Permanent() bool { return true }

func (e permanentError) Unwrap() error { return e.error }

// refusal marks a server's answer to one mail as permanent if it is one (RFC
// 5321, section 4.2.1). 503 and 530 to 539 say that something was to come
// before, such as a password.
func refusal(err error) error {
	answer, ok := errors.AsType[*textproto.Error](err)
	if !ok || answer.Code/100 != 5 || answer.Code == 503 || answer.Code/10 == 53 {
		return err
	}
	return permanentError{err}
}

var errNoAnswer = errors.New("the server's answer is none that SMTP knows")

// reworded changes what an error says in the words of a server.
func reworded(err error, change func(words string) string) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return &textproto.Error{Code: answer.Code, Msg: change(answer.Msg)}
	}
	_, malformed := errors.AsType[textproto.ProtocolError](err)
	if malformed || errors.Is(err, gosmtp.ErrUnexpectedServerResponse) {
		return errNoAnswer
	}
	return err
}

// withoutWords leaves nothing but the status (RFC 3463). It is for answers to a
// password or a text, which the server might repeat: filters quote the links
// that they dislike, token and all.
func withoutWords(words string) string {
	status := regexp.MustCompile(`(?m)^[245]\.\d{1,3}\.\d{1,3}\b`).FindString(words) // of any line
	return strings.TrimSpace(status + " (words left out)")
}
