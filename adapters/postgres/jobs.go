package postgres

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Jobs is a ports.Jobs: those of a Store that was opened for RoleWorker.
type Jobs struct{ store *Store }

var _ ports.Jobs = (*Jobs)(nil)

// NewJobs returns the jobs of the store.
func NewJobs(store *Store) *Jobs { return &Jobs{store} }

// publishAgainAfter is how long a job waits that could not be published.
const publishAgainAfter = time.Second

// jobRow is a job as a row.
type jobRow struct {
	ID             domain.JobID
	OrganizationID optionalUser // of an organization
	Kind           domain.JobKind
	Payload        string
	CreatedAt      time.Time
	Attempts       int64
	Calls          int64
	AvailableAt    time.Time
	LastError      string
	State          domain.JobState
	EndedAt        optionalTime
}

const jobColumns = `id, organization_id, kind, payload::text AS payload, created_at, attempts, calls, available_at, last_error,
    ` + jobState + ` AS state, coalesce(done_at, dead_at) AS ended_at`

const jobState = `CASE WHEN done_at IS NOT NULL THEN 'done' WHEN dead_at IS NOT NULL THEN 'dead'
    WHEN attempts > 0 AND leased_until IS NULL AND last_error <> '' THEN 'failed' ELSE 'queued' END`

func (r jobRow) job() domain.Job {
	return domain.Job{
		ID: r.ID, Organization: domain.OrganizationID(r.OrganizationID), Kind: r.Kind,
		Payload: json.RawMessage(r.Payload), CreatedAt: r.CreatedAt, Attempts: r.Attempts,
	}
}

func (r jobRow) recorded() domain.RecordedJob {
	return domain.RecordedJob{Job: r.job(), State: r.State, AvailableAt: r.AvailableAt, LastError: r.LastError, EndedAt: r.EndedAt.Time}
}

const dueJobs = `
SELECT ` + jobColumns + ` FROM app.outbox
WHERE published_at IS NULL AND done_at IS NULL AND dead_at IS NULL AND available_at <= ?
ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED`

// Relay implements ports.Jobs. The jobs are locked until what was published is
// noted.
func (r *Jobs) Relay(ctx context.Context, at time.Time, n int, publish func(context.Context, []domain.Job) []error) (relayed int, err error) {
	// What was published is noted whoever has given up meanwhile.
	err = r.store.platform(context.WithoutCancel(ctx)).Transaction(func(tx *gorm.DB) error {
		var found []jobRow
		if err := tx.WithContext(statement{}.in(ctx)).Raw(dueJobs, at, n).Scan(&found).Error; err != nil || len(found) == 0 {
			return err
		}
		list := make([]domain.Job, len(found))
		for i, row := range found {
			list[i] = row.job()
		}
		errs := publish(ctx, list)
		var published, refused []domain.JobID
		for i, j := range list {
			if i < len(errs) && errs[i] == nil {
				published = append(published, j.ID)
			} else {
				refused = append(refused, j.ID)
			}
		}
		relayed = len(found)
		if err := tx.Exec(`UPDATE app.outbox SET published_at = ? WHERE id = ANY(cast(? AS uuid[]))`, at, texts(published)).Error; err != nil {
			return err
		}
		return tx.Exec(`UPDATE app.outbox SET available_at = ? WHERE id = ANY(cast(? AS uuid[]))`, at.Add(publishAgainAfter), texts(refused)).Error
	})
	if err != nil {
		return 0, translate(err)
	}
	return relayed, nil
}

const beginJob = `
WITH found AS (
    SELECT id, leased_until > @at AS busy, published_at IS NULL AND due_at > @at AS postponed FROM app.outbox
    WHERE id = @id AND done_at IS NULL AND dead_at IS NULL FOR UPDATE
), begun AS (
    UPDATE app.outbox o SET attempts = o.attempts + 1, leased_until = @until
    FROM found f WHERE o.id = f.id AND coalesce(NOT f.busy, true) AND NOT f.postponed
    RETURNING o.*
), again AS (
    UPDATE app.outbox o SET due_at = o.leased_until, available_at = o.leased_until, published_at = NULL, calls = o.calls + 1
    FROM found f WHERE o.id = f.id AND f.busy
)
SELECT true AS begun, ` + jobColumns + ` FROM begun
UNION ALL
SELECT false, id, NULL, '', '', @at, 0, 0, @at, '', 'queued', NULL FROM found WHERE NOT EXISTS (SELECT FROM begun)`

// Begin implements ports.Jobs.
func (r *Jobs) Begin(ctx context.Context, id domain.JobID, at, until time.Time) (domain.Job, error) {
	var found []struct {
		Begun bool
		Row   jobRow `gorm:"embedded"`
	}
	err := r.store.platform(ctx).Raw(beginJob, map[string]any{"id": id, "at": at, "until": until}).Scan(&found).Error
	switch {
	case err != nil:
		return domain.Job{}, translate(err)
	case len(found) == 0:
		return domain.Job{}, domain.ErrJobDone
	case !found[0].Begun:
		return domain.Job{}, domain.ErrJobBusy
	}
	return found[0].Row.job(), nil
}

// Postpone implements ports.Jobs.
func (r *Jobs) Postpone(ctx context.Context, id domain.JobID, until time.Time, reason string) error {
	return translate(r.store.platform(ctx).Exec(`
UPDATE app.outbox SET due_at = @until, available_at = @until, published_at = NULL, calls = calls + 1, leased_until = NULL, last_error = @reason
WHERE id = @id AND done_at IS NULL AND dead_at IS NULL`, map[string]any{"id": id, "until": until, "reason": plain(reason)}).Error)
}

