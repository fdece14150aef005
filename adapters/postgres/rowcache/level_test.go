package rowcache_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/rowcache"
)

// shelf is a level of numbers by their names, with its rule.
type shelf interface {
	Get(key string) (int, bool)
	Mark() rowcache.Mark
	Put(since rowcache.Mark, key string, row int)
	Change(key string, change func(*int))
	Drop(key string)
	Size() int
}

// newShelf returns a level of the size, after a look.
func newShelf(size int) (shelf, rule) {
	clock := &handClock{}
	var drop func(string)
	w := rowcache.NewWatch(clock.Elapsed, func(_ postgres.Subject, key string) { drop(key) })
	l := rowcache.NewLevel[string, int](w, size)
	drop = l.Drop
	r := rule{w, w.Fresh, w.Now, w.Own, w.Unchanged, clock}
	r.look(10)
	return l, r
}

func wantAda(t *testing.T, l shelf, want int) {
	t.Helper()
	if row, ok := l.Get("ada"); !ok || row != want {
		t.Errorf("Get(ada) = %d, %t; want %d", row, ok, want)
	}
}

func wantNone(t *testing.T, l shelf, key string) {
	t.Helper()
	if row, ok := l.Get(key); ok {
		t.Errorf("Get(%s) = %d, want none", key, row)
	}
}

func TestLevel_KeepsRowsWhileTheyAreFresh(t *testing.T) {
	t.Parallel()
	l, r := newShelf(10)
	wantNone(t, l, "ada")
	l.Put(l.Mark(), "ada", 1)
	wantAda(t, l, 1)
	wantNone(t, l, "bob")
	r.clock.advance(rowcache.MaxStale)
	wantNone(t, l, "ada")
	r.look(20)
	wantAda(t, l, 1) // nothing has changed meanwhile
	r.Lost()
	wantNone(t, l, "ada")
	r.look(30)
	wantNone(t, l, "ada")
}

func TestLevel_KeepsNothingWhileNothingIsFresh(t *testing.T) {
	t.Parallel()
	l, r := newShelf(10)
	r.clock.advance(rowcache.MaxStale)
	l.Put(l.Mark(), "ada", 1)
	r.look(20)
	wantNone(t, l, "ada")
}

// A row may have been read just before it changed. Nobody can tell that from
// when it is put, so what counts is what happened since it was asked for.
func TestLevel_DoesNotBringBackWhatHasChanged(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(rule){
		"others change it":                      func(r rule) { r.look(20, at("ada", 15)) },
		"others change another row":             func(r rule) { r.look(20, at("bob", 15)) },
		"this process changes it":               func(r rule) { r.own(about("ada")) },
		"changes are lost, and all begins anew": func(r rule) { r.Lost(); r.look(20) },
		"changes are lost":                      func(r rule) { r.Lost() },
		"the first look after that is on its way": func(r rule) {
			r.Lost()
			r.Asking()
			defer r.Seen(nil, 20)
		},
	} {
		t.Run("between that a row is read and put, "+name, func(t *testing.T) {
			t.Parallel()
			l, r := newShelf(10)
			mark := l.Mark() // then the row is read
			between(r)
			l.Put(mark, "ada", 1)
			r.look(30)
			wantNone(t, l, "ada")
		})
	}
	t.Run("the control: a mark of when it is put keeps it", func(t *testing.T) {
		t.Parallel()
		l, r := newShelf(10)
		r.look(20, at("ada", 15))
		l.Put(l.Mark(), "ada", 1) // read before that
		r.look(30)
		wantAda(t, l, 1)
	})
}

func TestLevel_RowsGetOld(t *testing.T) {
	t.Parallel()
	l, r := newShelf(10)
	l.Put(l.Mark(), "ada", 1)
	for range 10 {
		r.clock.advance(rowcache.MaxAge / 10)
		r.look(20)
		wantAda(t, l, 1)
		l.Change("ada", func(*int) {}) // is not the same as reading it
	}
	r.clock.advance(1)
	wantNone(t, l, "ada")
	l.Put(l.Mark(), "ada", 2)
	wantAda(t, l, 2)
}

func TestLevel_ChangesOnlyWhatIsThere(t *testing.T) {
	t.Parallel()
	l, _ := newShelf(10)
	double := func(row *int) { *row *= 2 }
	l.Change("ada", double)
	wantNone(t, l, "ada")
	l.Put(l.Mark(), "ada", 1)
	l.Change("ada", double)
	wantAda(t, l, 2)
	l.Drop("ada")
	l.Change("ada", double)
	wantNone(t, l, "ada")
	l.Drop("nobody")
}

func TestLevel_IsBounded(t *testing.T) {
	t.Parallel()
	const size = 100
	l, _ := newShelf(size)
	for i := range 20 * size {
		l.Put(l.Mark(), string(rune('a'+i)), i)
	}
	if n := l.Size(); n > size || n == 0 {
		t.Errorf("of %d rows, it keeps %d; want at most %d", 20*size, n, size)
	}
}

// A row is a number that only goes up. Whoever asks for it after it has changed,
// and been dropped, never gets a lower one again.
func TestLevel_NothingOldComesBackInACrowd(t *testing.T) {
	t.Parallel()
	const changes = 20_000
	l, r := newShelf(10)
	var row, dropped atomic.Int64 // row is what is stored; everybody was told of dropped
	read := func() {
		least := int(dropped.Load())
		if got, ok := l.Get("ada"); ok && got < least {
			t.Errorf("Get = %d after %d was dropped", got, least)
		}
		mark := l.Mark()
		l.Put(mark, "ada", int(row.Load()))
		l.Change("ada", func(got *int) {
			if *got < least {
				t.Errorf("Change of %d after %d was dropped", *got, least)
			}
		})
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					read()
				}
			}
		})
	}
	for i := range changes {
		row.Add(1)
		if i%2 == 0 {
			r.own(about("ada"))
		} else {
			r.look(20, at("ada", postgres.Position(i)))
		}
		dropped.Store(row.Load())
		if i%500 == 0 {
			r.Lost()
			r.look(20)
		}
	}
	close(done)
	wg.Wait()
	if _, ok := l.Get("ada"); !ok {
		l.Put(l.Mark(), "ada", changes)
		wantAda(t, l, changes)
	}
}
