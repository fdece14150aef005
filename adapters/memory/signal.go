package memory

import (
	"context"
	"sync"

	"rowhouse/ports"
)

// Signal is a ports.Signal for one process.
type Signal struct {
	mu        sync.Mutex
	listeners map[chan struct{}]bool
}

var _ ports.Signal = (*Signal)(nil)

// NewSignal returns a Signal to which nobody listens.
func NewSignal() *Signal { return &Signal{listeners: map[chan struct{}]bool{}} }

// Send implements ports.Signal.
func (s *Signal) Send(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for changed := range s.listeners {
		select {
		case changed <- struct{}{}:
		default: // one waits to be taken
		}
	}
	return nil
}

// Listen implements ports.Signal.
func (s *Signal) Listen(ctx context.Context) <-chan struct{} {
	changed := make(chan struct{}, 1)
	changed <- struct{}{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[changed] = true
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.listeners, changed)
		close(changed)
	})
	return changed
}
