package rowcache_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
	"rowhouse/core/domain"
)

// What changes record of a unit, by what they are about.

func ofUser(id domain.UserID) string          { return "user " + string(id) }
func ofSession(token domain.TokenHash) string { return `session \x` + hex.EncodeToString(token[:]) }
func ofMember(u unit, id domain.UserID) string {
	return "member " + string(u.organization()) + ":" + string(id)
}
func ofOrganization(u unit) string   { return "organization " + string(u.organization()) }
func ofAccess(u unit) string         { return "access " + string(u.organization()) }
func ofSlug(slug domain.Slug) string { return "slug " + string(slug) }

var errRefused = errors.New("refused")

// change is something that is done to a unit, in one call or one update.
type change struct {
	name string
	do   func(context.Context, *postgres.Store, unit) error
	want func(unit) []string // what is recorded
	// wakes is true where other processes are told at once.
	wakes bool
	err   error // that do is meant to return
}

func nothing(unit) []string { return nil }

// What is done through the store is recorded where it changes rows that
// processes keep, and nowhere else. Whoever did it is told before the call
// returns.
func TestChanges(t *testing.T) {
	t.Parallel()
	all := slices.Concat(changesOfUsers, changesOfSessions, changesOfOrganizations, changesOfMembers)
	d, c := planted(t, 2*len(all))
	store, err := postgres.Open(t.Context(), d.URL(postgres.RoleApp), postgres.PoolConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	var told []string
	store.OnChange(func(changes []postgres.Change) {
		for _, c := range changes {
			told = append(told, string(c.Subject)+" "+c.Key)
		}
	})
	listener := d.Connect(t, postgres.RoleApp)
	must(t, listener, `LISTEN rowhouse_changes`)
	for i, change := range all {
		u := unit(2 * i)
		told = nil
		must(t, c, `DELETE FROM app.changes`)
		if err := change.do(t.Context(), store, u); !errors.Is(err, change.err) {
			t.Errorf("%s: %v, want %v", change.name, err, change.err)
		}
		want := change.want(u)
		slices.Sort(want)
		if got := recorded(t, c); !slices.Equal(got, want) {
			t.Errorf("%s: %q is recorded, want %q", change.name, got, want)
		}
		slices.Sort(told)
		if told = slices.Compact(told); !slices.Equal(told, want) {
			t.Errorf("%s: the process is told of %q when the call returns, want %q", change.name, told, want)
		}
		if woken := wakes(t, c, listener) > 0; woken != change.wakes {
			t.Errorf("%s: others are woken: %t, want %t", change.name, woken, change.wakes)
		}
	}
}

// recorded returns what the feed has.
func recorded(t *testing.T, c *pgx.Conn) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), `SELECT DISTINCT subject || ' ' || key FROM app.changes`)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(changes)
	return changes
}

// wakes returns how often those who listen were told since the last time.
func wakes(t *testing.T, c, listener *pgx.Conn) (n int) {
	t.Helper()
	must(t, c, `NOTIFY rowhouse_changes, 'until here'`)
	for ; ; n++ {
		notification, err := listener.WaitForNotification(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if notification.Payload != "" {
			return n
		}
	}
}

// The store depends on how the trigger writes a hash, which depends on the
// settings of who made the change.
func TestChanges_AHashIsReadOrNot(t *testing.T) {
	t.Parallel()
	token := unit(1).token("member")
	text := hex.EncodeToString(token[:])
	for _, tt := range []struct {
		name, text string
		ok         bool
	}{
		{"as PostgreSQL writes it", `\x` + text, true},
		{"too short", `\x` + text[2:], false},
		{"too long", `\x` + text + "00", false},
		{"without its mark", text, false},
		{"no digits", `\x` + "zz" + text[2:], false},
		{"escaped", `\001\002abc`, false},
		{"empty", "", false},
	} {
		if got, ok := rowcache.HashOf(tt.text); ok != tt.ok || ok && got != token {
			t.Errorf("%s: HashOf(%q) = %x, %t; want %t", tt.name, tt.text, got, ok, tt.ok)
		}
	}
}
