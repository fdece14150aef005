package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

const (
	// never is between looks that only happen when somebody asks for them.
	never = time.Hour
	// feedPatience is how long tests wait for what must happen.
	feedPatience = 20 * time.Second
)

// look is what a look has found.
type look struct {
	changes []postgres.Change
	to      postgres.Position
}

// follower hands over one look after the other: the next waits until the last
// one was taken.
type follower struct {
	t    *testing.T
	wake chan struct{}
	seen chan look
	lost chan struct{}
	end  <-chan struct{} // of whoever follows
	stop func()          // ends it, and waits
	name string          // of its connection
}

func (f *follower) Asking() {}

func (f *follower) Seen(changes []postgres.Change, to postgres.Position) {
	select {
	case f.seen <- look{changes, to}:
	case <-f.end:
	}
}

func (f *follower) Lost() {
	select {
	case f.lost <- struct{}{}:
	default:
	}
}

func newFollower(t *testing.T) *follower {
	t.Helper()
	return &follower{
		t: t, wake: make(chan struct{}, 1), seen: make(chan look), lost: make(chan struct{}, 1),
		name: fmt.Sprintf("follower-%d", rand.Uint64()),
	}
}

// start lets it follow a database under an address.
func (f *follower) start(address string, interval time.Duration) {
	f.t.Helper()
	store, err := postgres.Open(f.t.Context(), address+"&application_name="+f.name, patient)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(store.Close)
	ctx, cancel := context.WithCancel(f.t.Context())
	f.end = ctx.Done()
	stopped := make(chan struct{})
	go pprof.Do(ctx, pprof.Labels("follower", f.name), func(ctx context.Context) {
		defer close(stopped)
		store.FollowEvery(ctx, interval, f.wake, f)
	})
	f.stop = func() {
		cancel()
		<-stopped
	}
	f.t.Cleanup(f.stop)
}

// follow returns a follower that has looked for the first time.
func follow(t *testing.T, address string, interval time.Duration) *follower {
	t.Helper()
	f := newFollower(t)
	f.start(address, interval)
	f.take()
	return f
}

// take returns the next look.
func (f *follower) take() look {
	f.t.Helper()
	select {
	case l := <-f.seen:
		return l
	case <-time.After(feedPatience):
		f.t.Fatal("nobody looked")
		return look{}
	}
}

// now returns what was found by a look that began after it was called, and by
// those before it.
func (f *follower) now() (found look) {
	f.t.Helper()
	for range 2 { // the first may have begun before
		select {
		case f.wake <- struct{}{}:
		default:
		}
		l := f.take()
		found = look{append(found.changes, l.changes...), l.to}
	}
	return found
}

// until takes looks until one has found a change of the key.
func (f *follower) until(key string) {
	f.t.Helper()
	for {
		for _, c := range f.take().changes {
			if c.Key == key {
				return
			}
		}
	}
}

