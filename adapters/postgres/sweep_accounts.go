package postgres

import (
	"context"
	"time"
)

// sweepUnverified deletes accounts that nobody proved and that are in nothing.
// Whether somebody is a member is asked of the constraint: no policy lets a
// sweep see memberships across tenants.
const unverified = `SELECT id FROM app.users WHERE email_verified_at IS NULL AND created_at < ? ORDER BY created_at, id LIMIT 1000 OFFSET ?`

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
