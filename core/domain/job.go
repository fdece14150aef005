package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// JobKind says what there is to do.
type JobKind string

// Job is work that a change brings about and that is done after it: recorded
// in the same transaction, done by a worker, tried again until it is. It
// carries no secret: what a mail needs is made where the mail is written.
type Job struct {
	ID           JobID
	Organization OrganizationID // whose data it may touch; "" for none
	Kind         JobKind
	Payload      json.RawMessage
	CreatedAt    time.Time
	// Attempts counts how often it was begun.
	Attempts int64
}

// NewJob returns a job of the kind. Payload is what its handler decodes.
func NewJob(id JobID, organization OrganizationID, kind JobKind, payload any, now time.Time) Job {
	encoded, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("payload of %s: %v", kind, err)) // a type of ours that cannot be encoded
	}
	return Job{ID: id, Organization: organization, Kind: kind, Payload: encoded, CreatedAt: now}
}

// JobState is where a job stands.
type JobState string

// The states.
const (
	JobQueued JobState = "queued" // not begun yet, or under way
	JobFailed JobState = "failed" // it failed, and is tried again
	JobDead   JobState = "dead"   // given up, until somebody says to try again
	JobDone   JobState = "done"
)

// JobStates lists every state.
var JobStates = []JobState{JobQueued, JobFailed, JobDead, JobDone}

// RecordedJob is a job with what became of it.
type RecordedJob struct {
	Job

	State       JobState
	AvailableAt time.Time // not before then
	LastError   string    // "" if it never failed
	EndedAt     time.Time // when it was done or given up; zero before
}

// ErrTenantMismatch is the reason why a job is given up whose payload names
// something that its organization does not have.
var ErrTenantMismatch = Permanent(errors.New("tenant_mismatch"))

// What a worker may find where it begins a job or ends one.
var (
	ErrJobDone = errors.New("the job is done or given up already")
	ErrJobBusy = errors.New("the job is being done by somebody else")
)

// permanentError is one that trying again does not help against.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// Permanent reports that trying again does not help.
func (permanentError) Permanent() bool { return true }

// Permanent marks an error that trying again does not help against.
func Permanent(err error) error { return permanentError{err} }

// IsPermanent reports whether an error was marked so, or says so itself.
func IsPermanent(err error) bool {
	marked, ok := errors.AsType[interface {
		error
		Permanent() bool
	}](err)
	return ok && marked.Permanent()
}

// jobDelays are the waits after each failure; after the last, a job is given up.
var jobDelays = []time.Duration{
	time.Second, 10 * time.Second, time.Minute, 5 * time.Minute,
	30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// JobDelay returns how long to wait after the n-th attempt failed, from 1, and
// false if the job is to be given up. spread, from 0 to 1, varies it by a fifth
// both ways, so that what failed together does not come back together.
func JobDelay(n int64, spread float64) (time.Duration, bool) {
	if n < 1 || n > int64(len(jobDelays)) {
		return 0, false
	}
	d := jobDelays[n-1]
	return d + time.Duration((spread*2-1)*float64(d)/5), true
}

// Backlog is how much work lies there.
type Backlog struct {
	Due    int64     // to be published
	Oldest time.Time // since when the first of them; zero without any
	Dead   int64
}
