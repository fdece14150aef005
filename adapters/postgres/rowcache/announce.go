package rowcache

import (
	"context"
	"sync"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// announcer tells others what this process has changed, without letting
// whoever changed it wait.
type announcer struct {
	cache  ports.Cache
	signal ports.Signal
	wake   chan struct{}

	mu   sync.Mutex
	gone []domain.OrganizationID // whose shared values need not be kept any longer
}

func newAnnouncer(cache ports.Cache, signal ports.Signal) *announcer {
	return &announcer{cache: cache, signal: signal, wake: make(chan struct{}, 1)}
}

// maxGone bounds what waits to be told. What is left out ends by itself.
const maxGone = 1024

func (a *announcer) changed(changes []postgres.Change) {
	a.mu.Lock()
	for _, c := range changes {
		if c.Subject == postgres.SubjectOrganization && len(a.gone) < maxGone {
			a.gone = append(a.gone, domain.OrganizationID(c.Key))
		}
	}
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default: // somebody is about to be told anyway
	}
}

func (a *announcer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		}
		// First the signal, which others wait for. They look for themselves now
		// and then, so there is nothing to do where it fails.
		_ = a.signal.Send(ctx)
		a.mu.Lock()
		gone := a.gone
		a.gone = nil
		a.mu.Unlock()
		for _, id := range gone {
			a.cache.Tenant(id).Delete(ctx, detailKey(id))
		}
	}
}
