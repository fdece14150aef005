package porttest

import (
	"slices"
	"testing"

	"rowhouse/ports"
)

// storeTest is one promise of a ports.Store. Its name is the promise.
type storeTest struct {
	name string
	run  func(*testing.T, *scene)
}

// TestStore checks that a ports.Store does what its documentation says. It
// calls open once for each subtest, in parallel; open must return an empty
// store. Every test begins in one that is in use (see scene).
func TestStore(t *testing.T, open func(*testing.T) ports.Store) {
	t.Helper()
	for _, tt := range slices.Concat(
		accountSweepTests, invitationCheckTests,
		transactionTests, contextTests, serialTests,
		userTests, sessionTests, sessionLimitTests, authTokenTests,
		directoryTests, slugTests, slugReservationTests,
		organizationTests, organizationVersionTests,
		membershipTests, membershipListTests, membershipVersionTests, seatTests,
		invitationTests, invitationStateTests, invitationListTests, invitationSeatTests, receivedTests,
		workspaceTests, workspaceListTests, workspaceMemberTests,
		subscriptionTests, usageTests,
		isolationTests, pagingTests, raceTests, invitationRaceTests, attemptTests,
	) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, newScene(t, open(t)))
		})
	}
}
