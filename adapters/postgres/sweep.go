package postgres

import (
	"context"
	"time"
)

// changesKept is how long changes stay in the feed. Processes look every
// lookInterval; one that has not looked for this long has forgotten all rows
// anyway.
const changesKept = "10 minutes"

// Sweep deletes what counts no more: changes that everybody has seen, attempts
// that are long past at now, and rates that owe nothing. It can be run by
// several at once.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	db := s.platform(ctx)
	if err := db.Exec(`DELETE FROM app.changes WHERE at < clock_timestamp() - interval '` + changesKept + `'`).Error; err != nil {
		return translate(err)
	}
	// By the clock that they were counted by.
	if err := db.Exec(`DELETE FROM app.rates WHERE paid_at <= clock_timestamp()`).Error; err != nil {
		return translate(err)
	}
	return translate(db.Where("ends_at <= ?", now).Delete(&throttleRow{}).Error)
}
