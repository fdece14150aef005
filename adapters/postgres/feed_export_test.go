package postgres

import (
	"context"
	"time"
)

// FollowEvery is Follow with a time of the test's own between looks.
func (s *Store) FollowEvery(ctx context.Context, interval time.Duration, wake <-chan struct{}, follower Follower) {
	s.followEvery(ctx, interval, wake, follower)
}

// ChangesSince is what a look asks the database.
const ChangesSince = changesSince
