package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
)

// SecretKey authenticates what we hand out and later get back: cursors, CSRF
// tokens, device cookies. It is 32 bytes or more.
type SecretKey []byte

// String keeps the key out of logs.
func (SecretKey) String() string { return redacted }

// GoString keeps the key out of logs.
func (SecretKey) GoString() string { return redacted }

// LogValue keeps the key out of logs: package slog asks neither of the two
// above where it writes bytes, or JSON.
func (SecretKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// redacted is what is written in place of a secret.
const redacted = "[redacted]"

// MAC returns the HMAC-SHA-256 of the parts for one purpose. Each part is
// written with its length, so that no two lists of parts look alike.
func (k SecretKey) MAC(purpose string, parts ...string) []byte {
	mac := hmac.New(sha256.New, k)
	for _, part := range append([]string{purpose}, parts...) {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

// Verify reports whether mac is that of the parts, in constant time.
func (k SecretKey) Verify(mac []byte, purpose string, parts ...string) bool {
	return hmac.Equal(mac, k.MAC(purpose, parts...))
}
