package redis

import (
	"sync"
	"sync/atomic"
)

// Lookups says where the values of a kind were found, how often.
type Lookups struct {
	Local, Shared, Missed uint64
}

// lookups counts by kind. There are as many kinds as the code has names for.
type lookups struct {
	kinds sync.Map // of string to *counts
}

type counts struct {
	local, shared, missed atomic.Uint64
}

func (l *lookups) of(kind string) *counts {
	if known, ok := l.kinds.Load(kind); ok {
		return known.(*counts)
	}
	made, _ := l.kinds.LoadOrStore(kind, &counts{})
	return made.(*counts)
}

// Stats returns the lookups of each kind since the Cache was made, of all
// namespaces together.
func (c *Cache) Stats() map[string]Lookups {
	stats := map[string]Lookups{}
	c.lookups.kinds.Range(func(kind, of any) bool {
		counts := of.(*counts)
		stats[kind.(string)] = Lookups{counts.local.Load(), counts.shared.Load(), counts.missed.Load()}
		return true
	})
	return stats
}
