package smtp

import (
	"context"
	"slices"
	"sync"
	"time"
)

// What is kept open. Servers end connections that are silent for some minutes
// at the earliest (RFC 5321, section 4.5.3.2: five), and some take only so many
// mails over one, a hundred being the least that is common.
const (
	maxConnections  = 4 // at once; who wants another waits
	maxIdle         = 15 * time.Second
	mailsPerSession = 50
)

// pool has the connections that wait for another mail. A burst of mails goes
// over a few, each greeted once; a single mail pays nothing for it.
type pool struct {
	seats chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []idle // the one used last at the end
	closed bool
}

// idle is a connection that is left once timer fires.
type idle struct {
	*connection

	timer *time.Timer
}

func newPool() *pool { return &pool{seats: make(chan struct{}, maxConnections)} }

// enter waits until a connection may be used. Whoever did so says when it is
// not any more.
func (p *pool) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err // select might not look
	}
	select {
	case p.seats <- struct{}{}:
		return func() { <-p.seats }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take returns the connection that was used last, or nil.
func (p *pool) take() *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	last := p.idle[n]
	p.idle = p.idle[:n]
	last.timer.Stop()
	return last.connection
}

// put keeps a connection for the next mail, or reports that it is not needed.
func (p *pool) put(ctx context.Context, c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || c.cut || c.mails >= mailsPerSession {
		return false
	}
	ctx = context.WithoutCancel(ctx) // nobody waits for the farewell
	p.idle = append(p.idle, idle{c, time.AfterFunc(maxIdle, func() { p.expire(ctx, c) })})
	return true
}

// expire leaves a connection unless it was taken meanwhile.
func (p *pool) expire(ctx context.Context, c *connection) {
	p.mu.Lock()
	i := slices.IndexFunc(p.idle, func(i idle) bool { return i.connection == c })
	if i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.mu.Unlock()
	if i >= 0 {
		c.leave(ctx)
	}
}

// close leaves all that are idle, and lets none be so again.
func (p *pool) close() {
	p.mu.Lock()
	left := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var all sync.WaitGroup
	for _, i := range left {
		i.timer.Stop()
		all.Go(func() { i.leave(context.Background()) }) //nolint:forbidigo // it has its own timeout, and no caller's
	}
	all.Wait()
}
