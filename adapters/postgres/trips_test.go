package postgres_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// wire counts how often a client waited for the server.
type wire struct {
	trips atomic.Int64
}

// dial opens a connection that is counted.
func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	counted := &countedConn{Conn: c, wire: w}
	counted.answered.Store(true)
	return counted, nil
}

// countedConn is a connection on which a round trip begins with what is sent
// after an answer.
type countedConn struct {
	net.Conn

	wire     *wire
	answered atomic.Bool
}

func (c *countedConn) Write(b []byte) (int, error) {
	if c.answered.Swap(false) {
		c.wire.trips.Add(1)
	}
	return c.Conn.Write(b)
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.answered.Store(true)
	}
	return n, err
}

// tripRuns is how often each call is made; every time with other rows. The first
// time, statements are prepared. The least of the others counts: a connection
// that was idle for a second is asked whether it is still there.
const tripRuns = 4

// trips returns how many round trips a call takes.
func (w *wire) tripsOf(t *testing.T, call func(n int) error) int64 {
	t.Helper()
	least := int64(1 << 32)
	for n := range tripRuns {
		before := w.trips.Load()
		if err := call(n); err != nil {
			t.Errorf("call %d: %v", n, err)
			return 0
		}
		if n > 0 {
			least = min(least, w.trips.Load()-before)
		}
	}
	return least
}

// tripScene is one tenant with enough of everything.
type tripScene struct {
	*postgres.Store

	tenant ports.Tenant
	seeded seeded
	others []seeded // of which each may be changed once
}

// more gives the first tenant, for each call, a member who is nobody else's, and
// for each call somebody who is nobody's member, signed in. $1 is the tenant.
const more = `
WITH people AS (
    INSERT INTO app.users (id, email, name, name_key, created_at, updated_at)
    SELECT (kind || '-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, kind || i || '@example.com', 'More', 'more', now(), now()
    FROM generate_series(0, 9) AS i, unnest(ARRAY['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd']) AS kind RETURNING id, email
), members AS (
    INSERT INTO app.memberships (organization_id, id, user_id, role, created_at, updated_at)
    SELECT $1::uuid, id, id, 'member', now(), now() FROM people WHERE email ~ '^[ab]'
), sessions AS (
    INSERT INTO app.sessions (id, token_hash, user_id, user_agent, ip, created_at, last_seen_at)
    SELECT id, sha256(email::bytea), id, '', '', now(), now() FROM people
)
INSERT INTO app.auth_tokens (token_hash, user_id, purpose, email, created_at)
SELECT sha256(email::bytea), id, 'reset_password', email, now() FROM people`

func personID(kind byte, n int) string {
	return fmt.Sprintf("%[1]c%[1]c%[1]c%[1]c%[1]c%[1]c%[1]c%[1]c-0000-7000-8000-%012[2]d", kind, n)
}

func newTripScene(t *testing.T) (*tripScene, *wire) {
	t.Helper()
	d, w := pgtest.New(t), &wire{}
	tenants := seed(t, d, 1+tripRuns, 2+2*tripRuns)
	must(t, d.Connect(t, pgtest.Superuser), more, tenants[0].organization)
	store, err := postgres.OpenDialing(t.Context(), d.URL(postgres.RoleApp), postgres.PoolConfig{MaxConnections: 1, MaxWait: patience}, w.dial)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return &tripScene{store, tenantOf(store, tenants[0]), tenants[0], tenants[1:]}, w
}

// tripCase is the main use of a method, and how many round trips it takes.
type tripCase struct {
	method string
	want   int64
	call   func(ctx context.Context, s *tripScene, n int) error
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]func([]postgres.Change){
		"nobody is told what changed": nil,
		"changes are told":            func([]postgres.Change) {}, // asked for in the same round trips
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantTrips(t, told)
		})
	}
}

func wantTrips(t *testing.T, told func([]postgres.Change)) {
	t.Helper()
	s, w := newTripScene(t)
	s.OnChange(told)
	for _, cases := range [][]tripCase{peopleTrips(), invitationTrips(), organizationTrips(), workspaceTrips(), updateTrips()} {
		for _, tt := range cases {
			got := w.tripsOf(t, func(n int) error {
				if err := tt.call(t.Context(), s, n); err != nil {
					return fmt.Errorf("%s: %w", tt.method, err)
				}
				return nil
			})
			t.Logf("%-28s %d", tt.method, got)
			if got != tt.want {
				t.Errorf("%s takes %d round trips, want %d", tt.method, got, tt.want)
			}
		}
	}
}

// The control: what would be sent without the pipeline is counted as more.
func TestRoundTrips_Control(t *testing.T) {
	t.Parallel()
	s, w := newTripScene(t)
	got := w.tripsOf(t, func(int) error {
		return s.Pool().AcquireFunc(t.Context(), apart(t, s.seeded.organization))
	})
	if got != 4 {
		t.Errorf("begin, session, statement and commit apart take %d round trips, want 4", got)
	}
}

// at is when everything in these tests happens.
var at = time.Date(2030, time.May, 1, 12, 0, 0, 0, time.UTC)

var page = domain.PageRequest{Limit: 20}

func second[T any](_ T, err error) error { return err }

// fixedClock is a ports.Clock on which it is always at.
type fixedClock struct{}

func (fixedClock) Now() time.Time { return at }
