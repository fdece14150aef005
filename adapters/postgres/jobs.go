package postgres

import (
	"context"
	"time"

	"gorm.io/gorm"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Jobs is a ports.Jobs: those in the database of a store.
type Jobs struct{ store *Store }

var _ ports.Jobs = (*Jobs)(nil)

// NewJobs returns the jobs in the database of the store, which is open under
// the worker's role.
func NewJobs(store *Store) *Jobs { return &Jobs{store} }

// jobRow is a job as a row.
type jobRow struct {
	Recorded  recordedRow `gorm:"embedded"`
	Attempts  int64
	State     domain.JobState `gorm:"->"`
	LastError string
	EndedAt   optionalTime `gorm:"->"`
}

// jobState is where a job stands. A worker that has begun it and not said what
// became of that is at it, as far as anybody knows.
const jobState = `CASE WHEN done_at IS NOT NULL THEN 'done' WHEN dead_at IS NOT NULL THEN 'dead'
    WHEN attempts > 0 AND leased_until IS NULL AND last_error <> '' THEN 'failed' ELSE 'queued' END`

const (
	jobColumns    = `id, organization_id, kind, payload, created_at, due_at, available_at, attempts`
	recordColumns = jobColumns + `, last_error, coalesce(done_at, dead_at) AS ended_at, ` + jobState + ` AS state`
	// openJob is one on which there is still something to do.
	openJob = `done_at IS NULL AND dead_at IS NULL`
)

func (r jobRow) job() domain.Job {
	return domain.Job{
		ID: r.Recorded.ID, Organization: domain.OrganizationID(r.Recorded.OrganizationID), Kind: r.Recorded.Kind,
		Payload: r.Recorded.Payload, CreatedAt: r.Recorded.CreatedAt, Attempts: r.Attempts,
	}
}

func (r jobRow) record() domain.RecordedJob {
	return domain.RecordedJob{
		Job: r.job(), State: r.State, AvailableAt: r.Recorded.AvailableAt, LastError: r.LastError, EndedAt: r.EndedAt.Time,
	}
}

// How jobs are relayed. The transaction spans the publishing, and the database
// ends it if that takes longer (see bootstrap.sql).
const (
	relayTimeout      = 30 * time.Second
	publishAgainAfter = time.Second
)

const takeJobs = `
SELECT ` + jobColumns + ` FROM app.outbox
WHERE published_at IS NULL AND ` + openJob + ` AND available_at <= @at
ORDER BY id LIMIT @limit FOR UPDATE SKIP LOCKED`

// Relay implements ports.Jobs. Once jobs are taken, that the caller gives up
// does not end it: what was published by then must be noted.
func (j *Jobs) Relay(ctx context.Context, at time.Time, n int, publish func(context.Context, []domain.Job) []error) (taken int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), relayTimeout)
	defer cancel()
	err = j.store.platform(noting).Transaction(func(tx *gorm.DB) error {
		var found []jobRow
		if err := tx.Raw(takeJobs, map[string]any{"at": at, "limit": n}).Find(&found).Error; err != nil || len(found) == 0 {
			return err
		}
		taken = len(found)
		jobs := make([]domain.Job, taken)
		for i, row := range found {
			jobs[i] = row.job()
		}
		errs := publish(ctx, jobs)
		var published, failed []domain.JobID
		for i, job := range jobs {
			if i < len(errs) && errs[i] == nil {
				published = append(published, job.ID)
			} else {
				failed = append(failed, job.ID)
			}
		}
		if err := note(tx, published, "published_at", at); err != nil {
			return err
		}
		return note(tx, failed, "available_at", at.Add(publishAgainAfter))
	})
	return taken, translate(err)
}

func note(tx *gorm.DB, ids []domain.JobID, column string, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.Table("app.outbox").Where("id = ANY(?::uuid[])", texts(ids)).Update(column, at).Error
}

// beginJob begins an attempt, and says what it found. The row is locked before,
// so that nobody else is at it, and no relay: what that has published is noted
// by then.
const beginJob = `
WITH found AS (
    SELECT ` + jobColumns + `, leased_until, coalesce(leased_until > @at, false) AS busy,
        published_at IS NULL AND due_at > @at AS early
    FROM app.outbox WHERE id = @id AND ` + openJob + `
), begun AS (
    UPDATE app.outbox SET attempts = attempts + 1, leased_until = @until
    WHERE id = (SELECT id FROM found WHERE NOT busy AND NOT early)
), again AS (
    UPDATE app.outbox o SET published_at = NULL, due_at = found.leased_until, available_at = found.leased_until
    FROM found WHERE o.id = found.id AND found.busy
)
SELECT ` + jobColumns + `, busy OR early AS busy FROM found`

