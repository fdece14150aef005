package rowcache_test

import (
	"slices"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
)

func TestWatch_KnowsWhatIsUnchanged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		history func(rule)
		since   postgres.Position
		want    bool
	}{
		{"nothing has happened", func(r rule) { r.look(10) }, 10, true},
		{"it was before the first look", func(r rule) { r.look(10) }, 9, false},
		{"it was before a look that is not the first", func(r rule) { r.look(10); r.look(20) }, 15, true},
		{"no look has come so far", func(r rule) { r.look(10) }, 11, false},
		{"another has changed", func(r rule) { r.look(10); r.look(20, at("bob", 15)) }, 12, true},
		{"it has changed later", func(r rule) { r.look(10); r.look(20, at("ada", 15)) }, 14, false},
		{"it has changed in a transaction that was running", func(r rule) { r.look(10); r.look(20, at("ada", 15)) }, 15, false},
		{"it has changed before", func(r rule) { r.look(10); r.look(20, at("ada", 15)) }, 16, true},
		{"it has changed twice", func(r rule) { r.look(10); r.look(20, at("ada", 12), at("ada", 18)) }, 15, false},
		{"the later change comes first", func(r rule) { r.look(10); r.look(20, at("ada", 18), at("ada", 12)) }, 15, false},
		{"the later change came with the look before", func(r rule) {
			r.look(10)
			r.look(11, at("ada", 18))
			r.look(20, at("ada", 12))
		}, 15, false},
		{"the first look has found it changed", func(r rule) { r.look(10, at("ada", 15)) }, 12, false},
		{"it was seen once, and changes were lost", func(r rule) {
			r.look(10)
			r.look(20, at("ada", 15))
			r.Lost()
			r.look(30)
		}, 20, false},
		{"everything goes on behind what was lost", func(r rule) { r.look(10); r.Lost(); r.look(30) }, 30, true},
		{"changes were lost, and the next look finds it changed", func(r rule) { r.look(10); r.Lost(); r.look(30, at("ada", 35)) }, 30, false},
		{"the server begins again", func(r rule) { r.look(1000); r.Lost(); r.look(10) }, 1000, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRule()
			tt.history(r)
			if got := r.unchanged(tt.since, about("ada")); got != tt.want {
				t.Errorf("Unchanged(%d) = %t, want %t", tt.since, got, tt.want)
			}
			if tt.want && !r.unchanged(tt.since, about("carol"), about("dan"), about("ada")) {
				t.Errorf("Unchanged(%d) = false for it and others, want true", tt.since)
			}
			if !tt.want && r.unchanged(tt.since, about("carol"), about("ada")) {
				t.Errorf("Unchanged(%d) = true for it and others, want false", tt.since)
			}
		})
	}
}

