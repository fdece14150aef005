package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"rowhouse/core/domain"
)

type outbox struct{ *repositories }

func (r outbox) Add(ctx context.Context, jobs ...domain.Job) error {
	return r.write(ctx, func(tx *transaction) error {
		for _, added := range jobs {
			if err := tx.addJob(added); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r outbox) Done(ctx context.Context, id domain.JobID, at time.Time) error {
	return r.write(ctx, func(tx *transaction) error {
		j, ok := tx.jobs[id]
		if !ok || j.over() {
			return domain.ErrJobDone
		}
		j.doneAt, j.leasedUntil = at, time.Time{}
		tx.putJob(j)
		return nil
	})
}

// job is a job with where it stands.
type job struct {
	domain.Job

	dueAt       time.Time // since when it is to be published
	availableAt time.Time // not before then: later than dueAt where publishing failed
	publishedAt time.Time // zero until it was
	leasedUntil time.Time // zero unless an attempt goes on
	doneAt      time.Time // zero unless it is done
	deadAt      time.Time // zero unless it was given up
	lastError   string
	// calls counts how often it was made due. What a relay published before
	// the latest does not count.
	calls int64
}

func newJob(j domain.Job) job {
	j.Payload = slices.Clone(j.Payload)
	if len(j.Payload) == 0 {
		j.Payload = json.RawMessage("null")
	}
	return job{Job: j, dueAt: j.CreatedAt, availableAt: j.CreatedAt}
}

// due makes the job one to be published at a time.
func (j job) due(at time.Time) job {
	j.dueAt, j.availableAt, j.publishedAt = at, at, time.Time{}
	j.calls++
	return j
}

// over reports whether nothing is left to be done.
func (j job) over() bool { return !j.doneAt.IsZero() || !j.deadAt.IsZero() }

func (j job) state() domain.JobState {
	switch {
	case !j.doneAt.IsZero():
		return domain.JobDone
	case !j.deadAt.IsZero():
		return domain.JobDead
	case j.Attempts > 0 && j.leasedUntil.IsZero() && j.lastError != "":
		return domain.JobFailed
	}
	return domain.JobQueued
}

func (j job) recorded() domain.RecordedJob {
	ended := j.doneAt
	if ended.IsZero() {
		ended = j.deadAt
	}
	return domain.RecordedJob{Job: j.copied(), State: j.state(), AvailableAt: j.availableAt, LastError: j.lastError, EndedAt: ended}
}

// copied is the job for others to keep: the payload is theirs to change.
func (j job) copied() domain.Job {
	c := j.Job
	c.Payload = slices.Clone(c.Payload)
	return c
}

func (tx *transaction) addJob(added domain.Job) error {
	switch {
	case added.Organization != "" && !tx.organizations.has(added.Organization):
		return domain.ErrNotFound
	case tx.jobs.has(added.ID):
		return fmt.Errorf("add job %s: %w", added.ID, errExists)
	}
	tx.putJob(newJob(added))
	return nil
}

// putJob stores a job, new or changed.
func (tx *transaction) putJob(j job) {
	if before, ok := tx.jobs[j.ID]; ok {
		tx.jobsIn.remove(tx, before.state(), j.ID)
	} else if j.Organization != "" {
		tx.jobsOf.add(tx, j.Organization, j.ID)
	}
	tx.jobs.put(tx, j.ID, j)
	tx.jobsIn.add(tx, j.state(), j.ID)
	if j.publishedAt.IsZero() && !j.over() {
		tx.unpublished.add(tx, everything{}, j.ID)
	} else {
		tx.unpublished.remove(tx, everything{}, j.ID)
	}
}

func (tx *transaction) removeJob(id domain.JobID) {
	j := tx.jobs[id]
	tx.unpublished.remove(tx, everything{}, id)
	tx.jobsIn.remove(tx, j.state(), id)
	tx.jobsOf.remove(tx, j.Organization, id)
	tx.jobs.remove(tx, id)
}
