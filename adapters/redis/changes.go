package redis

import (
	"hash/maphash"
	"sync"
)

// changes counts the changes to entries, so that a copy that was read before
// one is not kept after it.
type changes struct {
	seed maphash.Seed
	// Entries share counters. That an entry seems to have changed when another
	// has only costs a copy.
	counters [256]counter
}

type counter struct {
	mu sync.Mutex
	n  uint64
}

func newChanges() changes { return changes{seed: maphash.MakeSeed()} }

func (c *changes) of(name string) *counter {
	return &c.counters[maphash.String(c.seed, name)%uint64(len(c.counters))]
}

// count returns how often the entry has been changed.
func (c *changes) count(name string) uint64 {
	of := c.of(name)
	of.mu.Lock()
	defer of.mu.Unlock()
	return of.n
}

// record counts a change to the entry, and makes it.
func (c *changes) record(name string, change func()) {
	of := c.of(name)
	of.mu.Lock()
	defer of.mu.Unlock()
	of.n++
	change()
}

// unlessChanged calls fn if the entry has been changed as often as that.
// Meanwhile it is not.
func (c *changes) unlessChanged(name string, n uint64, fn func()) {
	of := c.of(name)
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.n == n {
		fn()
	}
}
