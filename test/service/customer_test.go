package service_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// connection is one to a process, kept open as long as the process likes.
// Unlike Go's client it never sends anything twice.
type connection struct {
	browser *browser
	process *process
	conn    net.Conn
	answers *bufio.Reader
}

// errClosed is that of a connection that was open and is closed before any word
// of the answer. Nobody can tell whether the request was looked at.
var errClosed = errors.New("the connection was closed instead of an answer")

func (c *connection) try(ctx context.Context, method, path string, body any) (response, error) {
	if err := c.open(ctx); err != nil {
		return response{}, err
	}
	req, err := c.browser.request(ctx, c.process, method, path, body)
	if err != nil {
		return response{}, err
	}
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	err = req.Write(c.conn)
	if err == nil {
		_, err = c.answers.Peek(1)
	}
	if err != nil {
		return response{}, errors.Join(fmt.Errorf("%w: %w", errClosed, err), c.close())
	}
	answer, err := http.ReadResponse(c.answers, req)
	if err != nil {
		return response{}, errors.Join(err, c.close())
	}
	defer answer.Body.Close()
	res, err := readResponse(answer)
	if err != nil || answer.Close {
		err = errors.Join(err, c.close())
	}
	return res, err
}

func (c *connection) open(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.process.address)
	if err != nil {
		return err
	}
	c.conn, c.answers = conn, bufio.NewReader(conn)
	return nil
}

func (c *connection) close() error {
	conn := c.conn
	c.conn = nil
	return conn.Close()
}

// customer keeps using one process over one connection, and goes to another
// where the first does not take connections any more.
type customer struct {
	connection
	other *process
	path  string
	name  string

	made   []string // names of what was said to be made
	moved  bool     // to the other process
	closed int      // connections that were closed instead of an answer
	broken []string // requests that failed in another way
}

func (c *customer) use(ctx context.Context, until <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-until:
			return
		default:
		}
		name := c.name + "-" + strconv.Itoa(n)
		c.ask(ctx, http.StatusOK, http.MethodGet, "", nil)
		if c.ask(ctx, http.StatusCreated, http.MethodPost, "/workspaces", M{"name": name}) {
			c.made = append(c.made, name)
		}
	}
}

// ask makes a request, elsewhere if it was not taken here.
func (c *customer) ask(ctx context.Context, want int, method, below string, body any) bool {
	res, err := c.try(ctx, method, c.path+below, body)
	closed := errors.Is(err, errClosed)
	if closed {
		c.closed++
	}
	if closed || errors.Is(err, syscall.ECONNREFUSED) {
		c.moved, c.process = true, c.other
		res, err = c.try(ctx, method, c.path+below, body)
	}
	if err != nil || res.status != want {
		c.broken = append(c.broken, fmt.Sprintf("%s %s: %d %s %v", method, below, res.status, res.body, err))
	}
	return err == nil && res.status == want
}
