package domain

// The sizes of a page of a list.
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 100
)

// PageRequest asks for one page of a list.
type PageRequest struct {
	// After is the sort key of the last item already seen: each list says what
	// its keys are. Empty for the first page.
	After string
	// AfterID breaks ties between equal sort keys. It is the id of that item.
	AfterID string
	// Limit is the most items to return, 1 to MaxPageLimit.
	Limit int
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// More is true if there is at least one item after the last of Items.
	More bool
}

// PageOf makes a page of at most limit items from up to limit+1 that were
// found: the one too many tells that there are more.
func PageOf[T any](found []T, limit int) Page[T] {
	if len(found) > limit {
		return Page[T]{Items: found[:limit], More: true}
	}
	return Page[T]{Items: found}
}
