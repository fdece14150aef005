package smtp

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"

	"rowhouse/core/domain"
)

var errNoAddress = errors.New("the recipient is no address in its normal form")

// letter is a mail as it goes over the wire.
type letter struct {
	from    string // as the server is told: in angle brackets
	to      string
	content []byte
	mask    func(string) string // hides the recipient in what a server says
}

// write makes a letter of a mail. It tries harder than a domain.Email needs: a
// line break in an address would be a command.
func (m *Mailer) write(mail domain.Mail) (letter, error) {
	to, err := netmail.ParseAddress(string(mail.To))
	if err != nil || to.Address != string(mail.To) || !isASCII(to.Address) {
		return letter{}, permanentError{errNoAddress}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&m.from)
	msg.ToMailAddress(to)
	msg.Subject(encodeWords(mail.Subject))
	msg.SetMessageIDWithValue(string(mail.ID) + "@" + m.domain)
	msg.SetDateWithValue(mail.SentAt)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's holiday needs an answer (RFC 3834)
	msg.SetBodyString(gomail.TypeTextPlain, mail.Text)
	if mail.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, mail.HTML)
	}
	var content bytes.Buffer
	if _, err := msg.WriteTo(&content); err != nil {
		return letter{}, fmt.Errorf("write it: %w", err)
	}
	return letter{
		from: (&netmail.Address{Address: m.from.Address}).String(), to: to.String(), content: content.Bytes(),
		mask: strings.NewReplacer(to.Address, mail.To.Masked()).Replace,
	}, nil
}

// encodeWords makes one line of ASCII of a header's text (RFC 2047). Package
// mime leaves ASCII as it is, even where that reads like something encoded, or
// is longer than a line may be.
func encodeWords(s string) string {
	const (
		longest = 900 // bytes in a line; servers take 998
		word    = 42  // bytes that an encoded word of 75 has room for
	)
	encoded := mime.QEncoding.Encode("utf-8", s)
	if encoded != s || len(s) <= longest && !strings.Contains(s, "=?") {
		return encoded
	}
	var words []string
	for part := range slices.Chunk([]byte(s), word) {
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString(part)+"?=")
	}
	return strings.Join(words, " ")
}

// senderError is why the server did not even want to know whom the letter is
// from. Nothing of it was sent.
type senderError struct{ error }

func (e senderError) Unwrap() error { return e.error }

// send hands the letter over. Without an error the server has answered for it.
// It waits for patience until the server begins to listen.
func (l letter) send(c *gosmtp.Client, patience time.Duration) error {
	if err := c.UpdateDeadline(patience); err != nil {
		return senderError{fmt.Errorf("begin: %w", err)}
	}
	if err := c.Mail(l.from); err != nil {
		// Of all mails the sender is the same: a refusal is not about this one.
		return senderError{fmt.Errorf("name the sender: %w", reworded(err, l.mask))}
	}
	if err := c.UpdateDeadline(talkTimeout); err != nil {
		return fmt.Errorf("go on: %w", err)
	}
	if err := c.Rcpt(l.to); err != nil {
		return fmt.Errorf("name the recipient: %w", refusal(reworded(err, l.mask)))
	}
	data, err := c.Data()
	if err != nil {
		return fmt.Errorf("announce the text: %w", refusal(reworded(err, l.mask)))
	}
	if _, err := data.Write(l.content); err != nil {
		return fmt.Errorf("send the text: %w", err)
	}
	if err := data.Close(); err != nil {
		return fmt.Errorf("end the text: %w", refusal(reworded(err, withoutWords)))
	}
	return nil
}
