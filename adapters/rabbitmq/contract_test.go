package rabbitmq_test

import (
	"testing"

	"rowhouse/adapters/rabbitmq"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestQueue(t *testing.T) {
	t.Parallel()
	porttest.TestQueue(t, func(t *testing.T) (ports.Queue, func([]byte) error) {
		t.Helper()
		b := newBroker(t)
		return b.open(address(t), nil, rabbitmq.QuickTuning()), b.inject
	})
}

func TestQueueControls(t *testing.T) {
	t.Parallel()
	porttest.TestQueueControls(t, func(t *testing.T) ports.Queue {
		t.Helper()
		return newBroker(t).open(address(t), nil, rabbitmq.QuickTuning())
	})
}
