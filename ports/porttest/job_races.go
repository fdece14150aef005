package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// JobRace lets n race for something of the jobs. It returns an error unless it
// went as it has to.
type JobRace func(ctx context.Context, app ports.Store, jobs ports.Jobs, ids ports.IDs, n int) error

// tickers is how many processes know one schedule.
const tickers = 8

var jobRaceTests = []jobTest{
	jobRace("relays at once never publish a job twice, and publish all", workers, RaceToRelay),
	jobRace("of many who begin one job, one does", takers, RaceToBegin),
	jobRace("of many who record one tick, one does", tickers, RaceToTick),
	{"of many who finish one job in updates, one does", testRaceToFinish},
}

func jobRace(name string, n int, run JobRace) jobTest {
	return jobTest{name, func(t *testing.T, s *jobScene) {
		if err := run(t.Context(), s.store, s.jobs, s.ids, n); err != nil {
			t.Error(err)
		}
	}}
}

// counter counts how often each job was published.
type counter struct {
	mu     sync.Mutex
	counts map[domain.JobID]int
}

func (c *counter) publish(_ context.Context, jobs []domain.Job) []error {
	letOthersIn()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, job := range jobs {
		c.counts[job.ID]++
	}
	return make([]error, len(jobs))
}

// check returns an error if a job was published twice.
func (c *counter) check() error {
	for _, n := range c.counts {
		if n > 1 {
			return errors.New("a job was published more than once")
		}
	}
	return nil
}

// RaceToRelay lets n relays work at once. It returns an error unless each job
// is published once.
func RaceToRelay(ctx context.Context, app ports.Store, jobs ports.Jobs, ids ports.IDs, n int) error {
	const each, calls = 5, 3
	f := founder{ids, app}
	var list []domain.Job
	for range n * each {
		list = append(list, f.newJob("", "test.race"))
	}
	if err := app.Outbox().Add(ctx, list...); err != nil {
		return err
	}
	published := &counter{counts: map[domain.JobID]int{}}
	errs := atOnce(n, func(int) error {
		for range calls {
			if _, err := jobs.Relay(ctx, noon, each-1, published.publish); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(append(errs, published.check())...); err != nil {
		return fmt.Errorf("%d relays: %w", n, err)
	}
	for range list { // what nobody has come to
		if _, err := jobs.Relay(ctx, noon, each, published.publish); err != nil {
			return err
		}
	}
	if len(published.counts) != len(list) {
		return fmt.Errorf("%d of %d jobs were published", len(published.counts), len(list))
	}
	return published.check()
}

// relayedJob records a job and relays it.
func (f founder) relayedJob(ctx context.Context, jobs ports.Jobs) (domain.Job, error) {
	job := f.newJob("", "test.race")
	if err := f.store.Outbox().Add(ctx, job); err != nil {
		return job, err
	}
	_, err := jobs.Relay(ctx, noon, 1, (&counter{counts: map[domain.JobID]int{}}).publish)
	return job, err
}

// RaceToBegin lets n begin one job at once. It returns an error unless exactly
// one does, and the others learn that it is busy.
func RaceToBegin(ctx context.Context, app ports.Store, jobs ports.Jobs, ids ports.IDs, n int) error {
	job, err := founder{ids, app}.relayedJob(ctx, jobs)
	if err != nil {
		return err
	}
	errs := atOnce(n, func(int) error {
		_, err := jobs.Begin(ctx, job.ID, noon, noon.Add(lease))
		return err
	})
	if _, err := oneWins(errs, failsWith(domain.ErrJobBusy)); err != nil {
		return fmt.Errorf("%d begin one job: %w", n, err)
	}
	stored, err := jobs.Get(ctx, job.ID)
	if err == nil && stored.Attempts != 1 {
		err = fmt.Errorf("%d attempts are counted, want 1", stored.Attempts)
	}
	return err
}

// RaceToTick lets n record one tick at once. It returns an error unless exactly
// one does, and its job is the only one.
func RaceToTick(ctx context.Context, app ports.Store, jobs ports.Jobs, ids ports.IDs, n int) error {
	f, later := founder{ids, app}, errors.New("later")
	list := make([]domain.Job, n)
	for i := range list {
		list[i] = f.newJob("", "test.tick")
	}
	errs := atOnce(n, func(i int) error {
		first, err := jobs.Tick(ctx, "race", noon, list[i])
		if err == nil && !first {
			err = later
		}
		return err
	})
	winner, err := oneWins(errs, failsWith(later))
	if err != nil {
		return fmt.Errorf("%d record one tick: %w", n, err)
	}
	for i, job := range list {
		_, err := jobs.Get(ctx, job.ID)
		if i == winner && err != nil {
			return err
		}
		if i != winner && !errors.Is(err, domain.ErrNotFound) {
			return fmt.Errorf("a job of one who came later: %w", orNil(err))
		}
	}
	return nil
}

// testRaceToFinish lets many workers apply the effects of one job at once.
func testRaceToFinish(t *testing.T, s *jobScene) {
	job := s.relayed(s.acme.id)
	s.begin(job, noon)
	errs := atOnce(workers, func(i int) error {
		ctx := t.Context()
		// Of different scopes, so that only the job keeps them apart.
		return s.worker.Update(ctx, ports.Scope{}, func(tx ports.Repositories) error {
			if err := tx.Outbox().Add(ctx, s.newJob("", "test.effect")); err != nil {
				return err
			}
			return tx.Outbox().Done(ctx, job.ID, noon.Add(time.Duration(i)))
		})
	})
	if _, err := oneWins(errs, failsWith(domain.ErrJobDone)); err != nil {
		t.Errorf("%d finish one job: %v", workers, err)
	}
	wantEqual(t, "effects", len(s.list(domain.JobQueued, "")), 1)
}
