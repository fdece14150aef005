package memqueue_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"rowhouse/adapters/memory/memqueue"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func newQueue(pause time.Duration) *memqueue.Queue {
	return memqueue.New(slog.New(slog.DiscardHandler), pause)
}

func TestQueue(t *testing.T) {
	t.Parallel()
	porttest.TestQueue(t, func(*testing.T) (ports.Queue, func([]byte) error) { return newQueue(5 * time.Millisecond), nil })
}

func TestQueueControls(t *testing.T) {
	t.Parallel()
	porttest.TestQueueControls(t, func(*testing.T) ports.Queue { return newQueue(5 * time.Millisecond) })
}

// handlerFunc is a ports.QueueHandler.
type handlerFunc func() error

func (f handlerFunc) Handle(context.Context, domain.JobID) error               { return f() }
func (handlerFunc) Reject(context.Context, domain.JobID, []byte, string) error { return nil }

// A bubble ends only when nothing runs in it any more: this fails on a
// goroutine that stays.
func TestConsume_PausesAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pause = time.Second
		queue, began := newQueue(pause), time.Now()
		var at []time.Duration
		for _, err := range queue.Publish(t.Context(), []domain.Job{{ID: "one"}}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*pause/2)
		defer cancel()
		queue.Consume(ctx, 3, handlerFunc(func() error {
			at = append(at, time.Since(began))
			return errors.New("out of luck")
		}))
		if len(at) != 3 || at[0] != 0 || at[1] != pause || at[2] != 2*pause {
			t.Errorf("handled after %v, want at once and twice after a pause", at)
		}
	})
}
