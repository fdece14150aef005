package service_test

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// proxy stands between a process and a server, and fails like a network on
// request.
type proxy struct {
	t       *testing.T
	address string       // host:port
	server  string       // host:port
	lost    atomic.Int64 // messages, see deafen
	delay   atomic.Int64 // of each answer, in nanoseconds

	mu       sync.Mutex
	listener net.Listener
	held     int // a socket that keeps the port while nobody listens; -1 for none
	silent   bool
	deaf     bool
	links    map[*link]struct{}
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	p := &proxy{t: t, server: server, address: "127.0.0.1:0", held: -1, links: map[*link]struct{}{}}
	p.listen()
	t.Cleanup(func() {
		p.cut()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.release()
	})
	return p
}

// newRedisProxy returns a proxy in front of Redis, with the address that
// processes take.
func newRedisProxy(t *testing.T) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(redisURL(t))
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379")))
	u.Host = p.address
	return p, u.String()
}

// listen begins to accept connections.
func (p *proxy) listen() {
	p.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", p.address)
	if err != nil {
		p.t.Fatalf("listen again: %v", err)
	}
	p.listener, p.address = listener, listener.Addr().String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	l := &link{proxy: p, client: client, server: server}
	if !p.add(l) {
		return
	}
	defer p.remove(l)
	go func() {
		defer client.Close()
		pass(client, server, l.answer)
	}()
	pass(server, client, l.ask)
}

// add makes the proxy know a link, unless it refuses connections by now.
func (p *proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.silent.Store(p.silent)
	p.links[l] = struct{}{}
	return p.held < 0
}

func (p *proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

func (p *proxy) isDeaf() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deaf
}

// deafen makes what Redis pushes to subscribers get lost. All else works.
func (p *proxy) deafen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = true
}

// swallow makes the server a black hole: connections are accepted, and nothing
// that is said on any arrives.
func (p *proxy) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = true
	for l := range p.links {
		l.silent.Store(true)
	}
}

// cut drops all connections and refuses new ones, as where no server runs.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held < 0 {
		_ = p.listener.Close()
		if err := p.hold(); err != nil {
			p.t.Errorf("keep the port of a proxy: %v", err)
		}
	}
	for l := range p.links {
		_ = l.client.Close()
		_ = l.server.Close()
	}
}

// drop ends all connections. New ones go through.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		_ = l.client.Close()
		_ = l.server.Close()
	}
}

// heal lets everything through again.
func (p *proxy) heal() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent, p.deaf = false, false
	if p.release() {
		p.listen()
	}
}

// hold takes the port and does not listen on it, so that connections are
// refused and nobody else gets it.
func (p *proxy) hold() error {
	address, err := net.ResolveTCPAddr("tcp", p.address)
	if err != nil {
		return err
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	syscall.CloseOnExec(socket)
	p.held = socket
	return errors.Join(
		syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
		syscall.Bind(socket, &syscall.SockaddrInet4{Port: address.Port, Addr: [4]byte(address.IP.To4())}),
	)
}

// release gives the port up, if it is held.
func (p *proxy) release() bool {
	if p.held < 0 {
		return false
	}
	_ = syscall.Close(p.held)
	p.held = -1
	return true
}
