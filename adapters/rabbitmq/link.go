package rabbitmq

import (
	"context"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// heartbeat is asked of the broker. Where nothing comes for one and a half
	// times that, it is down.
	heartbeat = 10 * time.Second
	// closeTimeout is how long the broker has to say goodbye.
	closeTimeout = time.Second
)

// link is one connection to the broker.
type link struct {
	conn   *amqp.Connection
	raw    net.Conn // below it
	answer time.Duration
}

// dial connects. It fails when ctx ends or when that takes too long.
func (q *Queue) dial(ctx context.Context, purpose string) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, q.tuning.Answer)
	defer cancel()
	l := &link{answer: q.tuning.Answer}
	inTime := func() bool { return true }
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName(q.names.prefix + " " + purpose)
	conn, err := amqp.DialConfig(q.url, amqp.Config{
		Heartbeat:  heartbeat,
		Properties: properties,
		Dial: func(network, address string) (net.Conn, error) {
			raw, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			// What follows does not look at ctx, but ends with the connection.
			l.raw, inTime = raw, context.AfterFunc(ctx, func() { _ = raw.Close() })
			return raw, nil
		},
	})
	if !inTime() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if l.raw != nil {
			l.abort()
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	l.conn = conn
	return l, nil
}

// abort ends the connection at once. Whoever uses it finds out.
func (l *link) abort() { _ = l.raw.Close() }

// close ends the connection in good order if it can.
func (l *link) close() {
	l.within(closeTimeout, func() { _ = l.conn.Close() })
	l.abort()
}

// ask waits for an answer, for as long as the broker has.
func (l *link) ask(question func() error) error {
	var err error
	l.within(l.answer, func() { err = question() })
	return err
}

// within ends the connection if a call takes too long: the library waits
// without end for a broker that says nothing.
func (l *link) within(d time.Duration, call func()) {
	timer := time.AfterFunc(d, l.abort)
	defer timer.Stop()
	call()
}

// channel returns a new channel.
func (l *link) channel() (*amqp.Channel, error) {
	var channel *amqp.Channel
	err := l.ask(func() (err error) {
		channel, err = l.conn.Channel()
		return err
	})
	return channel, err
}

// look asks how many consume from a queue; it fails if there is no queue. The
// question has a channel of its own, which does not survive a no.
func (l *link) look(queue string) (consumers int, err error) {
	channel, err := l.channel()
	if err != nil {
		return 0, err
	}
	err = l.ask(func() error {
		state, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
		if err != nil {
			return err
		}
		consumers = state.Consumers
		return channel.Close()
	})
	return consumers, err
}

// reason returns why a channel was closed.
func reason(closed *amqp.Error) error {
	if closed == nil {
		return errEnded
	}
	return closed
}
