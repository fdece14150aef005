package bootstrap

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/wire"

	"rowhouse/core/domain"
	"rowhouse/core/job"
	"rowhouse/core/mailing"
	"rowhouse/core/notification"
	"rowhouse/ports"
)

// Working builds what does the jobs.
var Working = wire.NewSet(
	job.NewRelay,
	job.NewScheduler,
	job.NewSweeper,
	job.NewWorker,
	mailing.NewSender,
	notification.NewService,
	NewPublicURL,
	NewFileURL,
	NewHandlers,
	job.Schedules,
	NewSpread,
	wire.Struct(new(Work), "*"),
)

// NewHandlers provides the handlers of all kinds of jobs.
func NewHandlers(sender *mailing.Sender, sweeper *job.Sweeper) job.Handlers {
	handlers := job.Handlers{}
	maps.Copy(handlers, sender.Handlers())
	maps.Copy(handlers, sweeper.Handlers())
	return handlers
}

// NewSpread provides a random source for delays. Nothing secret is made from it.
func NewSpread() job.Spread { return rand.Float64 }

// NewFileURL provides the addresses of pictures in mails.
func NewFileURL(config Config) mailing.FileURL {
	return func(key domain.BlobKey) string { return config.PublicURL.String() + "/files/" + key.FileName() }
}

// Work does the jobs, as long as it runs.
type Work struct {
	Worker    *job.Worker
	Relay     *job.Relay
	Scheduler *job.Scheduler
	Queue     ports.Queue
	Pace      Pace
	Log       *slog.Logger
}

// DemoPace is that of a product in one process: nobody waits for a mail.
func DemoPace() Pace {
	return Pace{Relay: 20 * time.Millisecond, Schedule: 10 * time.Second, Concurrency: 4}
}

// Pace is how often a Work looks for what there is to do.
type Pace struct {
	// Relay is between two looks for jobs to publish.
	Relay time.Duration
	// Schedule is between two looks at the clock.
	Schedule time.Duration
	// Concurrency is how many jobs are done at once.
	Concurrency int
}

// Run works until ctx ends, and finishes what is under way.
func (w *Work) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { w.repeat(ctx, w.Pace.Relay, "relay jobs", w.relay) })
	wg.Go(func() { w.repeat(ctx, w.Pace.Schedule, "look at the schedule", w.Scheduler.Tick) })
	wg.Go(func() { w.Queue.Consume(ctx, w.Pace.Concurrency, handler{w, ctx.Done()}) })
	wg.Wait()
}

// repeat does something again and again, until ctx ends. It logs when that
// begins to fail and when it works again, not each time.
func (w *Work) repeat(ctx context.Context, every time.Duration, what string, do func(context.Context) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failing := false
	for {
		err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			w.Log.WarnContext(ctx, "cannot "+what+", trying again", "error", err)
		case err == nil && failing:
			w.Log.InfoContext(ctx, "can "+what+" again")
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// relay publishes all that is due.
func (w *Work) relay(ctx context.Context) error {
	for {
		more, err := w.Relay.Once(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// How long to wait before something is tried again whose failure could not
// even be recorded.
const (
	firstWorkPause   = 100 * time.Millisecond
	longestWorkPause = 5 * time.Second
)

// handler is a ports.QueueHandler. Its calls have a context that does not end
// when the work does.
type handler struct {
	*Work

	stopping <-chan struct{}
}

// Handle implements ports.QueueHandler. Where storage is gone it waits until it
// is back: giving the job back to the queue would only count against it.
func (h handler) Handle(ctx context.Context, id domain.JobID) error {
	return h.insist(ctx, func() error {
		outcome, err := h.Worker.Do(ctx, id)
		if err == nil {
			h.logOutcome(ctx, outcome)
		}
		return err
	})
}

// Reject implements ports.QueueHandler.
func (h handler) Reject(ctx context.Context, id domain.JobID, body []byte, reason string) error {
	h.Log.ErrorContext(ctx, "message rejected", "job", id, "reason", reason)
	return h.insist(ctx, func() error { return h.Worker.Reject(ctx, id, body, reason) })
}

// insist does something again until it works, or the work ends.
func (h handler) insist(ctx context.Context, do func() error) error {
	for pause := firstWorkPause; ; pause = min(2*pause, longestWorkPause) {
		err := do()
		if err == nil {
			return nil
		}
		h.Log.WarnContext(ctx, "cannot record what became of a job, trying again", "error", err)
		select {
		case <-time.After(pause):
		case <-h.stopping:
			return err
		}
	}
}

func (w *Work) logOutcome(ctx context.Context, o job.Outcome) {
	attrs := []any{"job", o.Job.ID, "kind", o.Job.Kind, "attempt", o.Job.Attempts}
	if o.Job.Organization != "" {
		attrs = append(attrs, "organization", o.Job.Organization)
	}
	switch {
	case o.Skipped:
		w.Log.DebugContext(ctx, "job skipped", "job", o.Job.ID)
	case o.Dead:
		w.Log.ErrorContext(ctx, "job given up", append(attrs, "error", o.Failure)...)
	case o.Failure != nil:
		w.Log.WarnContext(ctx, "job failed", append(attrs, "error", o.Failure, "retry_in", o.RetryIn.String())...)
	default:
		w.Log.InfoContext(ctx, "job done", attrs...)
	}
}