// Begin implements ports.Jobs.
func (j *Jobs) Begin(ctx context.Context, id domain.JobID, at, until time.Time) (domain.Job, error) {
	var found []struct {
		Job  jobRow `gorm:"embedded"`
		Busy bool
	}
	err := j.locked(ctx, id).Raw(beginJob, map[string]any{"id": id, "at": at, "until": until}).Scan(&found).Error
	switch {
	case has(err, codeNotAValue), err == nil && len(found) == 0:
		return domain.Job{}, domain.ErrJobDone
	case err != nil:
		return domain.Job{}, translate(err)
	case found[0].Busy:
		return domain.Job{}, domain.ErrJobBusy
	}
	job := found[0].Job.job()
	job.Attempts++
	return job, nil
}

// locked is where a statement starts once the row of a job is locked.
func (j *Jobs) locked(ctx context.Context, id domain.JobID) *gorm.DB {
	return j.store.db.WithContext(statement{rowLock: lockJob, rowID: string(id)}.in(ctx))
}

const (
	postponeJob = `
UPDATE app.outbox SET published_at = NULL, due_at = @until, available_at = @until, leased_until = NULL, last_error = @reason
WHERE id = @id AND ` + openJob
	buryJob = `
UPDATE app.outbox SET dead_at = @at, leased_until = NULL, last_error = @reason
WHERE id = @id AND ` + openJob
)

// Postpone implements ports.Jobs.
func (j *Jobs) Postpone(ctx context.Context, id domain.JobID, until time.Time, reason string) error {
	return anyJob(j.store.platform(ctx).Exec(postponeJob, map[string]any{"id": id, "until": until, "reason": textOf(reason)}).Error)
}

// Bury implements ports.Jobs.
func (j *Jobs) Bury(ctx context.Context, id domain.JobID, at time.Time, reason string) error {
	return anyJob(j.store.platform(ctx).Exec(buryJob, map[string]any{"id": id, "at": at, "reason": textOf(reason)}).Error)
}

// anyJob finds nothing wrong with an id that is none: there is no such job.
func anyJob(err error) error {
	if has(err, codeNotAValue) {
		return nil
	}
	return translate(err)
}

const keepJob = `
INSERT INTO app.outbox (id, organization_id, kind, payload, created_at, due_at, available_at, attempts, last_error, dead_at)
SELECT @id, (SELECT id FROM app.organizations WHERE id = @organization), @kind, @payload, @at, @at, @at, @attempts, @reason, @at
ON CONFLICT (id) DO NOTHING`

// Keep implements ports.Jobs.
func (j *Jobs) Keep(ctx context.Context, job domain.Job, reason string) error {
	return translate(j.of(ctx, job).Exec(keepJob, map[string]any{
		"id": job.ID, "organization": optionalOrganization(job.Organization), "kind": job.Kind, "payload": payloadOf(job),
		"at": job.CreatedAt, "attempts": job.Attempts, "reason": textOf(reason),
	}).Error)
}

// of is where a statement starts that records a job: in the session of its
// organization.
func (j *Jobs) of(ctx context.Context, job domain.Job) *gorm.DB {
	return (&tenant{&j.store.repositories, job.Organization}).own(ctx)
}

// List implements ports.Jobs.
func (j *Jobs) List(ctx context.Context, state domain.JobState, organization domain.OrganizationID, page domain.PageRequest) (domain.Page[domain.RecordedJob], error) {
	db := j.store.platform(ctx).Table("app.outbox").Select(recordColumns).
		Where(jobState+" = ? AND id < ?", state, beforeKey(page.After))
	if organization != "" {
		db = db.Where("organization_id = ?", organization)
	}
	switch state { // as the indexes have it
	case domain.JobDone:
		db = db.Where("done_at IS NOT NULL")
	case domain.JobDead:
		db = db.Where("dead_at IS NOT NULL")
	case domain.JobQueued, domain.JobFailed:
		db = db.Where(openJob)
	}
	var found []jobRow
	err := db.Order("id DESC").Limit(page.Limit + 1).Find(&found).Error
	if has(err, codeNotAValue) {
		return domain.Page[domain.RecordedJob]{}, nil
	}
	return pageOf(found, page.Limit, jobRow.record), translate(err)
}

// Get implements ports.Jobs.
func (j *Jobs) Get(ctx context.Context, id domain.JobID) (domain.RecordedJob, error) {
	var row jobRow
	err := j.store.platform(ctx).Table("app.outbox").Select(recordColumns).Where("id = ?", id).Take(&row).Error
	if err != nil {
		return domain.RecordedJob{}, translate(err)
	}
	return row.record(), nil
}

