package postgres

import (
	"context"
	"testing"
)

// OpenRewriting is Open for a store whose statements are changed on their way,
// to take down one of the two walls between tenants.
func OpenRewriting(ctx context.Context, url string, config PoolConfig, rewrite func(string) string) (*Store, error) {
	pool, err := newPool(ctx, url, config)
	if err != nil {
		return nil, err
	}
	pool.rewrite = rewrite
	return newStore(pool)
}

// NeededVersion is the version of the schema that Check asks for.
func NeededVersion() (int64, error) { return neededVersion() }

// NewTurns, Wait and Waiting show what lets updates of one scope wait.
func NewTurns(*testing.T) *turns { return newTurns() }

func (t *turns) Wait(ctx context.Context, keys ...int64) (func(), error) { return t.wait(ctx, keys) }

func (t *turns) Waiting(key int64) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine, ok := t.queue[key]; ok {
		return mine.waiting
	}
	return 0
}
