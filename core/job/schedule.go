package job

import (
	"context"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Schedule is work that is due by the clock.
type Schedule struct {
	Kind  domain.JobKind
	Every time.Duration // ticks are the multiples of it; see time.Time.Truncate
}

// Scheduler records a job for each tick of the schedules.
type Scheduler struct {
	jobs      ports.Jobs
	clock     ports.Clock
	ids       ports.IDs
	schedules []Schedule
}

// NewScheduler returns a Scheduler. All arguments are required.
func NewScheduler(jobs ports.Jobs, clock ports.Clock, ids ports.IDs, schedules []Schedule) *Scheduler {
	return &Scheduler{jobs: jobs, clock: clock, ids: ids, schedules: schedules}
}

// Tick records what is due now and was not recorded yet, by this process or
// another: of any number that ask, one does it, so that there is no leader to
// be elected or to die. Ticks that passed while nobody asked are caught up by
// one.
func (s *Scheduler) Tick(ctx context.Context) error {
	now := s.clock.Now()
	for _, schedule := range s.schedules {
		tick := now.Truncate(schedule.Every)
		job := domain.NewJob(domain.JobID(s.ids.New()), "", schedule.Kind, nil, now)
		if _, err := s.jobs.Tick(ctx, string(schedule.Kind), tick, job); err != nil {
			return err
		}
	}
	return nil
}