// Where a change of this process stands is not known until a look that began
// afterwards has shown it. A value from 14 was written by somebody who did not
// know of it, one from 30 by somebody who did.
func TestWatch_ChangesOfItsOwn(t *testing.T) {
	t.Parallel()
	const tick = time.Millisecond
	for _, tt := range []struct {
		name    string
		history func(rule)
		since   postgres.Position
		want    bool
	}{
		{"no look has begun", func(r rule) { r.look(20); r.own(about("ada")) }, 14, false},
		{"no look has begun, for any position", func(r rule) { r.look(20); r.own(about("ada")) }, 20, false},
		{"for another", func(r rule) { r.look(20); r.own(about("bob")) }, 14, true},
		{"a look was on its way", func(r rule) {
			r.Asking()
			r.clock.advance(tick)
			r.own(about("ada"))
			r.Seen(nil, 20)
		}, 14, false},
		{"a look was on its way, in the same instant", func(r rule) {
			r.Asking()
			r.own(about("ada"))
			r.Seen(nil, 20)
		}, 20, false},
		{"a look was on its way that shows an earlier one of its own", func(r rule) {
			r.own(about("ada"))
			r.clock.advance(tick)
			r.Asking()
			r.clock.advance(tick)
			r.own(about("ada"))
			r.Seen([]postgres.Change{at("ada", 12)}, 20)
		}, 14, false},
		{"the first look was on its way, after changes were lost", func(r rule) {
			r.Lost()
			r.clock.advance(tick)
			r.Asking()
			r.clock.advance(tick)
			r.own(about("ada"))
			r.Seen(nil, 14)
		}, 14, false},
		{"a look has shown it", func(r rule) {
			r.own(about("ada"))
			r.clock.advance(tick)
			r.look(30, at("ada", 15))
		}, 14, false},
		{"a look has shown it, for who knew of it", func(r rule) {
			r.own(about("ada"))
			r.clock.advance(tick)
			r.look(30, at("ada", 15))
		}, 30, true},
		{"a look has shown it before it was told", func(r rule) {
			r.Asking()
			r.clock.advance(tick)
			r.Seen([]postgres.Change{at("ada", 15)}, 30)
			r.own(about("ada"))
		}, 30, false},
		{"a look has shown it before it was told, and another was there since", func(r rule) {
			r.look(30, at("ada", 15))
			r.own(about("ada"))
			r.clock.advance(tick)
			r.look(30)
		}, 30, true},
		{"a look has shown it before it was told, and another was there since, for who did not know", func(r rule) {
			r.look(30, at("ada", 15))
			r.own(about("ada"))
			r.clock.advance(tick)
			r.look(30)
		}, 14, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRule()
			r.look(10)
			r.clock.advance(tick)
			tt.history(r)
			if got := r.unchanged(tt.since, about("ada")); got != tt.want {
				t.Errorf("Unchanged(%d) = %t, want %t", tt.since, got, tt.want)
			}
		})
	}
}

func TestWatch_DropsWhatChanges(t *testing.T) {
	t.Parallel()
	var dropped []string
	clock := &handClock{}
	w := rowcache.NewWatch(clock.Elapsed, func(subject postgres.Subject, key string) { dropped = append(dropped, string(subject)+" "+key) })
	w.Asking()
	w.Seen([]postgres.Change{at("ada", 12), {Subject: postgres.SubjectUser, Key: "bob", At: 11}}, 10)
	w.Own(postgres.Change{Subject: postgres.SubjectSlug, Key: "acme"})
	if want := []string{"member ada", "user bob", "slug acme"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %q, want %q", dropped, want)
	}
}

// A change is forgotten only when no value from before it can be there any
// more, and then such a value is one of which nothing is known.
func TestWatch_Forgets(t *testing.T) {
	t.Parallel()
	if rowcache.Retention <= rowcache.SharedTTL+rowcache.MaxStale {
		t.Fatalf("changes are remembered for %v, and values kept for %v", rowcache.Retention, rowcache.SharedTTL)
	}
	clock := &handClock{}
	w := rowcache.NewWatch(clock.Elapsed, nil)
	look := func(to postgres.Position, changes ...postgres.Change) {
		w.Asking()
		w.Seen(changes, to)
	}
	look(10)
	look(20, at("ada", 12), at("bob", 15))
	w.Own(about("carol"))
	clock.advance(time.Second)
	look(30, at("ada", 22))
	if n := w.Remembered(); n != 3 {
		t.Errorf("it remembers %d changes, want 3", n)
	}
	clock.advance(rowcache.Retention - time.Second)
	look(30)
	if w.Unchanged(12, about("ada")) || w.Unchanged(15, about("bob")) {
		t.Error("it has forgotten a change too soon")
	}
	clock.advance(1)
	look(30)
	for since, want := range map[postgres.Position]bool{15: false, 16: false, 22: false, 23: true} {
		if got := w.Unchanged(since, about("ada")); got != want {
			t.Errorf("Unchanged(%d) = %t with the later change still known, want %t", since, got, want)
		}
		if got := w.Unchanged(since, about("bob")); got != (since > 15) {
			t.Errorf("Unchanged(%d) = %t for what was forgotten, want %t", since, got, since > 15)
		}
	}
	clock.advance(time.Second)
	look(30)
	if w.Remembered() != 0 || w.Unchanged(22, about("ada")) || !w.Unchanged(23, about("ada")) {
		t.Errorf("it remembers %d changes in the end", w.Remembered())
	}
}
