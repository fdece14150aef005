package porttest

import (
	"fmt"
	"sync/atomic"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// noon has a fraction of all six digits, so that a store that keeps fewer is
// found out.
var noon = time.Date(2030, time.May, 1, 12, 0, 0, 123_456_000, time.UTC)

// sequence is a ports.IDs whose UUIDv7 sort by age, as real ones do, and are
// the same in each run.
type sequence struct {
	made atomic.Int64
}

func (s *sequence) New() string {
	n := s.made.Add(1)
	ms := noon.UnixMilli() + n
	// The other digits are in no order: only the time may sort.
	tail := uint64(n) * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%08x-%04x-7%03x-a%03x-%012x", ms>>16, ms&0xffff, tail&0xfff, tail>>12&0xfff, tail>>16)
}

func newID[ID ~string](ids ports.IDs) ID { return ID(ids.New()) }

func newToken(ids ports.IDs) domain.TokenHash { return domain.Token(ids.New()).Hash() }
