// Package rabbittest lets tests look into a RabbitMQ, and meddle with it.
package rabbittest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// URL returns the address of the broker that TEST_AMQP_URL names. Others use
// it meanwhile.
func URL(tb testing.TB) string {
	tb.Helper()
	address := os.Getenv("TEST_AMQP_URL")
	if address == "" {
		tb.Fatal("TEST_AMQP_URL is not set: `make test` starts a server")
	}
	return address
}

// Broker is a connection to a broker.
type Broker struct {
	tb   testing.TB
	conn *amqp.Connection
}

// Connect opens a connection, until the test ends.
func Connect(tb testing.TB, url string) *Broker {
	tb.Helper()
	conn, err := amqp.DialConfig(url, amqp.Config{Heartbeat: 10 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &Broker{tb, conn}
}

// Close ends the connection before the test does.
func (b *Broker) Close() { _ = b.conn.Close() }

// channel is one for a single use: it does not survive an error.
func (b *Broker) channel() *amqp.Channel {
	b.tb.Helper()
	channel, err := b.conn.Channel()
	if err != nil {
		b.tb.Fatal(err)
	}
	return channel
}

// Delete removes queues and the exchanges of the same names, if they are there.
func Delete(address string, names ...string) error {
	conn, err := amqp.DialConfig(address, amqp.Config{Heartbeat: 10 * time.Second})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	channel, err := conn.Channel()
	if err != nil {
		return err
	}
	for _, name := range names {
		_, err := channel.QueueDelete(name, false, false, false)
		if err := errors.Join(err, channel.ExchangeDelete(name, false, false)); err != nil {
			return err
		}
	}
	return nil
}

// DeleteQueue removes a queue, with what is in it.
func (b *Broker) DeleteQueue(name string) {
	b.tb.Helper()
	channel := b.channel()
	defer channel.Close()
	if _, err := channel.QueueDelete(name, false, false, false); err != nil {
		b.tb.Fatal(err)
	}
}

// Unbind removes the way from an exchange to the queue of the same name.
func (b *Broker) Unbind(name string) {
	b.tb.Helper()
	channel := b.channel()
	defer channel.Close()
	if err := channel.QueueUnbind(name, "", name, nil); err != nil {
		b.tb.Fatal(err)
	}
}

// Messages returns how many messages wait in a queue; false if there is no
// such queue.
func (b *Broker) Messages(name string) (int, bool) {
	b.tb.Helper()
	channel := b.channel()
	defer channel.Close()
	state, err := channel.QueueDeclarePassive(name, true, false, false, false, nil)
	return state.Messages, err == nil
}

// Publish puts a message into an exchange, and does not wait until it is
// stored.
func (b *Broker) Publish(ctx context.Context, exchange string, body []byte) {
	b.tb.Helper()
	channel := b.channel()
	defer channel.Close()
	message := amqp.Publishing{ContentType: "application/json", DeliveryMode: amqp.Persistent, Body: body}
	if err := channel.PublishWithContext(ctx, exchange, "", true, false, message); err != nil {
		b.tb.Fatal(err)
	}
}

// Peek returns all that waits in a queue, with its properties, as text. It
// stays there.
func (b *Broker) Peek(name string) []string {
	b.tb.Helper()
	channel := b.channel()
	defer channel.Close() // gives everything back
	var all []string
	for {
		delivery, ok, err := channel.Get(name, false)
		if err != nil {
			b.tb.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, fmt.Sprint(delivery.MessageId, delivery.Type, delivery.ContentType, delivery.CorrelationId, delivery.Headers, string(delivery.Body)))
	}
}

// Tap has a queue of its own get all that goes through an exchange from now on,
// until the connection ends. Peek shows it.
func (b *Broker) Tap(exchange string) (queue string) {
	b.tb.Helper()
	channel := b.channel() // stays open
	declared, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		b.tb.Fatal(err)
	}
	if err := channel.QueueBind(declared.Name, "", exchange, false, nil); err != nil {
		b.tb.Fatal(err)
	}
	return declared.Name
}

// TakeCarelessly hands what comes out of a queue to n at once, until ctx or the
// connection ends. The broker forgets each message as it sends it.
func TakeCarelessly(ctx context.Context, url, queue string, n int, do func(body []byte)) error {
	conn, err := amqp.Dial(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	channel, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := channel.Qos(n, 0, false); err != nil { // which it does not heed without acknowledgements
		return err
	}
	deliveries, err := channel.ConsumeWithContext(ctx, queue, "", true, false, false, false, nil)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for delivery := range deliveries {
				do(delivery.Body)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}
