package memory

import (
	"context"
	"slices"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Jobs is a ports.Jobs: those of a Store.
type Jobs struct{ store *Store }

var _ ports.Jobs = (*Jobs)(nil)

// NewJobs returns the jobs of the store.
func NewJobs(store *Store) *Jobs { return &Jobs{store} }

// publishAgainAfter is how long a job waits that could not be published.
const publishAgainAfter = time.Second

// Relay implements ports.Jobs. The store is not locked meanwhile: a queue may
// hand the jobs on before it returns.
func (r *Jobs) Relay(ctx context.Context, at time.Time, n int, publish func(context.Context, []domain.Job) []error) (int, error) {
	taken, err := r.take(ctx, at, n)
	if err != nil || len(taken) == 0 {
		return 0, err
	}
	defer r.letGo(taken)
	list := make([]domain.Job, len(taken))
	for i, j := range taken {
		list[i] = j.copied()
	}
	errs := publish(ctx, list)
	// Whoever has given up meanwhile: what was published was.
	err = r.store.write(context.WithoutCancel(ctx), func(tx *transaction) error {
		for i, before := range taken {
			j, ok := tx.jobs[before.ID]
			if !ok || j.over() || j.calls != before.calls {
				continue // it was removed, or made due once more
			}
			if i < len(errs) && errs[i] == nil {
				j.publishedAt = at
			} else {
				j.availableAt = at.Add(publishAgainAfter)
			}
			tx.putJob(j)
		}
		return nil
	})
	return len(taken), err
}

// take chooses jobs that no other relay works on.
func (r *Jobs) take(ctx context.Context, at time.Time, n int) (taken []job, err error) {
	err = r.store.write(ctx, func(tx *transaction) error {
		for _, id := range tx.unpublished.of(everything{}) {
			if len(taken) >= n {
				break
			}
			if _, others := r.store.relaying[id]; others || tx.jobs[id].availableAt.After(at) {
				continue
			}
			r.store.relaying[id] = struct{}{}
			taken = append(taken, tx.jobs[id])
		}
		return nil
	})
	return taken, err
}

func (r *Jobs) letGo(taken []job) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	for _, j := range taken {
		delete(r.store.relaying, j.ID)
	}
}

// Begin implements ports.Jobs.
func (r *Jobs) Begin(ctx context.Context, id domain.JobID, at, until time.Time) (begun domain.Job, err error) {
	var refused error
	err = r.store.write(ctx, func(tx *transaction) error {
		j, ok := tx.jobs[id]
		_, relayed := r.store.relaying[id]
		switch {
		case !ok, j.over():
			refused = domain.ErrJobDone
			return nil
		case j.leasedUntil.After(at):
			refused, j = domain.ErrJobBusy, j.due(j.leasedUntil)
		case j.publishedAt.IsZero() && !relayed && j.dueAt.After(at):
			refused = domain.ErrJobBusy
			return nil
		default:
			j.Attempts++
			j.leasedUntil = until
			begun = j.copied()
		}
		tx.putJob(j)
		return nil
	})
	if err == nil {
		err = refused
	}
	return begun, err
}

// Postpone implements ports.Jobs.
func (r *Jobs) Postpone(ctx context.Context, id domain.JobID, until time.Time, reason string) error {
	return r.change(ctx, id, func(j job) job {
		j = j.due(until)
		j.leasedUntil, j.lastError = time.Time{}, reason
		return j
	})
}

// Bury implements ports.Jobs.
func (r *Jobs) Bury(ctx context.Context, id domain.JobID, at time.Time, reason string) error {
	return r.change(ctx, id, func(j job) job {
		j.deadAt, j.leasedUntil, j.lastError = at, time.Time{}, reason
		return j
	})
}

// change changes a job that is not over. It does nothing for another.
func (r *Jobs) change(ctx context.Context, id domain.JobID, to func(job) job) error {
	return r.store.write(ctx, func(tx *transaction) error {
		if j, ok := tx.jobs[id]; ok && !j.over() {
			tx.putJob(to(j))
		}
		return nil
	})
}

// Keep implements ports.Jobs.
func (r *Jobs) Keep(ctx context.Context, kept domain.Job, reason string) error {
	return r.store.write(ctx, func(tx *transaction) error {
		if tx.jobs.has(kept.ID) {
			return nil
		}
		if !tx.organizations.has(kept.Organization) {
			kept.Organization = ""
		}
		j := newJob(kept)
		j.deadAt, j.lastError = kept.CreatedAt, reason
		tx.putJob(j)
		return nil
	})
}

