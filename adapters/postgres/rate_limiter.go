package postgres

import (
	"context"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// RateLimiter is a ports.RateLimiter that all processes share. It goes by the
// clock of the database.
type RateLimiter struct{ store *Store }

var _ ports.RateLimiter = (*RateLimiter)(nil)

// NewRateLimiter returns a RateLimiter in the database of the store.
func NewRateLimiter(store *Store) *RateLimiter { return &RateLimiter{store} }

// takeRate is domain.Rate.Take as one statement: a use has its cost, and room is
// what may be owed before it, both in microseconds. It returns no row where the
// use is refused. The database lets those wait who come to one key at once, and
// has each look at what the one before has left; somebody who is refused by
// what everybody can see writes nothing, and waits for nobody.
const takeRate = `
INSERT INTO app.rates AS r (key, paid_at)
SELECT @key, clock_timestamp() + @cost * interval '1 microsecond'
WHERE @room >= bigint '0' AND NOT EXISTS (SELECT FROM app.rates AS known WHERE known.key = @key
    AND known.paid_at > clock_timestamp() + @room * interval '1 microsecond')
ON CONFLICT (key) DO UPDATE SET paid_at = greatest(r.paid_at, clock_timestamp()) + @cost * interval '1 microsecond'
WHERE r.paid_at <= clock_timestamp() + @room * interval '1 microsecond'
RETURNING ` + owed

// owedFor is how much is owed under a key.
const owedFor = `SELECT ` + owed + ` FROM app.rates WHERE key = @key`

// owed is how many microseconds are owed, as a whole number.
const owed = `(extract(epoch FROM paid_at - clock_timestamp()) * 1000000)::bigint AS owed`

// Allow implements ports.RateLimiter. What is allowed takes one round trip, what
// is refused two. Those who use the same key wait for each other, before they
// take a connection.
func (l *RateLimiter) Allow(ctx context.Context, key string, rate domain.Rate) (domain.RateDecision, error) {
	done, err := l.store.turns.wait(ctx, []int64{lockKey("rate", key)})
	if err != nil {
		return domain.RateDecision{}, translate(err)
	}
	defer done()
	args := map[string]any{"key": hashOf(key), "cost": rate.Interval().Microseconds(), "room": (rate.Tolerance() - rate.Interval()).Microseconds()}
	var left []int64
	if err := l.store.platform(ctx).Raw(takeRate, args).Scan(&left).Error; err != nil {
		return domain.RateDecision{}, translate(err)
	}
	allowed := len(left) == 1
	if !allowed {
		if err := l.store.platform(ctx).Raw(owedFor, args).Scan(&left).Error; err != nil {
			return domain.RateDecision{}, translate(err)
		}
		left = append(left, 0) // in case that it has been paid and swept up meanwhile
	}
	return rate.Decision(allowed, time.Duration(left[0])*time.Microsecond), nil
}
