package redis_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a client and the server, and misbehaves on request.
type proxy struct {
	address  string // as a client takes it
	server   string // host and port
	accepted atomic.Int64

	mu     sync.Mutex
	silent bool
	links  []*link
	hold   *hold
}

// link is a connection through the proxy. Once silent it stays so.
type link struct {
	client, server net.Conn
	silent         atomic.Bool
}

// hold keeps back one answer.
type hold struct {
	held, release chan struct{}
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	target, err := url.Parse(address(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{server: target.Host}
	target.Host = listenTCP(t, p.serve).Addr().String()
	p.address = target.String()
	t.Cleanup(p.drop)
	return p
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	p.accepted.Add(1)
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	l := &link{client: client, server: server}
	p.mu.Lock()
	l.silent.Store(p.silent)
	p.links = append(p.links, l)
	p.mu.Unlock()
	go func() {
		defer client.Close()
		l.pass(client, server, p.waitForRelease)
	}()
	l.pass(server, client, func() {})
}

// pass takes to one what the other says, or drops it.
func (l *link) pass(to io.Writer, from io.Reader, wait func()) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		wait()
		if l.silent.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) waitForRelease() {
	if hold := p.takeHold(); hold != nil {
		close(hold.held)
		<-hold.release
	}
}

func (p *proxy) takeHold() *hold {
	p.mu.Lock()
	defer p.mu.Unlock()
	hold := p.hold
	p.hold = nil
	return hold
}

// holdNext keeps the next answer back. held is closed when it has come, and
// release lets it go.
func (p *proxy) holdNext() (held <-chan struct{}, release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	hold := &hold{make(chan struct{}), make(chan struct{})}
	p.hold = hold
	return hold.held, func() { close(hold.release) }
}

// silence makes the server a black hole: nothing that is said on a connection
// arrives any more, nor on new ones until speak.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = true
	for _, l := range p.links {
		l.silent.Store(true)
	}
}

// speak lets new connections through. Those from before stay dead.
func (p *proxy) speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = false
}

// drop closes all connections.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		l.client.Close()
		l.server.Close()
	}
	p.links = nil
}