// List implements ports.Jobs.
func (r *Jobs) List(ctx context.Context, state domain.JobState, organization domain.OrganizationID, page domain.PageRequest) (list domain.Page[domain.RecordedJob], err error) {
	err = r.store.read(ctx, func(d *data) error {
		ids := d.jobsIn.of(state)
		end := len(ids)
		if page.After != "" {
			end, _ = d.jobsIn.search(state, domain.JobID(page.After))
		}
		list = newestFirst(ids, end, page.Limit, func(id domain.JobID) (domain.RecordedJob, bool) {
			j := d.jobs[id]
			return j.recorded(), organization == "" || j.Organization == organization
		})
		return nil
	})
	return list, err
}

// Get implements ports.Jobs.
func (r *Jobs) Get(ctx context.Context, id domain.JobID) (found domain.RecordedJob, err error) {
	err = r.store.read(ctx, func(d *data) error {
		j, err := d.jobs.get(id)
		if err == nil {
			found = j.recorded()
		}
		return err
	})
	return found, err
}

// Retry implements ports.Jobs.
func (r *Jobs) Retry(ctx context.Context, id domain.JobID, at time.Time) error {
	return r.store.write(ctx, func(tx *transaction) error {
		j, err := tx.jobs.get(id)
		switch {
		case err != nil:
			return err
		case !j.doneAt.IsZero():
			return domain.ErrJobDone
		}
		j = j.due(at)
		j.deadAt, j.Attempts = time.Time{}, 0
		tx.putJob(j)
		return nil
	})
}

// Discard implements ports.Jobs.
func (r *Jobs) Discard(ctx context.Context, id domain.JobID) error {
	return r.store.write(ctx, func(tx *transaction) error {
		if j, ok := tx.jobs[id]; !ok || j.deadAt.IsZero() {
			return domain.ErrNotFound
		}
		tx.removeJob(id)
		return nil
	})
}

// Tick implements ports.Jobs.
func (r *Jobs) Tick(ctx context.Context, schedule string, at time.Time, added domain.Job) (first bool, err error) {
	key := tick{schedule, at.UnixMicro()}
	err = r.store.write(ctx, func(tx *transaction) error {
		if tx.ticks.has(key) {
			return nil
		}
		tx.ticks.put(tx, key, true)
		tx.ticksOf.add(tx, schedule, key.at)
		first = true
		return tx.addJob(added)
	})
	return first && err == nil, err
}

// Sweep implements ports.Jobs.
func (r *Jobs) Sweep(ctx context.Context, at, done, lost time.Time) error {
	return r.store.write(ctx, func(tx *transaction) error {
		for _, id := range slices.Clone(tx.jobsIn.of(domain.JobDone)) {
			if tx.jobs[id].doneAt.Before(done) {
				tx.removeJob(id)
			}
		}
		for _, state := range []domain.JobState{domain.JobQueued, domain.JobFailed} {
			for _, id := range slices.Clone(tx.jobsIn.of(state)) {
				if j := tx.jobs[id]; !j.publishedAt.IsZero() && j.publishedAt.Before(lost) {
					tx.putJob(j.due(at))
				}
			}
		}
		tx.sweepTicks(done)
		return nil
	})
}

// sweepTicks forgets ticks from before a time, but the latest of each schedule.
func (tx *transaction) sweepTicks(before time.Time) {
	for schedule, ticks := range tx.ticksOf.groups {
		end, _ := tx.ticksOf.search(schedule, before.UnixMicro())
		for _, at := range slices.Clone(ticks[:min(end, len(ticks)-1)]) {
			tx.ticks.remove(tx, tick{schedule, at})
			tx.ticksOf.remove(tx, schedule, at)
		}
	}
}

// Backlog implements ports.Jobs.
func (r *Jobs) Backlog(ctx context.Context, at time.Time) (backlog domain.Backlog, err error) {
	err = r.store.read(ctx, func(d *data) error {
		for _, id := range d.unpublished.of(everything{}) {
			due := d.jobs[id].dueAt
			if due.After(at) {
				continue
			}
			if backlog.Due++; backlog.Oldest.IsZero() || due.Before(backlog.Oldest) {
				backlog.Oldest = due
			}
		}
		backlog.Dead = int64(len(d.jobsIn.of(domain.JobDead)))
		return nil
	})
	return backlog, err
}
