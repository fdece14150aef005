package memory_test

import (
	"testing"

	"rowhouse/adapters/memory"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Outside of its update a repository has no lock. It must refuse rather than
// race.
func TestStore_RepositoriesEndWithTheirUpdate(t *testing.T) {
	t.Parallel()
	store, ids := memory.NewStore(), memory.NewIDs()
	var kept ports.Repositories
	if err := store.Update(t.Context(), ports.Scope{}, func(tx ports.Repositories) error {
		kept = tx
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	user := domain.User{ID: domain.UserID(ids.New()), Email: "ada@example.com"}
	if err := kept.Users().Add(t.Context(), user); err == nil {
		t.Error("Add after the update = nil, want an error")
	}
	if _, err := kept.Users().Get(t.Context(), user.ID); err == nil {
		t.Error("Get after the update = nil, want an error")
	}
	if _, err := store.Users().Get(t.Context(), user.ID); err == nil {
		t.Error("the user was stored")
	}
}
