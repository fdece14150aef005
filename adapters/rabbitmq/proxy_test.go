package rabbitmq_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a queue and the broker, and misbehaves on request.
type proxy struct {
	address string      // as a queue takes it
	broker  string      // host and port
	deaf    atomic.Bool // to a broker that says that a consumer is cancelled

	mu    sync.Mutex
	mode  mode
	links []*proxied
}

// mode is what happens to new connections.
type mode int

const (
	passing mode = iota
	refusing
	silent
)

// proxied is a connection through the proxy. Once silent it stays so.
type proxied struct {
	client, broker net.Conn
	silent         atomic.Bool

	mu sync.Mutex // held for each frame to the client
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	target, err := url.Parse(address(t))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{broker: target.Host}
	if target.Port() == "" {
		p.broker = net.JoinHostPort(target.Hostname(), "5672")
	}
	target.Host = listener.Addr().String()
	p.address = target.String()
	t.Cleanup(func() {
		_ = listener.Close()
		p.drop()
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	broker, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.broker)
	if err != nil {
		return
	}
	defer broker.Close()
	l := &proxied{client: client, broker: broker}
	p.mu.Lock()
	if p.mode == refusing {
		p.mu.Unlock()
		return
	}
	l.silent.Store(p.mode == silent)
	p.links = append(p.links, l)
	p.mu.Unlock()
	go func() {
		defer client.Close()
		p.passFrames(l)
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if !l.silent.Load() {
			if _, err := broker.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}

// passFrames takes frames (AMQP 0-9-1, section 2.3.5) to the client, whole, so
// that others fit in between.
func (p *proxy) passFrames(l *proxied) {
	from := bufio.NewReader(l.broker)
	for {
		header, err := from.Peek(7)
		if err != nil {
			return
		}
		frame := make([]byte, 7+binary.BigEndian.Uint32(header[3:])+1)
		if _, err := io.ReadFull(from, frame); err != nil {
			return
		}
		cancels := frame[0] == 1 && bytes.HasPrefix(frame[7:], []byte{0, 60, 0, 30})
		if l.silent.Load() || cancels && p.deaf.Load() {
			continue
		}
		if l.say(frame) != nil {
			return
		}
	}
}

func (l *proxied) say(frame []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.client.Write(frame)
	return err
}

// all calls do for each connection, and returns how many there are.
func (p *proxy) all(do func(*proxied)) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		do(l)
	}
	return len(p.links)
}

// become decides what happens to connections from now on.
func (p *proxy) become(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
}

// drop closes all connections.
func (p *proxy) drop() { p.end(func(net.Conn) {}) }

// reset does so without a goodbye, and returns how many there were.
func (p *proxy) reset() int {
	return p.end(func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) })
}

func (p *proxy) end(before func(net.Conn)) int {
	n := p.all(func(l *proxied) {
		for _, conn := range []net.Conn{l.client, l.broker} {
			before(conn)
			_ = conn.Close()
		}
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links = p.links[n:]
	return n
}

// silence makes the broker a black hole: nothing that is said arrives any more,
// on connections from before and on new ones.
func (p *proxy) silence() {
	p.become(silent)
	p.all(func(l *proxied) { l.silent.Store(true) })
}

// block says what a broker says that is short of memory.
func (p *proxy) block() {
	const why = "low on memory"
	method := append([]byte{0, 10, 0, 60, byte(len(why))}, why...)
	p.say(0, method)
}

// unblock says that it is over.
func (p *proxy) unblock() { p.say(0, []byte{0, 10, 0, 61}) }

// force says what a broker says that ends connections.
func (p *proxy) force() { p.say(0, closing(10, 50, 320, "forced")) }

// closeChannels says what a broker says that ends channels.
func (p *proxy) closeChannels() {
	for channel := range byte(2) {
		p.say(channel+1, closing(20, 40, 406, "timeout"))
	}
}

// closing returns a method that closes a connection or a channel.
func closing(class, method byte, code uint16, why string) []byte {
	m := binary.BigEndian.AppendUint16([]byte{0, class, 0, method}, code)
	m = append(append(m, byte(len(why))), why...)
	return append(m, 0, 0, 0, 0)
}

// say sends a method to all.
func (p *proxy) say(channel byte, method []byte) {
	frame := binary.BigEndian.AppendUint32([]byte{1, 0, channel}, uint32(len(method)))
	frame = append(append(frame, method...), 0xce)
	p.all(func(l *proxied) { _ = l.say(frame) })
}
