package memory

import (
	"sync"
	"sync/atomic"
	"time"

	"rowhouse/ports"
)

// Clock is a ports.Clock that stands still until told otherwise.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

var _ ports.Clock = (*Clock)(nil)

// NewClock returns a Clock that shows noon on 1 May 2030, UTC.
func NewClock() *Clock {
	return &Clock{now: time.Date(2030, time.May, 1, 12, 0, 0, 0, time.UTC)}
}

// Now implements ports.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d, cut to whole microseconds.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d).Truncate(time.Microsecond)
}

// Set makes the clock show t, in UTC and cut to whole microseconds.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t.UTC().Truncate(time.Microsecond)
}

// MovedClock is a ports.Clock that goes with another one, ahead of it by what it
// was moved.
type MovedClock struct {
	base  ports.Clock
	ahead atomic.Int64
}

var _ ports.Clock = (*MovedClock)(nil)

// NewMovedClock returns a MovedClock that shows what base does.
func NewMovedClock(base ports.Clock) *MovedClock { return &MovedClock{base: base} }

// Now implements ports.Clock.
func (c *MovedClock) Now() time.Time { return c.base.Now().Add(time.Duration(c.ahead.Load())) }

// Advance moves the clock ahead by d, cut to whole microseconds.
func (c *MovedClock) Advance(d time.Duration) { c.ahead.Add(int64(d.Truncate(time.Microsecond))) }
