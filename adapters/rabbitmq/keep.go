package rabbitmq

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// session uses a connection until that is over, and calls ready when it is set
// up. Without an error, another is wanted.
type session func(ctx context.Context, l *link, ready func()) error

var errEnded = errors.New("the connection ended")

// keep connects for a session, again and again until ctx ends.
func (q *Queue) keep(ctx context.Context, purpose string, run session) {
	try, broken := 0, false
	ready := func() {
		if broken {
			q.log.InfoContext(ctx, "rabbitmq can be used again", "connection", purpose)
		}
		try, broken = 0, false
	}
	for ; ctx.Err() == nil; try++ {
		err := q.once(ctx, purpose, run, ready)
		if err != nil && ctx.Err() == nil && !broken {
			q.log.WarnContext(ctx, "rabbitmq cannot be used", "connection", purpose, "error", err)
			broken = true
		}
		wait(ctx, nil, jitter(backoff(q.tuning.MinRedial, q.tuning.MaxRedial, try)))
	}
}

func (q *Queue) once(ctx context.Context, purpose string, run session, ready func()) error {
	l, err := q.dial(ctx, purpose)
	if err != nil {
		if purpose == "publish" {
			q.become(nil, err)
		}
		return err
	}
	defer l.close()
	return run(ctx, l, ready)
}

// backoff doubles a time n times, up to the longest.
func backoff(shortest, longest time.Duration, n int) time.Duration {
	return min(shortest<<min(n, 16), longest)
}

// jitter shortens a time by up to a half, so that not all processes come at once.
func jitter(d time.Duration) time.Duration {
	return d - rand.N(d/2+1) //nolint:gosec // need not be a secret
}

// wait returns after a time, or as soon as ctx or whatever it is for has ended.
func wait(ctx context.Context, ended <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ended:
	case <-ctx.Done():
	}
}
