package rabbitmq

import (
	"math"

	amqp "github.com/rabbitmq/amqp091-go"
)

// names are what things on the broker are called: an exchange and the queue it
// leads to have the same name. What is declared cannot be changed. Whoever
// wants it otherwise raises the version, and leaves a consumer of the old one
// until that is empty.
type names struct {
	prefix, jobs, dead string
}

func newNames(prefix string) names {
	return names{prefix: prefix, jobs: prefix + ".jobs.v1", dead: prefix + ".dead.v1"}
}

// declare makes sure that there is everything: the jobs, and the dead queue for
// those that came too often. Nothing gets lost between the two, since the first
// keeps a message until the other has it.
func (q *Queue) declare(channel *amqp.Channel) error {
	if err := declareQueue(channel, q.names.dead, amqp.Table{
		amqp.QueueTypeArg: amqp.QueueTypeQuorum,
		// As good as none. There is none from 4.0 on with -1, which older ones
		// take for 0, and 20 if it is missing, after which messages are lost.
		"x-delivery-limit": math.MaxInt32,
	}); err != nil {
		return err
	}
	return declareQueue(channel, q.names.jobs, amqp.Table{
		amqp.QueueTypeArg:        amqp.QueueTypeQuorum,
		"x-delivery-limit":       q.tuning.DeliveryLimit,
		"x-dead-letter-exchange": q.names.dead,
		"x-dead-letter-strategy": "at-least-once",
		amqp.QueueMaxLenArg:      q.tuning.MaxLength,
		amqp.QueueOverflowArg:    amqp.QueueOverflowRejectPublish,
	})
}

func declareQueue(channel *amqp.Channel, name string, args amqp.Table) error {
	if err := channel.ExchangeDeclare(name, amqp.ExchangeFanout, true, false, false, false, nil); err != nil {
		return err
	}
	if _, err := channel.QueueDeclare(name, true, false, false, false, args); err != nil {
		return err
	}
	return channel.QueueBind(name, "", name, false, nil)
}
