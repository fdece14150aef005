package service_test

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// link is a connection through the proxy.
type link struct {
	proxy          *proxy
	client, server net.Conn
	// silent links lose whatever is said. Once silent they stay so, as where a
	// router has forgotten them.
	silent atomic.Bool
	// subscribed is true once the client of a Redis has subscribed, and
	// confirmed once it was told so.
	subscribed, confirmed atomic.Bool
}

// pass takes to one what the other says, as far as it gets through.
func pass(to io.Writer, from io.Reader, through func([]byte) []byte) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if _, err := to.Write(through(buffer[:n])); err != nil {
			return
		}
	}
}

// ask returns what of the client's words reaches the server.
func (l *link) ask(said []byte) []byte {
	if l.silent.Load() {
		return nil
	}
	if bytes.Contains(bytes.ToLower(said), []byte("\nsubscribe\r\n")) {
		l.subscribed.Store(true)
	}
	return said
}

// answer returns what of the server's words reaches the client.
func (l *link) answer(said []byte) []byte {
	if l.silent.Load() {
		return nil
	}
	if delay := l.proxy.delay.Load(); delay > 0 {
		<-time.After(time.Duration(delay))
	}
	if !l.subscribed.Load() {
		return said
	}
	// A confirmation ends with the number of subscriptions.
	heard := 0
	if !l.confirmed.Load() {
		end := []byte("\r\n:1\r\n")
		i := bytes.Index(said, end)
		if i < 0 {
			return said
		}
		l.confirmed.Store(true)
		heard = i + len(end)
	}
	if l.proxy.isDeaf() && heard < len(said) {
		l.proxy.lost.Add(1)
		return said[:heard]
	}
	return said
}
