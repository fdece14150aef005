package memory

import (
	"fmt"
	"sync/atomic"

	"rowhouse/ports"
)

// IDs is a ports.IDs that counts: the n-th id of every IDs is the same, so
// that tests can name it before it is made.
type IDs struct {
	made atomic.Int64
}

var _ ports.IDs = (*IDs)(nil)

// NewIDs returns IDs that start at 1.
func NewIDs() *IDs { return &IDs{} }

// New implements ports.IDs.
func (i *IDs) New() string {
	// The first 48 bits of a UUIDv7 are milliseconds: here always noon on
	// 1 May 2030. The count is in the last.
	const milliseconds = 1_903_867_200_000
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", milliseconds>>16, milliseconds&0xffff, i.made.Add(1))
}
