package porttest

import (
	"context"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var attemptTests = []storeTest{
	{"attempts count with their update, and not where that fails", testAttemptsRollback},
	{"what is forgotten in an update that fails still counts", testForgetRollback},
	{"attempts in updates and outside count together", testAttemptsTogether},
}

// attempts is a policy whose waits are longer than a test can take.
var attempts = domain.ThrottleResets

// reserveIn makes an attempt and says whether it was let through.
func (s *scene) reserveIn(r ports.Repositories, key string) bool {
	s.t.Helper()
	allowed, _, err := r.Throttle().Reserve(s.t.Context(), key, attempts)
	s.must(err)
	return allowed
}

func testAttemptsRollback(t *testing.T, s *scene) {
	for range 2 * attempts.Free {
		err := s.store.Update(t.Context(), s.acme.scope(), func(tx ports.Repositories) error {
			wantEqual(t, "an attempt after others that were none", s.reserveIn(tx, "key"), true)
			return errBoom
		})
		wantError(t, "Update", err, errBoom)
	}
	s.update(s.acme, func(tx ports.Repositories) error {
		for range attempts.Free {
			wantEqual(t, "an attempt", s.reserveIn(tx, "key"), true)
		}
		wantEqual(t, "one too many", s.reserveIn(tx, "key"), false)
		return nil
	})
	wantEqual(t, "one after the update", s.reserveIn(s.store, "key"), false)
}

func testForgetRollback(t *testing.T, s *scene) {
	for range attempts.Free {
		s.reserveIn(s.store, "key")
	}
	err := s.store.Update(t.Context(), s.acme.scope(), func(tx ports.Repositories) error {
		s.must(tx.Throttle().Forget(t.Context(), "key"))
		wantEqual(t, "an attempt once the others are forgotten", s.reserveIn(tx, "key"), true)
		return errBoom
	})
	wantError(t, "Update", err, errBoom)
	wantEqual(t, "an attempt after the update", s.reserveIn(s.store, "key"), false)
}

func testAttemptsTogether(t *testing.T, s *scene) {
	for i := range attempts.Free {
		if i%2 == 0 {
			wantEqual(t, "an attempt outside", s.reserveIn(s.store, "key"), true)
			continue
		}
		s.update(s.globex, func(tx ports.Repositories) error {
			wantEqual(t, "an attempt in an update", s.reserveIn(tx, "key"), true)
			return nil
		})
	}
	s.update(s.acme, func(tx ports.Repositories) error {
		wantEqual(t, "one too many", s.reserveIn(tx, "key"), false)
		wantEqual(t, "another key", s.reserveIn(tx, "other"), true)
		return nil
	})
}

// InUpdates makes a ports.Throttle of a store: each attempt is an update of its
// own, of whichever organization.
func InUpdates(store ports.Store) ports.Throttle { return updatingThrottle{store, &sequence{}} }

type updatingThrottle struct {
	store ports.Store
	ids   ports.IDs
}

func (u updatingThrottle) update(ctx context.Context, fn func(ports.Throttle) error) error {
	scope := ports.Of(domain.OrganizationID(u.ids.New()))
	return u.store.Update(ctx, scope, func(tx ports.Repositories) error { return fn(tx.Throttle()) })
}

// Reserve implements ports.Throttle.
func (u updatingThrottle) Reserve(ctx context.Context, key string, policy domain.ThrottlePolicy) (allowed bool, wait time.Duration, err error) {
	err = u.update(ctx, func(throttle ports.Throttle) (err error) {
		allowed, wait, err = throttle.Reserve(ctx, key, policy)
		return err
	})
	return allowed, wait, err
}

// Forget implements ports.Throttle.
func (u updatingThrottle) Forget(ctx context.Context, key string) error {
	return u.update(ctx, func(throttle ports.Throttle) error { return throttle.Forget(ctx, key) })
}
