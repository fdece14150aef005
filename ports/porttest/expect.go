package porttest

import (
	"cmp"
	"errors"
	"reflect"
	"testing"

	"rowhouse/core/domain"
)

// wantError checks that a call failed as foreseen.
func wantError(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", call, err, want)
	}
}

// wantAnyError checks that a call failed, where the contract does not say how.
func wantAnyError(t *testing.T, call string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s = nil, want an error", call)
	}
}

// wantNothing checks that a list of what is not there is empty or not found.
func wantNothing(t *testing.T, call string, n int, err error) {
	t.Helper()
	if n > 0 || err != nil && !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("%s = %d items, %v; want none, or %v", call, n, err, domain.ErrNotFound)
	}
}

// wantEqual checks a value.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s =\n  %+v, want\n  %+v", what, got, want)
	}
}

// wantItems checks a list and its order. There is no difference between nil
// and empty.
func wantItems[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	same := len(got) == len(want)
	for i := 0; same && i < len(got); i++ {
		same = got[i] == want[i]
	}
	if !same {
		t.Errorf("%s =\n  %+v, want\n  %+v", what, got, want)
	}
}

// wantSame checks that nothing has changed.
func wantSame[T any](t *testing.T, what string, got, before T) {
	t.Helper()
	if !reflect.DeepEqual(got, before) {
		t.Errorf("%s has changed to\n  %+v, want as before\n  %+v", what, got, before)
	}
}

// idsOf returns the ids of items.
func idsOf[T any, ID cmp.Ordered](items []T, id func(T) ID) []ID {
	list := make([]ID, len(items))
	for i, item := range items {
		list[i] = id(item)
	}
	return list
}
