package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm"

	"rowhouse/core/domain"
)

// recordedRow is a job as it is recorded. What becomes of it is in jobRow.
type recordedRow struct {
	ID             domain.JobID `gorm:"primaryKey"`
	OrganizationID optionalOrganization
	Kind           domain.JobKind
	Payload        json.RawMessage
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	DueAt          time.Time
	AvailableAt    time.Time
}

// TableName implements GORM's Tabler.
func (recordedRow) TableName() string { return "app.outbox" }

func newRecordedRow(j domain.Job) recordedRow {
	return recordedRow{
		ID: j.ID, OrganizationID: optionalOrganization(j.Organization), Kind: j.Kind, Payload: payloadOf(j),
		CreatedAt: j.CreatedAt, DueAt: j.CreatedAt, AvailableAt: j.CreatedAt,
	}
}

// payloadOf is the payload of a job, which is JSON.
func payloadOf(j domain.Job) json.RawMessage {
	if len(j.Payload) == 0 {
		return json.RawMessage("null")
	}
	return j.Payload
}

type outbox struct{ *repositories }

func (r outbox) Add(ctx context.Context, jobs ...domain.Job) error {
	if len(jobs) == 0 {
		return ctx.Err()
	}
	if r.inUpdate || !slices.ContainsFunc(jobs, func(j domain.Job) bool { return j.Organization != jobs[0].Organization }) {
		return r.add(ctx, jobs)
	}
	// The jobs of each organization are recorded in its session: those of
	// several take a transaction.
	return translate(r.platform(ctx).Transaction(func(tx *gorm.DB) error {
		return outbox{&repositories{store: r.store, db: tx, inUpdate: true}}.add(ctx, jobs)
	}))
}

func (r outbox) add(ctx context.Context, jobs []domain.Job) error {
	for len(jobs) > 0 {
		organization, rows := jobs[0].Organization, []recordedRow(nil)
		for len(jobs) > 0 && jobs[0].Organization == organization {
			rows, jobs = append(rows, newRecordedRow(jobs[0])), jobs[1:]
		}
		if err := jobError((&tenant{r.repositories, organization}).own(ctx).Create(&rows).Error); err != nil {
			return err
		}
	}
	return nil
}

func jobError(err error) error {
	if violates(err, "outbox_organization_id_fkey") {
		return domain.ErrNotFound
	}
	return translate(err)
}

// consumer is who the messages are for. There is one: the worker.
const consumer = "worker"

// finishJob ends a job that is not over, and notes that its message was
// processed.
const finishJob = `
WITH done AS (
    UPDATE app.outbox SET done_at = @at, leased_until = NULL
    WHERE id = @id AND done_at IS NULL AND dead_at IS NULL
    RETURNING id
)
INSERT INTO app.processed_messages (consumer, message_id, processed_at)
SELECT @consumer, id, @at FROM done
ON CONFLICT DO NOTHING`

func (r outbox) Done(ctx context.Context, id domain.JobID, at time.Time) error {
	finished := r.platform(ctx).Exec(finishJob, map[string]any{"id": id, "at": at, "consumer": consumer})
	if has(finished.Error, codeNotAValue) || finished.Error == nil && finished.RowsAffected == 0 {
		return domain.ErrJobDone
	}
	return translate(finished.Error)
}
