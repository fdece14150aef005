package rabbitmq

import (
	"log/slog"
	"time"
)

// Tuning is what tests choose differently.
type Tuning = tuning

// QuickTuning does not let tests wait.
func QuickTuning() Tuning {
	t := defaultTuning()
	t.MinRedial, t.MaxRedial = 20*time.Millisecond, 200*time.Millisecond
	t.MinRetry, t.MaxRetry = 5*time.Millisecond, 50*time.Millisecond
	t.Watch = 200 * time.Millisecond
	return t
}

// OpenTuned is Open with a tuning.
func OpenTuned(url string, log *slog.Logger, options Options, tuning Tuning) (*Queue, error) {
	return open(url, log, options, tuning)
}

// Names returns what exchanges and queues are called.
func Names(prefix string) (jobs, dead string) {
	n := newNames(prefix)
	return n.jobs, n.dead
}

// Errors of Publish.
var (
	ErrBlocked    = errBlocked
	ErrRefused    = errRefused
	ErrUnroutable = errUnroutable
	ErrUnanswered = errUnanswered
)

// Backoff and Jitter are how long is waited.
var (
	Backoff = backoff
	Jitter  = jitter
)
