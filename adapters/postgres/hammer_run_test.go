package postgres_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"rowhouse/adapters/postgres"
)

// way is how statements get their session: the product's, or the control's.
type way interface {
	// statement runs fn on where a statement of a session begins.
	statement(ctx context.Context, s postgres.Session, fn func(*gorm.DB) error) error
	// byHand is a query of the workspaces' organizations past GORM.
	byHand(ctx context.Context, s postgres.Session) ([]string, error)
	// update runs fn in a transaction for a tenant. in is where a statement of a
	// session begins there.
	update(ctx context.Context, a seeded, fn func(in func(postgres.Session) *gorm.DB) error) error
}

// hammer is one run.
type hammer struct {
	way      way
	tenants  []seeded
	requests int64

	begun atomic.Int64
	mean  atomic.Int64 // nanoseconds that a request takes, of late

	// What was seen. A foreign row is another tenant's or person's, a stray one
	// came without a session; an answer that lacks rows of one's own is
	// incomplete.
	complete, foreign, stray, incomplete atomic.Int64
	// How requests ended that were not meant to fail, or were.
	failed, refused, gaveUp atomic.Int64

	mu       sync.Mutex
	mistakes []error // some of failed
	tried    map[string]int64
}

// run makes all requests.
func (h *hammer) run(ctx context.Context) {
	h.tried = map[string]int64{}
	h.mean.Store(int64(time.Millisecond))
	var group sync.WaitGroup
	for range hammerWorkers {
		group.Go(func() {
			for h.begun.Add(1) <= h.requests {
				request := anyRequest()
				began := time.Now()
				h.ended(request, request.make(ctx, h, h.anyTenant()))
				h.mean.Add((int64(time.Since(began)) - h.mean.Load()) / 16)
			}
		})
	}
	group.Wait()
}

func (h *hammer) anyTenant() seeded { return h.tenants[rand.IntN(len(h.tenants))] }

// ended counts a request.
func (h *hammer) ended(r request, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried[r.name]++
	switch {
	case r.ends == fails && err != nil:
		h.refused.Add(1)
	case r.ends == givesUp && err != nil:
		h.gaveUp.Add(1)
	case r.ends != fails && err == nil:
	default:
		h.failed.Add(1)
		if len(h.mistakes) < 5 {
			h.mistakes = append(h.mistakes, &requestError{r.name, err})
		}
	}
}

// requestError is a request that did not end as it was meant to.
type requestError struct {
	request string
	err     error
}

func (e *requestError) Error() string {
	if e.err == nil {
		return e.request + " did not fail"
	}
	return e.request + ": " + e.err.Error()
}

// leaks is how many rows were seen by whom they are not for.
func (h *hammer) leaks() int64 { return h.foreign.Load() + h.stray.Load() }

func (h *hammer) report(t *testing.T, began time.Time) {
	t.Helper()
	t.Logf("%d requests in %s: %d complete answers, %d foreign rows, %d rows without a session, %d incomplete answers, %d failed as they should, %d gave up, %d failed otherwise",
		h.requests, time.Since(began).Round(time.Millisecond), h.complete.Load(), h.foreign.Load(), h.stray.Load(), h.incomplete.Load(),
		h.refused.Load(), h.gaveUp.Load(), h.failed.Load())
}
