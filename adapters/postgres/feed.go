package postgres

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Subject says what of an organization, user, session or address has changed.
type Subject string

// The subjects, and what their keys are; see the triggers in the migrations.
const (
	SubjectUser         Subject = "user"         // the user's id
	SubjectSession      Subject = "session"      // the hash of the token it had
	SubjectMember       Subject = "member"       // organization and user: a role, or no more a member
	SubjectAccess       Subject = "access"       // organization: suspended or not, or no more there
	SubjectOrganization Subject = "organization" // organization: anything that is shown of it
	SubjectSlug         Subject = "slug"         // the address: it leads elsewhere
)

// Change is something that processes may keep in memory and that is another
// now, or gone.
type Change struct {
	Subject Subject
	Key     string
	// At is the position of the transaction that made the change; zero for one
	// of this process, which is told when it commits.
	At Position
}

// Position is how far a process has looked. Everything that was committed by
// then, and nothing that matters of what was not, is before it.
type Position uint64

// ownChanges are those that the present transaction has recorded.
const ownChanges = `SELECT subject, key FROM app.changes WHERE xid = pg_current_xact_id_if_assigned()`

func scanChanges(rows pgx.Rows) ([]Change, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Change, err error) {
		err = row.Scan(&c.Subject, &c.Key)
		return c, err
	})
}

// OnChange makes the store call told with the changes of each of its own
// transactions that recorded any, after it is committed and before the call
// that made it returns. It must be set before the store is used.
func (s *Store) OnChange(told func([]Change)) { s.pool.told = told }

// Follower is told what changed, also by others.
type Follower interface {
	// Asking is called right before the database is asked: what is told next is
	// at least as new.
	Asking()
	// Seen is called with what changed since it was called last, some of it
	// perhaps again, and how far that goes.
	Seen(changes []Change, to Position)
	// Lost is called when nobody can tell what was missed.
	Lost()
}

// How the feed is followed. A look costs the database some 50 µs.
const (
	lookInterval = 250 * time.Millisecond
	lookTimeout  = 500 * time.Millisecond
	joinTimeout  = 2 * time.Second // to connect: meanwhile nothing is served from memory
	minBackoff   = 50 * time.Millisecond
	maxBackoff   = time.Second
)

// Follow tells the follower about changes until ctx ends: soon after wake gets
// a value or another process notifies, and every lookInterval anyway. It keeps
// a connection of its own, so that it goes on while all others are in use.
// Behind a pooler that shares connections between transactions, notifications
// do not arrive; the rest works.
func (s *Store) Follow(ctx context.Context, wake <-chan struct{}, follower Follower) {
	s.followEvery(ctx, lookInterval, wake, follower)
}

func (s *Store) followEvery(ctx context.Context, interval time.Duration, wake <-chan struct{}, follower Follower) {
	for failures := 0; ctx.Err() == nil; failures++ {
		if looked := s.follow(ctx, interval, wake, follower); looked {
			failures = 0
		}
		follower.Lost()
		pause(ctx, backoff(failures))
	}
}

// follow follows over one connection, until that fails. It reports whether it
// worked at all.
func (s *Store) follow(ctx context.Context, interval time.Duration, wake <-chan struct{}, follower Follower) (looked bool) {
	config, heard := s.pool.Config().ConnConfig, false
	config.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) { heard = true }
	connecting, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	c, err := pgx.ConnectConfig(connecting, config)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	if _, err := c.Exec(connecting, "LISTEN rowhouse_changes"); err != nil {
		return false
	}
	reader := feedReader{conn: c, since: math.MaxInt64}
	for ctx.Err() == nil {
		heard = false
		if err := reader.look(ctx, follower); err != nil {
			return looked
		}
		looked = true
		// One look answers all notifications from before it; the next is for
		// those that came meanwhile.
		if !heard && !waitFor(ctx, c, interval, wake) {
			return looked
		}
	}
	return looked
}

// feedReader reads the feed over one connection.
type feedReader struct {
	conn  *pgx.Conn
	since Position
	// seen are the changes at or after since that were told already: while a
	// long transaction is running, everything after its beginning is read again.
	seen map[Change]struct{}
}

// changesSince asks for the changes from a position on, and for the next
// position: the oldest transaction that is still running. The first look, which
// has no position yet, also finds what was committed after that one began.
const changesSince = `
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, c.xid::text::bigint, c.subject, c.key
FROM (SELECT) AS always LEFT JOIN app.changes c
    ON c.xid >= least($1::bigint::text::xid8, pg_snapshot_xmin(pg_current_snapshot()))`

func (r *feedReader) look(ctx context.Context, follower Follower) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	follower.Asking()
	rows, err := r.conn.Query(ctx, changesSince, int64(r.since)) //nolint:gosec // positions are below 2^63
	if err != nil {
		return err
	}
	var next int64
	var changes []Change
	seen := map[Change]struct{}{}
	for rows.Next() {
		var at *int64
		var subject, key *string
		if err := rows.Scan(&next, &at, &subject, &key); err != nil {
			return err
		}
		if at == nil {
			continue // nothing changed
		}
		change := Change{Subject(*subject), *key, Position(*at)} //nolint:gosec // positions are not negative
		seen[change] = struct{}{}
		if _, told := r.seen[change]; !told {
			changes = append(changes, change)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	r.since, r.seen = Position(next), seen //nolint:gosec // positions are not negative
	follower.Seen(changes, r.since)
	return nil
}

// waitFor waits until there may be something to see. It returns false where the
// connection is lost.
func waitFor(ctx context.Context, c *pgx.Conn, interval time.Duration, wake <-chan struct{}) bool {
	waiting, cancel := context.WithTimeout(ctx, interval)
	defer cancel()
	woken := make(chan struct{})
	go func() {
		defer close(woken)
		select {
		case <-wake:
			cancel()
		case <-waiting.Done():
		}
	}()
	_, err := c.WaitForNotification(waiting)
	cancel()
	<-woken
	return err == nil || waiting.Err() != nil && !c.IsClosed()
}

// backoff is how long to wait after so many failures in a row.
func backoff(failures int) time.Duration {
	d := min(minBackoff<<min(failures, 10), maxBackoff)
	return d/2 + rand.N(d/2) //nolint:gosec // it only spreads out who comes when
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
