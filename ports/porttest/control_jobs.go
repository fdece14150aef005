package porttest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// TestJobControls shows that the races of TestJobs find what they look for; see
// TestControls.
func TestJobControls(t *testing.T, open OpenJobs) {
	t.Helper()
	for _, tt := range []struct {
		name string
		race JobRace
		want string // part of what the race reports
	}{
		{"jobs that are read before they are published", RaceToRelay, "more than once"},
		{"jobs that are looked at before one is begun", RaceToBegin, "more than one succeeded"},
		{"ticks that are looked up before one is recorded", RaceToTick, "more than one succeeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app, _, jobs := open(t)
			broken := &readingJobs{Jobs: jobs, read: newBarrier(racing)}
			if err := tt.race(t.Context(), app, broken, &sequence{}, racing); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the race on the broken jobs = %v, want an error with %q", err, tt.want)
			}
			app, _, jobs = open(t)
			if err := tt.race(t.Context(), app, jobs, &sequence{}, racing); err != nil {
				t.Errorf("the race on the sound jobs = %v, want nil", err)
			}
		})
	}
}

// readingJobs reads, and notes afterwards what it did.
type readingJobs struct {
	ports.Jobs

	read  *barrier
	ticks sync.Map // schedule and tick
}

func (r *readingJobs) Relay(ctx context.Context, at time.Time, n int, publish func(context.Context, []domain.Job) []error) (int, error) {
	if n == 1 { // what a race begins with is no race
		return r.Jobs.Relay(ctx, at, n, publish)
	}
	page, err := r.List(ctx, domain.JobQueued, "", domain.PageRequest{Limit: n})
	if err != nil {
		return 0, err
	}
	if err := r.read.wait(ctx); err != nil {
		return 0, err
	}
	jobs := make([]domain.Job, len(page.Items))
	for i, job := range page.Items {
		jobs[i] = job.Job
	}
	publish(ctx, jobs)
	return len(jobs), nil
}

func (r *readingJobs) Begin(ctx context.Context, id domain.JobID, at, until time.Time) (domain.Job, error) {
	job, err := r.Get(ctx, id)
	if err != nil {
		return domain.Job{}, err
	}
	if job.Attempts > 0 {
		return domain.Job{}, domain.ErrJobBusy
	}
	if err := r.read.wait(ctx); err != nil {
		return domain.Job{}, err
	}
	// Who comes too late is not told.
	_, _ = r.Jobs.Begin(ctx, id, at, until)
	return job.Job, nil
}

func (r *readingJobs) Tick(ctx context.Context, schedule string, tick time.Time, job domain.Job) (bool, error) {
	if _, there := r.ticks.Load(schedule + tick.String()); there {
		return false, nil
	}
	if err := r.read.wait(ctx); err != nil {
		return false, err
	}
	r.ticks.Store(schedule+tick.String(), true)
	// Who comes too late is not told.
	_, _ = r.Jobs.Tick(ctx, schedule, tick, job)
	return true, nil
}
