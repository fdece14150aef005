package memory

import "rowhouse/core/domain"

// newestFirst makes a page out of ids in ascending order, walking down from,
// and without, the one at end. pick turns an id into an item, or leaves it
// out.
func newestFirst[ID, T any](ids []ID, end, limit int, pick func(ID) (T, bool)) domain.Page[T] {
	found := make([]T, 0, min(end, limit+1))
	for i := end - 1; i >= 0 && len(found) <= limit; i-- {
		if item, ok := pick(ids[i]); ok {
			found = append(found, item)
		}
	}
	return domain.PageOf(found, limit)
}
