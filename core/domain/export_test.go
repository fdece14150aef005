package domain

import "slices"

// ReservedSlugs returns the words that no organization can have for an
// address.
func ReservedSlugs() []string { return slices.Clone(reservedSlugs) }
