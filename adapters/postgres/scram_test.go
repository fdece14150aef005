package postgres_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// logIn logs in with a password at a server that knows its verifier only, as
// PostgreSQL does where it asks for passwords; a PostgreSQL for tests trusts
// everybody. The client is pgx.
func logIn(t *testing.T, verifier, password string) error {
	t.Helper()
	config, err := pgx.ParseConfig("postgres://rowhouse@localhost:1/rowhouse?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.Password = password
	ours, servers := net.Pipe()
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return ours, nil }
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	refused := make(chan error, 1)
	go func() {
		err := (&scramServer{backend: pgproto3.NewBackend(servers, servers), verifier: verifier}).serve()
		_ = servers.Close()
		refused <- err
	}()
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		_ = c.Close(t.Context())
	}
	return errors.Join(<-refused, err)
}

// scramServer is the server's part of SCRAM (RFC 5802), from a verifier:
// SCRAM-SHA-256$iterations:salt$stored key:server key.
type scramServer struct {
	backend  *pgproto3.Backend
	verifier string
}

func (s *scramServer) serve() error {
	if _, err := s.backend.ReceiveStartupMessage(); err != nil {
		return err
	}
	var first pgproto3.SASLInitialResponse
	err := s.ask(&pgproto3.AuthenticationSASL{AuthMechanisms: []string{"SCRAM-SHA-256"}}, pgproto3.AuthTypeSASL, func(m pgproto3.FrontendMessage) {
		if got, ok := m.(*pgproto3.SASLInitialResponse); ok {
			first = *got
		}
	})
	if err != nil {
		return err
	}
	parts := strings.FieldsFunc(strings.TrimPrefix(s.verifier, "SCRAM-SHA-256"), func(r rune) bool { return r == '$' || r == ':' })
	stored, server := fromBase64(parts[2]), fromBase64(parts[3])
	_, clientFirst, _ := strings.Cut(string(first.Data), ",,")
	_, nonce, _ := strings.Cut(clientFirst, ",r=")
	serverFirst := fmt.Sprintf("r=%sours,s=%s,i=%s", nonce, parts[1], parts[0])
	var final string
	err = s.ask(&pgproto3.AuthenticationSASLContinue{Data: []byte(serverFirst)}, pgproto3.AuthTypeSASLContinue, func(m pgproto3.FrontendMessage) {
		if got, ok := m.(*pgproto3.SASLResponse); ok {
			final = string(got.Data)
		}
	})
	if err != nil {
		return err
	}
	withoutProof, proof, _ := strings.Cut(final, ",p=")
	exchange := clientFirst + "," + serverFirst + "," + withoutProof
	key := fromBase64(proof)
	for i, b := range sign(stored, exchange) {
		key[i] ^= b
	}
	if hash := sha256.Sum256(key); !hmac.Equal(hash[:], stored) {
		s.backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: "password authentication failed"})
		return errors.Join(errors.New("the proof is wrong"), s.backend.Flush())
	}
	s.backend.Send(&pgproto3.AuthenticationSASLFinal{Data: []byte("v=" + base64.StdEncoding.EncodeToString(sign(server, exchange)))})
	s.backend.Send(&pgproto3.AuthenticationOk{})
	s.backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return s.backend.Flush()
}

// ask sends a question and hands over the answer.
func (s *scramServer) ask(question pgproto3.BackendMessage, kind uint32, answer func(pgproto3.FrontendMessage)) error {
	s.backend.Send(question)
	if err := s.backend.Flush(); err != nil {
		return err
	}
	if err := s.backend.SetAuthType(kind); err != nil {
		return err
	}
	m, err := s.backend.Receive()
	if err == nil {
		answer(m)
	}
	return err
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func fromBase64(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}
