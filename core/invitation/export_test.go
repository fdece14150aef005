package invitation

import (
	"context"

	"rowhouse/core/domain"
)

// Turns shows turns to tests.
type Turns struct{ *turns }

func NewTurns() Turns { return Turns{newTurns()} }

func (t Turns) Take(ctx context.Context, id domain.OrganizationID) (func(), error) {
	return t.take(ctx, id)
}

// Known returns of how many organizations something is remembered.
func (t Turns) Known() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.of)
}
