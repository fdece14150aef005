package job

import (
	"context"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// The kinds of jobs that only the clock brings about.
const (
	KindExpireInvitations domain.JobKind = "sweep.invitations"
	KindSweepAccounts     domain.JobKind = "sweep.accounts"
	KindSweepJobs         domain.JobKind = "sweep.jobs"
)

// Schedules returns when they are due.
func Schedules() []Schedule {
	return []Schedule{
		{Kind: KindExpireInvitations, Every: time.Minute},
		{Kind: KindSweepAccounts, Every: time.Hour},
		{Kind: KindSweepJobs, Every: 5 * time.Minute},
	}
}

// How long things are kept.
const (
	doneJobsKept = 7 * 24 * time.Hour
	// jobLostAfter is when a job that the queue took and nobody has done is
	// published again: long after any queue that has it would have given it to
	// somebody.
	jobLostAfter = time.Hour
)

// Sweeper does the jobs that tidy up. Nothing waits for it: what has run out is
// treated so before, too.
type Sweeper struct {
	store ports.Store
	jobs  ports.Jobs
	clock ports.Clock
	real  ports.RealClock
}

// NewSweeper returns a Sweeper. All arguments are required.
func NewSweeper(store ports.Store, jobs ports.Jobs, clock ports.Clock, realClock ports.RealClock) *Sweeper {
	return &Sweeper{store: store, jobs: jobs, clock: clock, real: realClock}
}

// Handlers returns the handlers of all sweeps.
func (s *Sweeper) Handlers() Handlers {
	return Handlers{
		KindExpireInvitations: s.invitations,
		KindSweepAccounts:     s.accounts,
		KindSweepJobs:         s.recordedJobs,
	}
}

// sweepBatch is how many organizations or accounts are tidied up at a time.
const sweepBatch = 100

// invitations frees the seats of invitations that have run out, organization by
// organization.
func (s *Sweeper) invitations(ctx context.Context, _ domain.Job) (Effects, error) {
	now := s.clock.Now()
	for {
		organizations, err := s.store.Directory().ExpiredInvitations(ctx, now, sweepBatch)
		if err != nil || len(organizations) == 0 {
			return nil, err
		}
		for _, id := range organizations {
			err := s.store.Update(ctx, ports.Of(id), func(tx ports.Repositories) error {
				_, err := tx.Tenant(id).Invitations().Expire(ctx, now)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
}

// accounts forgets links and sessions that have run out, and accounts whose
// address was never proven.
func (s *Sweeper) accounts(ctx context.Context, _ domain.Job) (Effects, error) {
	now := s.clock.Now()
	if err := s.store.AuthTokens().Sweep(ctx, now.Add(-domain.LongestTokenLifetime)); err != nil {
		return nil, err
	}
	// Sessions run on real time.
	if err := s.store.Sessions().Sweep(ctx, s.real.Now().Add(-domain.SessionLifetime)); err != nil {
		return nil, err
	}
	return nil, s.store.Users().SweepUnverified(ctx, now.Add(-domain.UnverifiedLifetime))
}

func (s *Sweeper) recordedJobs(ctx context.Context, _ domain.Job) (Effects, error) {
	now := s.clock.Now()
	return nil, s.jobs.Sweep(ctx, now, now.Add(-doneJobsKept), now.Add(-jobLostAfter))
}
