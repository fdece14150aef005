package postgres_test

import (
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

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
