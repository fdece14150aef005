package postgres

import (
	"context"
	"time"
)

// unverified finds accounts that nobody proved, a page at a time.
const unverified = `SELECT id FROM app.users WHERE email_verified_at IS NULL AND created_at < ? ORDER BY created_at, id LIMIT 1000 OFFSET ?`

// SweepUnverified asks the constraint whether somebody is a member: no policy
// lets a sweep see memberships across tenants.
func (r users) SweepUnverified(ctx context.Context, before time.Time) error {
	for kept := 0; ; {
		var found []string
		if err := r.platform(ctx).Raw(unverified, before, kept).Scan(&found).Error; err != nil || len(found) == 0 {
			return translate(err)
		}
		for _, id := range found {
			err := r.platformWrite(ctx).Exec(`DELETE FROM app.users WHERE id = ?`, id).Error
			switch {
			case has(err, codeForeignKey):
				kept++ // a member of something
			case err != nil:
				return translate(err)
			}
		}
	}
}

func (r sessions) Sweep(ctx context.Context, before time.Time) error {
	return translate(r.platformWrite(ctx).Exec(`DELETE FROM app.sessions WHERE created_at < ?`, before).Error)
}

func (r authTokens) Sweep(ctx context.Context, before time.Time) error {
	return translate(r.platform(ctx).Exec(`DELETE FROM app.auth_tokens WHERE created_at < ?`, before).Error)
}
