package httpapi

import (
	"errors"
	"net"
	"sync"
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
		c.expire(now)
	}
	return len(l.conns)
}

// conn is a connection whose deadlines the listener looks after.
type conn struct {
	net.Conn

	listener    *listener
	mu          sync.Mutex
	read, write lateDeadline
}

// lateDeadline is a deadline that is carried out when somebody looks.
type lateDeadline struct {
	at time.Time // zero for none
	// passed means that the connection itself has been told, and fails until
	// it is told otherwise.
	passed bool
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { return c.set(&c.read, t, c.Conn.SetReadDeadline) }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.set(&c.write, t, c.Conn.SetWriteDeadline)
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// set moves a deadline. One that has passed is taken back from the connection:
// the server leaves the deadline of one answer standing until the next, which
// may come long after.
func (c *conn) set(d *lateDeadline, t time.Time, tell func(time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d.at = t
	if !d.passed {
		return nil
	}
	d.passed = false
	return tell(time.Time{})
}

func (c *conn) expire(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A connection that cannot take a deadline is gone already.
	if c.read.due(now) {
		c.read.passed = true
		_ = c.Conn.SetReadDeadline(now)
	}
	if c.write.due(now) {
		c.write.passed = true
		_ = c.Conn.SetWriteDeadline(now)
	}
}

func (d *lateDeadline) due(now time.Time) bool {
	return !d.passed && !d.at.IsZero() && !now.Before(d.at)
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
