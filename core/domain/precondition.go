package domain

import "slices"

// Precondition is the versions of a row that the caller is willing to change
// (the If-Match of RFC 9110). Nil accepts any.
type Precondition []int64

// Check fails with ErrPreconditionFailed if the version is not among them.
func (p Precondition) Check(version int64) error {
	if p != nil && !slices.Contains(p, version) {
		return ErrPreconditionFailed
	}
	return nil
}
