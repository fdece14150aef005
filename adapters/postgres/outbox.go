package postgres

import (
	"context"
	"encoding/hex"
	"time"

	"rowhouse/core/domain"
)

// consumer names us in processed_messages.
const consumer = "jobs"

func hexOf(token domain.TokenHash) string { return hex.EncodeToString(token[:]) }

type outbox struct{ *repositories }

const addJob = `
INSERT INTO app.outbox (id, organization_id, kind, payload, created_at, due_at, available_at)
VALUES (@id, cast(NULLIF(@organization, '') AS uuid), @kind, cast(@payload AS jsonb), @created, @created, @created)`

func jobArguments(j domain.Job) map[string]any {
	return map[string]any{"id": j.ID, "organization": string(j.Organization), "kind": j.Kind, "payload": string(j.Payload), "created": j.CreatedAt}
}

func (r outbox) Add(ctx context.Context, jobs ...domain.Job) error {
	for _, j := range jobs {
		in := statement{session: session{organization: j.Organization}}
		err := r.db.WithContext(in.in(ctx)).Exec(addJob, jobArguments(j)).Error
		if has(err, codeForeignKey) {
			return domain.ErrNotFound
		}
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

// doneJob notes that the effects of a job are there, in the inbox and in the
// outbox.
const doneJob = `
WITH done AS (
    UPDATE app.outbox SET done_at = @at, leased_until = NULL
    WHERE id = @id AND done_at IS NULL AND dead_at IS NULL
    RETURNING id
)
INSERT INTO app.processed_messages (consumer, message_id, processed_at) SELECT @consumer, id, @at FROM done`

func (r outbox) Done(ctx context.Context, id domain.JobID, at time.Time) error {
	noted := r.platform(ctx).Exec(doneJob, map[string]any{"id": id, "at": at, "consumer": consumer})
	switch {
	case has(noted.Error, codeUnique):
		return domain.ErrJobDone
	case noted.Error != nil:
		return translate(noted.Error)
	case noted.RowsAffected == 0:
		return domain.ErrJobDone
	}
	return nil
}