// Bury implements ports.Jobs.
func (r *Jobs) Bury(ctx context.Context, id domain.JobID, at time.Time, reason string) error {
	return translate(r.store.platform(ctx).Exec(`
UPDATE app.outbox SET dead_at = @at, leased_until = NULL, last_error = @reason
WHERE id = @id AND done_at IS NULL AND dead_at IS NULL`, map[string]any{"id": id, "at": at, "reason": plain(reason)}).Error)
}

// plain is a text that PostgreSQL can store.
func plain(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// Keep implements ports.Jobs.
func (r *Jobs) Keep(ctx context.Context, kept domain.Job, reason string) error {
	arguments := jobArguments(kept)
	arguments["reason"] = plain(reason)
	return translate(r.store.platform(ctx).Exec(`
INSERT INTO app.outbox (id, organization_id, kind, payload, created_at, due_at, available_at, dead_at, last_error)
VALUES (@id, (SELECT id FROM app.organizations WHERE id = cast(NULLIF(@organization, '') AS uuid)), @kind, cast(@payload AS jsonb), @created, @created, @created, @created, @reason)
ON CONFLICT (id) DO NOTHING`, arguments).Error)
}

// List implements ports.Jobs.
func (r *Jobs) List(ctx context.Context, state domain.JobState, organization domain.OrganizationID, page domain.PageRequest) (domain.Page[domain.RecordedJob], error) {
	var found []jobRow
	db := r.store.platform(ctx).Table("app.outbox").Select(jobColumns).Where("id < ? AND "+jobState+" = ?", beforeKey(page.After), state)
	if organization != "" {
		db = db.Where("organization_id = ?", organization)
	}
	err := db.Order("id DESC").Limit(page.Limit + 1).Find(&found).Error
	return pageOf(found, page.Limit, jobRow.recorded), translate(err)
}

// Get implements ports.Jobs.
func (r *Jobs) Get(ctx context.Context, id domain.JobID) (domain.RecordedJob, error) {
	var row jobRow
	err := r.store.platform(ctx).Table("app.outbox").Select(jobColumns).Where("id = ?", id).Take(&row).Error
	return row.recorded(), translate(err)
}

// Retry implements ports.Jobs.
func (r *Jobs) Retry(ctx context.Context, id domain.JobID, at time.Time) error {
	retried := r.store.platform(ctx).Exec(`
UPDATE app.outbox SET due_at = @at, available_at = @at, published_at = NULL, calls = calls + 1, attempts = 0, dead_at = NULL
WHERE id = @id AND done_at IS NULL`, map[string]any{"id": id, "at": at})
	if retried.Error != nil || retried.RowsAffected > 0 {
		return translate(retried.Error)
	}
	if _, err := r.Get(ctx, id); err != nil {
		return err
	}
	return domain.ErrJobDone
}

// Discard implements ports.Jobs.
func (r *Jobs) Discard(ctx context.Context, id domain.JobID) error {
	gone := r.store.platform(ctx).Exec(`DELETE FROM app.outbox WHERE id = ? AND dead_at IS NOT NULL`, id)
	return foundOne(gone.RowsAffected, translate(gone.Error))
}

// Tick implements ports.Jobs.
func (r *Jobs) Tick(ctx context.Context, schedule string, tick time.Time, job domain.Job) (first bool, err error) {
	err = r.store.platform(ctx).Transaction(func(tx *gorm.DB) error {
		noted := tx.Exec(`INSERT INTO app.schedule_ticks (schedule, tick) VALUES (?, ?) ON CONFLICT DO NOTHING`, schedule, tick)
		if first = noted.RowsAffected > 0; noted.Error != nil || !first {
			return noted.Error
		}
		return tx.Exec(addJob, jobArguments(job)).Error
	})
	return first && err == nil, translate(err)
}

// Sweep implements ports.Jobs.
func (r *Jobs) Sweep(ctx context.Context, at, done, lost time.Time) error {
	for _, step := range []struct {
		sql       string
		arguments map[string]any
	}{
		{`DELETE FROM app.outbox WHERE done_at < @done`, map[string]any{"done": done}},
		{`UPDATE app.outbox SET due_at = @at, available_at = @at, published_at = NULL, calls = calls + 1
          WHERE published_at < @lost AND done_at IS NULL AND dead_at IS NULL`, map[string]any{"at": at, "lost": lost}},
		{`DELETE FROM app.schedule_ticks t WHERE tick < @done
          AND tick < (SELECT max(tick) FROM app.schedule_ticks WHERE schedule = t.schedule)`, map[string]any{"done": done}},
		{`DELETE FROM app.processed_messages WHERE processed_at < cast(@done AS timestamptz) - interval '7 days'`, map[string]any{"done": done}},
	} {
		if err := r.store.platform(ctx).Exec(step.sql, step.arguments).Error; err != nil {
			return translate(err)
		}
	}
	return nil
}

// Backlog implements ports.Jobs.
func (r *Jobs) Backlog(ctx context.Context, at time.Time) (domain.Backlog, error) {
	var row struct {
		Due    int64
		Oldest optionalTime
		Dead   int64
	}
	err := r.store.platform(ctx).Raw(`
SELECT count(*) FILTER (WHERE published_at IS NULL AND dead_at IS NULL AND due_at <= @at) AS due,
    min(due_at) FILTER (WHERE published_at IS NULL AND dead_at IS NULL AND due_at <= @at) AS oldest,
    count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead
FROM app.outbox WHERE done_at IS NULL`, map[string]any{"at": at}).Take(&row).Error
	return domain.Backlog{Due: row.Due, Oldest: row.Oldest.Time, Dead: row.Dead}, translate(err)
}
