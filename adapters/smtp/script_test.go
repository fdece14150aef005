package smtp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"rowhouse/adapters/smtp"
)

// script is what a server answers to lines that begin with these words;
// CONNECT is for none, "." for the end of a text. To what is not in it the
// server says nothing, ever.
type script map[string]string

// conversation is a script that takes a mail.
func conversation() script {
	return script{
		"CONNECT": "220 mail.example.com", "EHLO": "250 mail.example.com", "HELO": "250 mail.example.com",
		"MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 go on", ".": "250 OK", "QUIT": "221 bye",
	}
}

// dial returns a connection to a server that follows the script, and a channel
// of the lines that it was told, which ends with the connection.
func (s script) dial() (net.Conn, <-chan []string) {
	ours, theirs := net.Pipe()
	heard := make(chan []string, 1)
	go func() {
		defer theirs.Close()
		var lines []string
		answer := func(word string) {
			if words, ok := s[word]; ok {
				io.WriteString(theirs, words+"\r\n")
			}
		}
		answer("CONNECT")
		text := false
		for told := bufio.NewScanner(theirs); told.Scan(); {
			word, _, _ := strings.Cut(told.Text(), " ")
			if text && word != "." {
				continue
			}
			lines = append(lines, word)
			text = word == "DATA" && strings.HasPrefix(s[word], "354")
			answer(word)
		}
		heard <- lines
	}()
	return ours, heard
}

// follow returns a Mailer whose server follows the script.
func (s script) follow(t *testing.T, smtpURL string) (m *smtp.Mailer, heard <-chan []string) {
	t.Helper()
	conn, heard := s.dial()
	m = newMailer(t, smtpURL)
	m.DialWith(func(context.Context, string, string) (net.Conn, error) { return conn, nil })
	return m, heard
}

func wantHeard(t *testing.T, heard []string, want string) {
	t.Helper()
	if got := strings.Join(heard, " "); got != want {
		t.Errorf("the server was told %s, want %s", got, want)
	}
}
