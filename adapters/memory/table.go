package memory

import (
	"slices"

	"rowhouse/core/domain"
)

// table holds rows by their primary key. Rows are values: one that was read
// stays as it is.
type table[K comparable, V any] map[K]V

// get returns the row, or domain.ErrNotFound.
func (t table[K, V]) get(key K) (V, error) {
	row, ok := t[key]
	if !ok {
		return row, domain.ErrNotFound
	}
	return row, nil
}

func (t table[K, V]) has(key K) bool {
	_, ok := t[key]
	return ok
}

func (t table[K, V]) put(tx *transaction, key K, row V) {
	before, existed := t[key]
	t[key] = row
	tx.undo = append(tx.undo, func() {
		if existed {
			t[key] = before
		} else {
			delete(t, key)
		}
	})
}

func (t table[K, V]) remove(tx *transaction, key K) {
	before, existed := t[key]
	if !existed {
		return
	}
	delete(t, key)
	tx.undo = append(tx.undo, func() { t[key] = before })
}

// index holds, for each key, the entries that share it, in order and each
// once. Lists are read off it without sorting. Ids grow with time, so that a
// new entry mostly goes to the end.
type index[K comparable, E any] struct {
	compare func(a, b E) int
	groups  map[K][]E
}

func newIndex[K comparable, E any](compare func(a, b E) int) index[K, E] {
	return index[K, E]{compare: compare, groups: map[K][]E{}}
}

// of returns the entries under key. They must be neither changed nor kept.
func (x index[K, E]) of(key K) []E { return x.groups[key] }

// search returns where the entry is, or would be, among those under key.
func (x index[K, E]) search(key K, entry E) (int, bool) {
	return slices.BinarySearchFunc(x.groups[key], entry, x.compare)
}

func (x index[K, E]) add(tx *transaction, key K, entry E) {
	if x.insert(key, entry) {
		tx.undo = append(tx.undo, func() { x.cut(key, entry) })
	}
}

func (x index[K, E]) remove(tx *transaction, key K, entry E) {
	if x.cut(key, entry) {
		tx.undo = append(tx.undo, func() { x.insert(key, entry) })
	}
}

func (x index[K, E]) insert(key K, entry E) bool {
	i, found := x.search(key, entry)
	if found {
		return false
	}
	x.groups[key] = slices.Insert(x.groups[key], i, entry)
	return true
}

func (x index[K, E]) cut(key K, entry E) bool {
	i, found := x.search(key, entry)
	switch {
	case !found:
		return false
	case len(x.groups[key]) == 1:
		delete(x.groups, key)
	default:
		x.groups[key] = slices.Delete(x.groups[key], i, i+1)
	}
	return true
}