// feedEventually waits until the database says so.
func feedEventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for since := time.Now(); !is(); <-again.C {
		if time.Since(since) > feedPatience {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func feedUser(n int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012x", n) }

// withUsers returns a database with so many users.
func withUsers(t *testing.T, n int) *pgtest.Database {
	t.Helper()
	d := pgtest.New(t)
	c := d.Connect(t, pgtest.Superuser)
	for i := range n {
		must(t, c, `INSERT INTO app.users (id, email, name, name_key, created_at, updated_at) VALUES ($1, $2, '', '', now(), now())`,
			feedUser(i), feedUser(i)+"@example.com")
	}
	return d
}

const renameUser = `UPDATE app.users SET name = name || 'x' WHERE id = $1`

// askedSince asks for what is newer than the newest that it has seen.
type askedSince struct {
	column string
	newest string
	found  map[string]bool
}

func (n *askedSince) look(t *testing.T, c *pgx.Conn) {
	t.Helper()
	rows, err := c.Query(t.Context(), `SELECT key, `+n.column+`::text FROM app.changes WHERE $1 = '' OR `+n.column+` > $1::text::`+
		map[string]string{"xid": "xid8", "at": "timestamptz"}[n.column]+` ORDER BY `+n.column, n.newest)
	if err != nil {
		t.Fatal(err)
	}
	var key string
	if _, err := pgx.ForEachRow(rows, []any{&key, &n.newest}, func() error { n.found[key] = true; return nil }); err != nil {
		t.Fatal(err)
	}
}

// Transactions change something, and wait; others commit before them. Whoever
// asks for what is newer than the newest they have seen misses some.
func TestFeed_MissesNoChange(t *testing.T) {
	t.Parallel()
	const changes, together = 150, 8
	d := withUsers(t, changes)
	f, reader := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	byPosition, byTime := &askedSince{column: "xid", found: map[string]bool{}}, &askedSince{column: "at", found: map[string]bool{}}
	var free []*pgx.Conn
	for range together {
		free = append(free, d.Connect(t, pgtest.Superuser))
	}
	type open struct {
		pgx.Tx

		key string
	}
	var running []open
	committed, told := map[string]bool{}, map[string]int{}
	check := func() {
		byPosition.look(t, reader)
		byTime.look(t, reader)
		for _, c := range f.now().changes {
			if told[c.Key]++; !committed[c.Key] {
				t.Errorf("a change of %s was told before it was committed", c.Key)
			}
		}
		for key := range committed {
			if told[key] != 1 {
				t.Errorf("a look after the change of %s was committed: told %d times, want once", key, told[key])
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for begun := 0; begun < changes || len(running) > 0; {
		switch {
		case begun < changes && len(free) > 0 && random.IntN(2) == 0:
			c := free[0]
			free = free[1:]
			tx, err := c.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			must(t, tx, renameUser, feedUser(begun))
			running = append(running, open{tx, feedUser(begun)})
			begun++
		case len(running) > 0 && (random.IntN(2) == 0 || len(free) == 0):
			i := random.IntN(len(running))
			one := running[i]
			running = append(running[:i], running[i+1:]...)
			committed[one.key] = true
			if err := one.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			free = append(free, one.Conn())
		case random.IntN(3) == 0:
			check()
		}
	}
	check()
	for _, control := range []*askedSince{byPosition, byTime} {
		if n := len(control.found); n == 0 || n == changes {
			t.Errorf("asked by %s, %d of %d changes were found; want some to be missed", control.column, n, changes)
		}
	}
}

// While a transaction is running, everything since its beginning is read again
// and again. It is told once.
func TestFeed_ALongTransactionRepeatsNothing(t *testing.T) {
	t.Parallel()
	const changes = 20
	d := withUsers(t, changes+1)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	long, err := d.Connect(t, pgtest.Superuser).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var position postgres.Position
	must(t, long, renameUser, feedUser(changes))
	if err := long.QueryRow(t.Context(), `SELECT pg_current_xact_id()::text::bigint`).Scan(&position); err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	check := func(want int) {
		t.Helper()
		found := f.now()
		for _, c := range found.changes {
			told[c.Key]++
		}
		if len(told) != want {
			t.Errorf("%d changes were told, want %d", len(told), want)
		}
		if want <= changes && found.to > position {
			t.Errorf("a look went as far as %d, beyond %d that is running", found.to, position)
		}
	}
	for i := range changes {
		must(t, c, renameUser, feedUser(i))
		check(i + 1)
	}
	// The control: all of them were read each time.
	rows, err := c.Query(t.Context(), postgres.ChangesSince, position)
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if n := rows.CommandTag().RowsAffected(); rows.Err() != nil || n != changes {
		t.Errorf("a look reads %d changes, %v; want %d", n, rows.Err(), changes)
	}
	if err := long.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(changes + 1)
	check(changes + 1)
	for key, n := range told {
		if n != 1 {
			t.Errorf("the change of %s was told %d times, want once", key, n)
		}
	}
}

// The first look says from where on changes are known: from the oldest
// transaction that is running. What has been committed since is told with it.
func TestFeed_TheFirstLookTellsWhatItsPositionPromises(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 2)
	long, err := d.Connect(t, pgtest.Superuser).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	must(t, long, renameUser, feedUser(0))
	d.Exec(t, renameUser, feedUser(1))
	f := newFollower(t)
	f.start(d.URL(postgres.RoleApp), never)
	first := f.take()
	if len(first.changes) != 1 || first.changes[0].Key != feedUser(1) || first.changes[0].At < first.to {
		t.Errorf("the first look goes as far as %d and tells %v, want the change of %s", first.to, first.changes, feedUser(1))
	}
	if again := f.now(); len(again.changes) > 0 {
		t.Errorf("the next tells %v again", again.changes)
	}
	if err := long.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestFeed_LooksWhenAnotherProcessNotifies(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 1)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, renameUser, feedUser(0))
		f.until(feedUser(0))
	}
}

func TestFeed_LooksWhenItIsWoken(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 0)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, `INSERT INTO app.changes (subject, key) VALUES ('organization', 'acme')`)
		f.wake <- struct{}{}
		f.until("acme")
	}
}

