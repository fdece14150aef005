package invitation_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/invitation"
)

func TestTurns_OneAtATimeInEachOrganization(t *testing.T) {
	t.Parallel()
	turns := invitation.NewTurns()
	var inside [2]atomic.Int64
	for _, err := range coretest.Together(200, func(i int) error {
		organization := []domain.OrganizationID{"acme", "globex"}[i%2]
		end, err := turns.Take(t.Context(), organization)
		if err != nil {
			return err
		}
		defer end()
		if n := inside[i%2].Add(1); n != 1 {
			t.Errorf("%d at a time", n)
		}
		inside[i%2].Add(-1)
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if n := turns.Known(); n != 0 {
		t.Errorf("%d organizations are remembered that nobody waits for", n)
	}
}

func TestTurns_WhoGivesUpIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	turns := invitation.NewTurns()
	end, err := turns.Take(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.Take(gone, "acme"); !errors.Is(err, context.Canceled) {
		t.Errorf("Take = %v, want it given up", err)
	}
	other, err := turns.Take(t.Context(), "globex") // waits for nobody
	if err != nil {
		t.Fatal(err)
	}
	other()
	end()
	again, err := turns.Take(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	again()
}