// retryJob makes a job due unless it is done, and says whether it is.
const retryJob = `
WITH found AS (SELECT id, done_at IS NOT NULL AS done FROM app.outbox WHERE id = @id),
due AS (
    UPDATE app.outbox SET published_at = NULL, due_at = @at, available_at = @at, attempts = 0, dead_at = NULL
    WHERE id = (SELECT id FROM found WHERE NOT done)
)
SELECT done FROM found`

// Retry implements ports.Jobs.
func (j *Jobs) Retry(ctx context.Context, id domain.JobID, at time.Time) error {
	var done []bool
	err := j.locked(ctx, id).Raw(retryJob, map[string]any{"id": id, "at": at}).Scan(&done).Error
	switch {
	case err != nil:
		return translate(err)
	case len(done) == 0:
		return domain.ErrNotFound
	case done[0]:
		return domain.ErrJobDone
	}
	return nil
}

// Discard implements ports.Jobs.
func (j *Jobs) Discard(ctx context.Context, id domain.JobID) error {
	discarded := j.store.platform(ctx).Exec(`DELETE FROM app.outbox WHERE id = @id AND dead_at IS NOT NULL`, map[string]any{"id": id})
	return foundOne(discarded.RowsAffected, translate(discarded.Error))
}

// recordTick records a tick and its job, unless the tick is there. Of several at
// once, the others wait for the first to commit.
const recordTick = `
WITH first AS (
    INSERT INTO app.schedule_ticks (schedule, tick) VALUES (@schedule, @tick)
    ON CONFLICT (schedule, tick) DO NOTHING RETURNING tick
)
INSERT INTO app.outbox (id, organization_id, kind, payload, created_at, due_at, available_at)
SELECT @id, @organization, @kind, @payload, @at, @at, @at FROM first`

// Tick implements ports.Jobs.
func (j *Jobs) Tick(ctx context.Context, schedule string, tick time.Time, job domain.Job) (first bool, err error) {
	recorded := j.of(ctx, job).Exec(recordTick, map[string]any{
		"schedule": schedule, "tick": tick, "id": job.ID, "organization": optionalOrganization(job.Organization),
		"kind": job.Kind, "payload": payloadOf(job), "at": job.CreatedAt,
	})
	return recorded.RowsAffected > 0, jobError(recorded.Error)
}

// inboxKept is for how much longer than jobs their messages are remembered.
const inboxKept = 14 * 24 * time.Hour

const (
	sweepDone  = `DELETE FROM app.outbox WHERE done_at < ?`
	sweepInbox = `DELETE FROM app.processed_messages WHERE processed_at < ?`
	sweepTicks = `
DELETE FROM app.schedule_ticks t WHERE tick < ?
    AND EXISTS (SELECT FROM app.schedule_ticks later WHERE later.schedule = t.schedule AND later.tick > t.tick)`
	sweepLost = `
UPDATE app.outbox SET published_at = NULL, due_at = @at, available_at = @at
WHERE published_at < @lost AND ` + openJob
)

// Sweep implements ports.Jobs.
func (j *Jobs) Sweep(ctx context.Context, at, done, lost time.Time) error {
	return translate(j.store.platform(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(sweepDone, done).Error; err != nil {
			return err
		}
		if err := tx.Exec(sweepInbox, done.Add(-inboxKept)).Error; err != nil {
			return err
		}
		if err := tx.Exec(sweepTicks, done).Error; err != nil {
			return err
		}
		return tx.Exec(sweepLost, map[string]any{"at": at, "lost": lost}).Error
	}))
}

const countJobs = `
SELECT due.jobs AS due, due.oldest, (SELECT count(*) FROM app.outbox WHERE dead_at IS NOT NULL) AS dead
FROM (
    SELECT count(*) AS jobs, min(due_at) AS oldest FROM app.outbox
    WHERE published_at IS NULL AND ` + openJob + ` AND due_at <= @at
) AS due`

// Backlog implements ports.Jobs.
func (j *Jobs) Backlog(ctx context.Context, at time.Time) (domain.Backlog, error) {
	var found struct {
		Due    int64
		Oldest optionalTime
		Dead   int64
	}
	err := j.store.platform(ctx).Raw(countJobs, map[string]any{"at": at}).Take(&found).Error
	return domain.Backlog{Due: found.Due, Oldest: found.Oldest.Time, Dead: found.Dead}, translate(err)
}