func TestFeed_LooksNowAndThenAnyway(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 0)
	f, c := follow(t, d.URL(postgres.RoleApp), 10*time.Millisecond), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, `INSERT INTO app.changes (subject, key) VALUES ('organization', 'acme')`)
		f.until("acme")
	}
}

// Notifications that come faster than looks do not pile up: one look answers
// all of them.
func TestFeed_OneLookAnswersManyNotifications(t *testing.T) {
	t.Parallel()
	const changes = 300
	d := withUsers(t, 1)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	must(t, c, renameUser, feedUser(0))
	must(t, c, fmt.Sprintf(`DO $$ BEGIN FOR i IN 1..%d LOOP UPDATE app.users SET name = i::text; COMMIT; END LOOP; END $$`, changes))
	looks := 0
	for range 2 * changes {
		must(t, c, `SELECT 1`) // takes longer than a look
		select {
		case <-f.seen:
			looks++
		default:
		}
	}
	if looks < 1 || looks > 5 {
		t.Errorf("%d changes made for %d looks, want a few", changes, looks)
	}
}

func TestFeed_GoesOnAfterItsConnectionIsKilled(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 1)
	f, c := follow(t, d.URL(postgres.RoleApp), never), d.Connect(t, pgtest.Superuser)
	for range 3 {
		must(t, c, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, f.name)
		select {
		case <-f.lost:
		case <-time.After(feedPatience):
			t.Fatal("nobody was told that changes may be lost")
		}
		f.take() // over another connection
		must(t, c, renameUser, feedUser(0))
		f.until(feedUser(0))
	}
}

func TestFeed_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 0)
	connections := func(f *follower, c *pgx.Conn) (n int) {
		t.Helper()
		err := c.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, f.name).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	goroutines := func(f *follower) int {
		t.Helper()
		var all strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
			t.Fatal(err)
		}
		return strings.Count(all.String(), f.name)
	}
	for name, interval := range map[string]time.Duration{"while it waits": never, "while it looks": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, c := follow(t, d.URL(postgres.RoleApp), interval), d.Connect(t, pgtest.Superuser)
			if connections(f, c) != 1 || goroutines(f) == 0 {
				t.Errorf("before: %d connections, %d goroutines; want one, and some", connections(f, c), goroutines(f))
			}
			f.stop()
			feedEventually(t, "the end of all goroutines", func() bool { return goroutines(f) == 0 })
			feedEventually(t, "the end of all connections", func() bool { return connections(f, c) == 0 })
			select {
			case <-f.lost:
			default:
				t.Error("nobody was told that nobody looks any more")
			}
		})
	}
}

// Behind a pooler that shares connections, LISTEN is in vain.
func TestFeed_GoesOnBehindAPooler(t *testing.T) {
	t.Parallel()
	d := withUsers(t, 1)
	f, c := follow(t, behindPooler(t, d), 10*time.Millisecond), d.Connect(t, pgtest.Superuser)
	for range 20 {
		must(t, c, renameUser, feedUser(0))
		f.until(feedUser(0))
	}
}

// behindPooler returns the address of a database through PgBouncer.
func behindPooler(t *testing.T, d *pgtest.Database) string {
	t.Helper()
	pooler, err := url.Parse(os.Getenv("TEST_PGBOUNCER_URL"))
	if err != nil || pooler.Host == "" {
		t.Fatalf("TEST_PGBOUNCER_URL is not set (%v): `make test` starts a PgBouncer", err)
	}
	return d.URLAt(postgres.RoleApp, pooler.Host) + "&default_query_exec_mode=exec"
}
