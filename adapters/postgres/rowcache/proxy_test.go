package rowcache_test

import (
	"context"
	"net"
	"sync"
	"testing"
)

// fault is how a database is away.
type fault int

const (
	there fault = iota
	cut         // connections break, and new ones too
	mute        // nothing is answered any more
)

// proxy stands between a process and the database, and can take it away.
type proxy struct {
	address, server string // host:port

	mu      sync.Mutex
	present fault
	links   map[*link]bool
}

// link is a connection through the proxy. One that was silent once stays so.
type link struct {
	client, server net.Conn
	silent         bool
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: listener.Addr().String(), server: server, links: map[*link]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.become(cut)
		serving.Wait()
	})
	return p
}

// become makes the database go away or come back.
func (p *proxy) become(present fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.present = present
	for l := range p.links {
		switch present {
		case there:
		case cut:
			l.client.Close()
			l.server.Close()
		case mute:
			l.silent = true
		}
	}
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	l := &link{client: client, server: server}
	p.mu.Lock()
	if p.present == cut {
		p.mu.Unlock()
		return
	}
	l.silent = p.present == mute
	p.links[l] = true
	p.mu.Unlock()
	var answers sync.WaitGroup
	answers.Go(func() {
		defer client.Close()
		p.pass(l, client, server)
	})
	p.pass(l, server, client)
	server.Close()
	answers.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// pass takes to one what the other says, or drops it.
func (p *proxy) pass(l *link, to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		drop := l.silent
		p.mu.Unlock()
		if drop {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
