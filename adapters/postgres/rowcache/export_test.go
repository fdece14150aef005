package rowcache

import (
	"context"
	"errors"
	"time"
)

// AwaitFresh returns once rows may be served from memory.
func (s *Store) AwaitFresh(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if _, fresh := s.watch.fresh(); fresh {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), errors.New("the changes are not followed"))
		case <-tick.C:
		}
	}
}

// NewWatch and the rest show the rule by itself.
func NewWatch(elapsed Elapsed) *watch { return newWatch(elapsed) }
