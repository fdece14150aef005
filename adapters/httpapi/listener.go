package httpapi

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how much later than asked a connection may time out.
const patience = time.Second

// NewListener returns a listener whose connections keep their deadlines to
// within a second, looked at by one timer for all of them. The server moves
// three deadlines for every request and hardly ever reaches one; the
// operating system's poller would sort each of them in.
func NewListener(inner net.Listener) net.Listener {
	l := &listener{Listener: inner, conns: map[*conn]struct{}{}, closed: make(chan struct{})}
	go l.watch(time.NewTicker(patience))
	return l
}

type listener struct {
	net.Listener

	mu     sync.Mutex
	conns  map[*conn]struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: accepted, listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return c, nil
}

// Close implements net.Listener. Connections that are open go on, and so do
// their deadlines.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// watch ends what has waited for too long, until nothing can come any more.
func (l *listener) watch(ticker *time.Ticker) {
	defer ticker.Stop()
	closed := false
	for !closed || l.expire(time.Time{}) > 0 {
		select {
		case now := <-ticker.C:
			l.expire(now)
		case <-l.closed:
			closed, l.closed = true, nil
		}
	}
}

// expire wakes the readers and writers whose deadline is before now, and
// returns how many connections are open.
func (l *listener) expire(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		// A connection that cannot take a deadline is gone already.
		if due(&c.read, now) {
			_ = c.Conn.SetReadDeadline(now)
		}
		if due(&c.write, now) {
			_ = c.Conn.SetWriteDeadline(now)
		}
	}
	return len(l.conns)
}

func due(deadline *atomic.Int64, now time.Time) bool {
	d := deadline.Load()
	return d != 0 && now.UnixNano() >= d
}

// conn is a connection whose deadlines the listener looks after.
type conn struct {
	net.Conn

	listener    *listener
	read, write atomic.Int64 // in nanoseconds since 1970; 0 for none
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { return set(&c.read, t) }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error { return set(&c.write, t) }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	_ = set(&c.read, t)
	return set(&c.write, t)
}

func set(deadline *atomic.Int64, t time.Time) error {
	if t.IsZero() {
		deadline.Store(0)
		return nil
	}
	deadline.Store(t.UnixNano())
	return nil
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
