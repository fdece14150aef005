package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"gorm.io/gorm"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Throttle is a ports.Throttle that all processes share.
type Throttle struct {
	store *Store
	clock ports.Clock
}

var _ ports.Throttle = (*Throttle)(nil)

// NewThrottle returns a Throttle in the database of the store.
func NewThrottle(store *Store, clock ports.Clock) *Throttle {
	return &Throttle{store: store, clock: clock}
}

// throttleRow is what is known of a key. What must not be found in a copy of
// the database, such as addresses, is only there as a hash.
type throttleRow struct {
	Key      hash `gorm:"primaryKey"`
	Count    int64
	LatestAt time.Time
	EndsAt   time.Time
}

// TableName implements GORM's Tabler.
func (throttleRow) TableName() string { return "app.throttles" }

// hashOf is what is kept of a key that may tell who somebody is.
func hashOf(key string) hash { return hash(sha256.Sum256([]byte(key))) }

// lockAttempts makes the row of a key where there is none, and locks it.
const lockAttempts = `
INSERT INTO app.throttles AS t (key, count, latest_at, ends_at) VALUES (@key, 0, @never, @never)
ON CONFLICT (key) DO UPDATE SET count = t.count
RETURNING t.count, t.latest_at`

// Reserve implements ports.Throttle. Those who try the same key wait for each
// other, before they take a connection.
func (t *Throttle) Reserve(ctx context.Context, key string, policy domain.ThrottlePolicy) (allowed bool, wait time.Duration, err error) {
	done, err := t.store.turns.wait(ctx, []int64{lockKey("throttle", key)})
	if err != nil {
		return false, 0, translate(err)
	}
	defer done()
	err = t.store.platform(ctx).Transaction(func(tx *gorm.DB) error {
		allowed, wait, err = reserve(tx, t.clock, key, policy)
		return err
	})
	if err != nil {
		return false, 0, translate(err)
	}
	return allowed, wait, nil
}

// reserve decides on an attempt in a transaction.
func reserve(tx *gorm.DB, clock ports.Clock, key string, policy domain.ThrottlePolicy) (allowed bool, wait time.Duration, err error) {
	var known throttleRow
	if err := tx.Raw(lockAttempts, map[string]any{"key": hashOf(key), "never": time.Unix(0, 0)}).Take(&known).Error; err != nil {
		return false, 0, err
	}
	// Under the lock, so that instants come in the order of the attempts.
	now := clock.Now()
	next, allowed, wait := domain.Attempts{Count: known.Count, LatestAt: known.LatestAt}.Reserve(policy, now)
	if !allowed {
		return false, wait, nil
	}
	err = tx.Model(&throttleRow{}).Where("key = ?", hashOf(key)).Updates(map[string]any{
		"count": next.Count, "latest_at": next.LatestAt, "ends_at": now.Add(max(policy.Window, policy.MaxDelay)),
	}).Error
	return err == nil, 0, err
}

// Forget implements ports.Throttle.
func (t *Throttle) Forget(ctx context.Context, key string) error {
	return throttle{&t.store.repositories}.Forget(ctx, key)
}

// throttle is the ports.Throttle of a Store: in an update, it counts in its
// transaction, and others who try the same key wait until that ends.
type throttle struct{ *repositories }

var errNoClock = errors.New("postgres: the store has no clock to count attempts by: see SetClock")

func (r throttle) Reserve(ctx context.Context, key string, policy domain.ThrottlePolicy) (allowed bool, wait time.Duration, err error) {
	switch {
	case r.store.clock == nil:
		return false, 0, errNoClock
	case !r.inUpdate:
		return NewThrottle(r.store, r.store.clock).Reserve(ctx, key, policy)
	}
	allowed, wait, err = reserve(r.platform(ctx), r.store.clock, key, policy)
	return allowed, wait, translate(err)
}

func (r throttle) Forget(ctx context.Context, key string) error {
	return translate(r.platform(ctx).Where("key = ?", hashOf(key)).Delete(&throttleRow{}).Error)
}
